//! What lies behind the solids: smooth ground, and patches at several depths.

use crate::SIDE;
use crate::dice::Dice;
use crate::view::{Eye, Image, within};

/// How many pixels lie between two points of the ground's noise.
const CELL: usize = 8;
const LATTICE: usize = 2 * SIDE / CELL + 2;

/// What lies behind the solids.
pub(crate) struct Clutter {
    /// Brightness at the points of a grid that is wider than the image, because the eyes look past its sides.
    ground: [[f32; LATTICE]; LATTICE],
    depth: f32,
    patches: Vec<Patch>,
}

struct Patch {
    centre: [f32; 2],
    depth: f32,
    half: [f32; 2],
    /// Cosine and sine of its turn in the image plane.
    turn: [f32; 2],
    round: bool,
    shade: f32,
    /// How the brightness changes along its own axes, from the centre to the border.
    slope: [f32; 2],
}

impl Clutter {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        let (middle, spread) = (dice.between(0.25, 0.75), dice.between(0.05, 0.3));
        let ground = std::array::from_fn(|_| {
            std::array::from_fn(|_| middle + spread * dice.between(-1.0, 1.0))
        });
        let depth = dice.between(14.0, 20.0);
        let patch = |dice: &mut Dice| Patch {
            centre: [0, 1].map(|_| dice.between(-2.0, SIDE as f32 + 2.0)),
            depth: dice.between(8.0, 18.0),
            half: [dice.between(1.5, 8.0), dice.between(1.0, 5.0)],
            turn: dice.direction(),
            round: dice.below(2) == 0,
            shade: dice.between(0.05, 0.95),
            slope: [0, 1].map(|_| dice.between(-0.15, 0.15)),
        };
        let count = 4 + dice.below(7);
        let mut patches: Vec<Patch> = (0..count).map(|_| patch(&mut dice)).collect();
        patches.sort_by(|one, other| other.depth.total_cmp(&one.depth));
        Self {
            ground,
            depth,
            patches,
        }
    }

    pub fn paint(&self, eye: Eye, image: &mut Image) {
        let border = (SIDE / 2) as f32;
        let left = border - eye.shift(self.depth);
        for (y, row) in image.iter_mut().enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = self.ground_at(left + x as f32, border + y as f32);
            }
        }
        for patch in &self.patches {
            patch.paint(eye, image);
        }
    }

    /// The ground between the points of its grid, bilinear.
    fn ground_at(&self, x: f32, y: f32) -> f32 {
        let place = |at: f32| {
            let cells = at / CELL as f32;
            let cell = (cells as usize).min(LATTICE - 2);
            (cell, cells - cell as f32)
        };
        let ((x, right), (y, down)) = (place(x), place(y));
        let row = |row: &[f32; LATTICE]| row[x] + right * (row[x + 1] - row[x]);
        let (above, below) = (row(&self.ground[y]), row(&self.ground[y + 1]));
        above + down * (below - above)
    }
}

impl Patch {
    fn paint(&self, eye: Eye, image: &mut Image) {
        let centre = [self.centre[0] + eye.shift(self.depth), self.centre[1]];
        let reach = (self.half[0] * self.half[0] + self.half[1] * self.half[1]).sqrt() + 1.0;
        let [columns, rows] = centre.map(|at| within(at - reach, at + reach));
        for y in rows {
            for x in columns.clone() {
                let (dx, dy) = (x as f32 + 0.5 - centre[0], y as f32 + 0.5 - centre[1]);
                let [cos, sin] = self.turn;
                let along = [cos * dx + sin * dy, cos * dy - sin * dx];
                let share = [along[0] / self.half[0], along[1] / self.half[1]];
                // How far inside the border, in pixels, more or less: what a soft edge needs.
                let depth = match self.round {
                    true => {
                        let distance = (share[0] * share[0] + share[1] * share[1]).sqrt();
                        (1.0 - distance) * self.half[0].min(self.half[1])
                    }
                    false => (self.half[0] - along[0].abs()).min(self.half[1] - along[1].abs()),
                };
                let covered = (depth + 0.5).clamp(0.0, 1.0);
                let shade = self.shade + self.slope[0] * share[0] + self.slope[1] * share[1];
                let pixel = &mut image[y][x];
                *pixel += covered * (shade - *pixel);
            }
        }
    }
}
