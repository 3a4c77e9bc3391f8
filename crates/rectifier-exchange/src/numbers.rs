//! Numbers of other widths as single precision.

use half::{bf16, f16};
use rectifier_model::Dtype;

/// Little-endian `bytes` of `dtype` as f32; whatever is no floating-point type is none of a layer.
pub(crate) fn floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let (pairs, quads, eights) = (
        bytes.as_chunks::<2>().0,
        bytes.as_chunks::<4>().0,
        bytes.as_chunks::<8>().0,
    );
    Some(match dtype {
        Dtype::F16 => pairs
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect(),
        Dtype::Bf16 => pairs
            .iter()
            .map(|b| bf16::from_le_bytes(*b).to_f32())
            .collect(),
        Dtype::F32 => quads.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F64 => eights
            .iter()
            .map(|b| f64::from_le_bytes(*b) as f32)
            .collect(),
        Dtype::Bool
        | Dtype::U8
        | Dtype::I8
        | Dtype::U16
        | Dtype::I16
        | Dtype::U32
        | Dtype::I32
        | Dtype::U64
        | Dtype::I64 => return None,
    })
}

/// A constant of a description in single precision, which other programs compute in.
///
/// # Errors
/// What cannot be expressed, in words.
pub(crate) fn single(what: &str, value: f64) -> Result<f32, String> {
    let single = value as f32;
    if single.is_finite() && (single == 0.0) == (value == 0.0) {
        Ok(single)
    } else {
        Err(format!("its {what} of {value} is beyond single precision"))
    }
}

/// The shortest decimal that is `value` in single precision: 0.01 and not 0.009999999776482582.
pub(crate) fn double(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// `[rows, columns]`, row by row, as `[columns, rows]`.
pub(crate) fn transposed([rows, columns]: [usize; 2], numbers: &[f32]) -> Vec<f32> {
    let column = |column: usize| {
        numbers
            .iter()
            .skip(column)
            .step_by(columns.max(1))
            .take(rows)
    };
    (0..columns).flat_map(column).copied().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_width_is_read() {
        // 1.5 and -2 in each width.
        assert_eq!(
            floats(Dtype::F16, &[0, 0x3e, 0, 0xc0]).unwrap(),
            [1.5, -2.0]
        );
        assert_eq!(
            floats(Dtype::Bf16, &[0xc0, 0x3f, 0, 0xc0]).unwrap(),
            [1.5, -2.0]
        );
        let doubles: Vec<u8> = [1.5f64, -2.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert_eq!(floats(Dtype::F64, &doubles).unwrap(), [1.5, -2.0]);
        assert!(floats(Dtype::I64, &[0; 8]).is_none());
    }

    #[test]
    fn constants_keep_their_decimals_and_do_not_overflow() {
        assert_eq!(double(0.01), 0.01);
        assert_eq!(single("slope", 0.01), Ok(0.01));
        assert!(single("slope", 1e300).unwrap_err().contains("slope"));
        assert!(single("slope", 1e-300).is_err());
        assert_eq!(single("slope", 0.0), Ok(0.0));
    }

    proptest! {
        #[test]
        fn turned_twice_it_is_the_same(rows in 0usize..5, columns in 0usize..5) {
            let numbers: Vec<f32> = (0..rows * columns).map(|n| n as f32).collect();
            let turned = transposed([rows, columns], &numbers);
            for row in 0..rows {
                for column in 0..columns {
                    prop_assert_eq!(turned[column * rows + row], numbers[row * columns + column]);
                }
            }
            prop_assert_eq!(transposed([columns, rows], &turned), numbers);
        }
    }
}
