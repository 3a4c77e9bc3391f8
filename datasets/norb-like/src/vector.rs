//! Vectors and rotations of three dimensions: x to the right, y down, z away from the viewer.

pub(crate) type Vector = [f32; 3];

pub(crate) fn dot(a: Vector, b: Vector) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn unit(a: Vector) -> Vector {
    let length = dot(a, a).sqrt();
    a.map(|part| part / length)
}

/// A rotation, as the axes of a turned thing in the viewer's space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation(pub [Vector; 3]);

impl Rotation {
    /// Turned about the vertical axis, then tipped toward the viewer, then rolled in the image plane; each as cosine
    /// and sine.
    pub fn new(turn: [f32; 2], tip: [f32; 2], roll: [f32; 2]) -> Self {
        let apply = |[x, y, z]: Vector| {
            let (x, z) = (turn[0] * x - turn[1] * z, turn[1] * x + turn[0] * z);
            let (y, z) = (tip[0] * y - tip[1] * z, tip[1] * y + tip[0] * z);
            [roll[0] * x - roll[1] * y, roll[1] * x + roll[0] * y, z]
        };
        Self([
            apply([1.0, 0.0, 0.0]),
            apply([0.0, 1.0, 0.0]),
            apply([0.0, 0.0, 1.0]),
        ])
    }

    /// A vector of the viewer's space, in the turned thing's own.
    pub fn inward(&self, vector: Vector) -> Vector {
        self.0.map(|axis| dot(axis, vector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_keep_lengths_and_angles() {
        let rotation = Rotation::new([0.6, 0.8], [0.8, -0.6], [0.96, 0.28]);
        let (a, b) = ([1.0, 2.0, 3.0], [-2.0, 0.5, 1.0]);
        let (inner_a, inner_b) = (rotation.inward(a), rotation.inward(b));
        assert!((dot(inner_a, inner_b) - dot(a, b)).abs() < 1e-5);
        assert!((dot(inner_a, inner_a) - 14.0).abs() < 1e-4);
        // Seen from straight above, the upper end of the vertical axis (-y) points at the viewer (-z).
        let above = Rotation::new([1.0, 0.0], [0.0, 1.0], [1.0, 0.0]);
        assert_eq!(above.0[1], [0.0, 0.0, 1.0]);
    }
}
