//! Rows of weights that move with what they carry from step to step.

use crate::buffer::PANEL;
use crate::simd::Vector;

/// How a row of weights `w` and what it carries, `v`, move: `[a, b, c, d]` for `w + a w + b v` and `c w + d v`. The first
/// is what is added, since a product of decays is too near 1 for an f32.
pub type Factors = [f32; 4];

/// Moves the rows of one panel that `rows` names, those of `w` and of `v` alike, `[units, PANEL]`; the factors of the k-th of
/// them lie `k * apart` places behind the first.
#[inline(always)]
pub unsafe fn mix<V: Vector>(
    w: *mut f32,
    v: *mut f32,
    rows: &[u32],
    factors: *const Factors,
    apart: usize,
) {
    // SAFETY: the caller vouches for every row in both panels, and for as many factors.
    unsafe {
        for (at, row) in rows.iter().enumerate() {
            let [a, b, c, d] = *factors.add(at * apart);
            let (a, b, c, d) = (V::splat(a), V::splat(b), V::splat(c), V::splat(d));
            let place = *row as usize * PANEL;
            for lane in (place..place + PANEL).step_by(V::LANES) {
                let (weight, carried) = (V::load(w.add(lane)), V::load(v.add(lane)));
                let moved = weight.add_product(b, carried).add_product(a, weight);
                let next = V::zero().add_product(d, carried).add_product(c, weight);
                moved.store(w.add(lane));
                next.store(v.add(lane));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::kernels::Kernels;
    use crate::simd::Level;
    use alloc::vec::Vec;

    #[test]
    fn named_rows_move_alike_with_every_instruction_set_and_no_other_does() {
        let numbers = |from: usize| -> Vec<f32> {
            (from..from + 5 * PANEL)
                .map(|x| x as f32 * 0.1 - 9.0)
                .collect()
        };
        let factors = [[-0.125, -0.5, 0.25, 0.75], [0.0, -1.5, 0.0, 0.5]];
        let rows = [1u32, 4];
        let mut first: Option<(Vec<f32>, Vec<f32>)> = None;
        for level in Level::available() {
            for apart in [0, 1] {
                let (mut w, mut v) = (numbers(0), numbers(7));
                // SAFETY: the level is there; five rows of each.
                unsafe {
                    let mix = Kernels::of(level).mix;
                    mix(
                        w.as_mut_ptr(),
                        v.as_mut_ptr(),
                        &rows,
                        factors.as_ptr(),
                        apart,
                    );
                }
                for at in 0..5 * PANEL {
                    let (was, carried) = (numbers(0)[at], numbers(7)[at]);
                    let k = rows.iter().position(|row| *row as usize == at / PANEL);
                    let [a, b, c, d] = k.map_or([0.0, 0.0, 0.0, 1.0], |k| factors[k * apart]);
                    let wanted = [was + a * was + b * carried, c * was + d * carried];
                    for (found, wanted) in [w[at], v[at]].iter().zip(wanted) {
                        assert!(
                            (found - wanted).abs() < 1e-4,
                            "{level:?} {at}: {found} {wanted}"
                        );
                    }
                }
                if apart == 1 {
                    assert!(
                        *first.get_or_insert((w.clone(), v.clone())) == (w, v),
                        "{level:?}"
                    );
                }
            }
        }
    }
}
