//! Solids, and where a ray enters them.

use crate::dice::Dice;
use crate::vector::Vector;

/// A solid about the origin; its upright axis is y, with the top at -y.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Solid {
    /// An ellipsoid with these half axes.
    Ball(Vector),
    /// A box with these half sides.
    Block(Vector),
    /// Of this radius and half height.
    Cylinder(f32, f32),
    /// Of this radius at its foot and half height.
    Cone(f32, f32),
    /// An upright bar and a bar along x, of this half length and half thickness.
    Cross(f32, f32),
}

/// Where a ray enters a solid: how far along, and the outward normal there (not of length 1).
pub(crate) type Hit = (f32, Vector);

/// A part of a ray inside something, with the normals where it enters; empty where `start > end`.
#[derive(Clone, Copy)]
struct Span {
    start: f32,
    end: f32,
    normal: Vector,
}

impl Span {
    const ALL: Self = Self {
        start: f32::NEG_INFINITY,
        end: f32::INFINITY,
        normal: [0.0; 3],
    };

    fn and(self, other: Self) -> Self {
        let later = if other.start > self.start {
            other
        } else {
            self
        };
        Self {
            end: self.end.min(other.end),
            ..later
        }
    }

    fn hit(self) -> Option<Hit> {
        (self.start <= self.end && self.start.is_finite()).then_some((self.start, self.normal))
    }

    /// Between two planes across `axis`, `half` away from the origin.
    fn slab(origin: Vector, along: Vector, axis: usize, half: f32) -> Self {
        let (o, d) = (origin[axis], along[axis]);
        if d == 0.0 {
            let inside = o.abs() <= half;
            return if inside { Self::ALL } else { Self::NONE };
        }
        let side = if d > 0.0 { 1.0 } else { -1.0 };
        let mut normal = [0.0; 3];
        normal[axis] = -side;
        Self {
            start: (-side * half - o) / d,
            end: (side * half - o) / d,
            normal,
        }
    }

    const NONE: Self = Self {
        start: f32::INFINITY,
        end: f32::NEG_INFINITY,
        normal: [0.0; 3],
    };
}

/// The places where `a t^2 + 2 b t + c = 0`, the smaller first.
fn roots(a: f32, b: f32, c: f32) -> Option<[f32; 2]> {
    let square = b * b - a * c;
    if square < 0.0 || a == 0.0 {
        return None;
    }
    let root = square.sqrt();
    let (one, other) = ((-b - root) / a, (-b + root) / a);
    Some(if one <= other {
        [one, other]
    } else {
        [other, one]
    })
}

impl Solid {
    /// A solid of a class in random proportions; `None` for a class that has none.
    pub fn of_class(class: usize, dice: &mut Dice) -> Option<Self> {
        let mut sides = |low, high| [0; 3].map(|_| dice.between(low, high));
        Some(match class {
            0 => Self::Ball(sides(0.75, 1.05)),
            1 => Self::Block(sides(0.45, 0.8)),
            2 => Self::Cylinder(dice.between(0.5, 0.7), dice.between(0.55, 0.9)),
            3 => Self::Cone(dice.between(0.65, 0.85), dice.between(0.7, 1.0)),
            4 => Self::Cross(dice.between(0.8, 1.05), dice.between(0.2, 0.3)),
            _ => return None,
        })
    }

    /// The radius of a ball about the origin that holds the solid.
    pub fn reach(&self) -> f32 {
        let corner = |parts: Vector| crate::vector::dot(parts, parts).sqrt();
        match *self {
            Self::Ball([x, y, z]) => x.max(y).max(z),
            Self::Block(halves) => corner(halves),
            Self::Cylinder(radius, half) | Self::Cone(radius, half) => corner([radius, half, 0.0]),
            Self::Cross(half, thick) => corner([half, thick, thick]),
        }
    }

    /// Where the ray from `origin` along `along` enters the solid.
    pub fn hit(&self, origin: Vector, along: Vector) -> Option<Hit> {
        let [ox, oy, oz] = origin;
        let [dx, dy, dz] = along;
        let slab = |axis, half| Span::slab(origin, along, axis, half);
        let block = |[x, y, z]: Vector| slab(0, x).and(slab(1, y)).and(slab(2, z)).hit();
        match *self {
            Self::Ball([x, y, z]) => {
                let (o, d) = ([ox / x, oy / y, oz / z], [dx / x, dy / y, dz / z]);
                let dot = crate::vector::dot;
                let [start, _] = roots(dot(d, d), dot(o, d), dot(o, o) - 1.0)?;
                let at = [0, 1, 2].map(|axis| o[axis] + start * d[axis]);
                Some((start, [at[0] / x, at[1] / y, at[2] / z]))
            }
            Self::Block(halves) => block(halves),
            Self::Cylinder(radius, half) => {
                let c = ox * ox + oz * oz - radius * radius;
                let side = match roots(dx * dx + dz * dz, ox * dx + oz * dz, c) {
                    Some([start, end]) => Span {
                        start,
                        end,
                        normal: [ox + start * dx, 0.0, oz + start * dz],
                    },
                    // Along the axis: inside all the way or nowhere.
                    None if c < 0.0 && dx == 0.0 && dz == 0.0 => Span::ALL,
                    None => return None,
                };
                side.and(slab(1, half)).hit()
            }
            Self::Cone(radius, half) => {
                // Inside where x^2 + z^2 <= (k (y + half))^2, of which the slab leaves the half below the tip.
                let k = radius / (2.0 * half);
                let tip = oy + half;
                let a = dx * dx + dz * dz - k * k * dy * dy;
                let b = ox * dx + oz * dz - k * k * tip * dy;
                let c = ox * ox + oz * oz - k * k * tip * tip;
                let [near, far] = roots(a, b, c)?;
                let normal = |t: f32| {
                    let y = tip + t * dy;
                    [ox + t * dx, -k * k * y, oz + t * dz]
                };
                let inside = slab(1, half);
                if a > 0.0 {
                    let side = Span {
                        start: near,
                        end: far,
                        normal: normal(near),
                    };
                    return side.and(inside).hit();
                }
                // A steep ray is inside before it leaves the one half and after it enters the other.
                let before = Span {
                    end: near,
                    ..Span::ALL
                };
                let after = Span {
                    start: far,
                    normal: normal(far),
                    ..Span::ALL
                };
                before.and(inside).hit().or(after.and(inside).hit())
            }
            Self::Cross(half, thick) => {
                let upright = block([thick, half, thick]);
                let across = block([half, thick, thick]);
                match (upright, across) {
                    (Some(one), Some(other)) => Some(if one.0 <= other.0 { one } else { other }),
                    (one, other) => one.or(other),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Whether a point is inside, by the definition of each solid.
    fn inside(solid: &Solid, [x, y, z]: Vector) -> bool {
        match *solid {
            Solid::Ball([a, b, c]) => (x / a).powi(2) + (y / b).powi(2) + (z / c).powi(2) <= 1.0,
            Solid::Block([a, b, c]) => x.abs() <= a && y.abs() <= b && z.abs() <= c,
            Solid::Cylinder(r, h) => x * x + z * z <= r * r && y.abs() <= h,
            Solid::Cone(r, h) => {
                let k = r / (2.0 * h) * (y + h);
                y.abs() <= h && x * x + z * z <= k * k
            }
            Solid::Cross(h, t) => {
                z.abs() <= t && (x.abs() <= t && y.abs() <= h || x.abs() <= h && y.abs() <= t)
            }
        }
    }

    #[test]
    fn rays_along_the_axes_enter_where_they_must() {
        let along = [0.0, 0.0, 1.0];
        let (at, normal) = Solid::Ball([1.0, 2.0, 0.5])
            .hit([0.0, 0.0, -9.0], along)
            .unwrap();
        assert_eq!((at, normal), (8.5, [0.0, 0.0, -2.0]));
        let (at, normal) = Solid::Block([1.0, 1.0, 0.5])
            .hit([0.9, 0.0, -9.0], along)
            .unwrap();
        assert_eq!((at, normal), (8.5, [0.0, 0.0, -1.0]));
        let down = [0.0, 1.0, 0.0];
        let (at, normal) = Solid::Cylinder(0.5, 0.75)
            .hit([0.4, -9.0, 0.0], down)
            .unwrap();
        assert_eq!((at, normal), (8.25, [0.0, -1.0, 0.0]));
        assert!(
            Solid::Cylinder(0.5, 0.75)
                .hit([0.6, -9.0, 0.0], down)
                .is_none()
        );
        // Half way down the cone it is half as wide as at its foot.
        let (at, _) = Solid::Cone(0.8, 1.0).hit([0.0, 0.0, -9.0], along).unwrap();
        assert!((at - 8.6).abs() < 1e-5);
        assert!(
            Solid::Cross(1.0, 0.2)
                .hit([0.5, 0.5, -9.0], along)
                .is_none()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_ray_enters_where_points_on_it_become_inside(
            class in 0usize..5,
            seed in any::<u64>(),
            (u, v) in (-1.2f32..1.2, -1.2f32..1.2),
            (x, y) in (-0.9f32..0.9, -0.9f32..0.9),
        ) {
            let solid = Solid::of_class(class, &mut Dice::new(seed, 0)).unwrap();
            let along = [x, y, 1.0];
            let origin = [u - 4.0 * x, v - 4.0 * y, -4.0];
            let at = |t: f32| [0, 1, 2].map(|axis| origin[axis] + t * along[axis]);
            let step = 0.005;
            let first = (0..1600).map(|n| n as f32 * step).find(|&t| inside(&solid, at(t)));
            match (solid.hit(origin, along), first) {
                (Some((t, normal)), Some(first)) => {
                    let deep = at(first);
                    prop_assert!(crate::vector::dot(deep, deep).sqrt() <= solid.reach() + 1e-4);
                    prop_assert!(t <= first + 1e-3 && t >= first - step - 1e-3, "{t} {first}");
                    prop_assert!(crate::vector::dot(normal, along) <= 1e-3, "{normal:?}");
                }
                // A ray may graze the solid between two of the points.
                (Some((t, _)), None) => {
                    let deep = (1..20).all(|n| inside(&solid, at(t + n as f32 * 5e-4)));
                    prop_assert!(!deep);
                }
                (None, Some(first)) => {
                    let deep = (0..20).all(|n| inside(&solid, at(first + n as f32 * 5e-4)));
                    prop_assert!(!deep, "missed at {first}");
                }
                (None, None) => {}
            }
        }
    }
}
