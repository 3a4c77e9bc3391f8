//! The scene: what stands where, in which light, and how two eyes see it.

use crate::clutter::Clutter;
use crate::dice::Dice;
use crate::solid::Solid;
use crate::vector::{Rotation, Vector, dot, unit};
use crate::view::{Eye, Image, LEAN, within};
use crate::{CLASS_NAMES, PIXELS, SIDE};

/// The size of a solid, in pixels for a length of 1, before jitter.
const SIZE: f32 = 8.5;

struct Light {
    /// Toward the lamp, of length 1.
    toward: Vector,
    lamp: f32,
    everywhere: f32,
}

/// A solid in its place.
struct Thing {
    solid: Solid,
    rotation: Rotation,
    centre: Vector,
    size: f32,
    paint: f32,
}

/// Draws the pair of a class below `seed`, as bytes.
pub(crate) fn draw(class: usize, seed: u64) -> [u8; PIXELS] {
    let clutter = Clutter::new(seed);
    let mut dice = Dice::new(seed, 1);
    let light = Light {
        toward: unit([
            dice.between(-1.0, 1.0),
            dice.between(-1.0, 0.1),
            dice.between(-1.0, -0.3),
        ]),
        lamp: dice.between(0.4, 0.75),
        everywhere: dice.between(0.2, 0.4),
    };
    // All stand on one ground, which the cameras see at one angle.
    let sine = dice.between(0.5, 0.94);
    let tip = [(1.0 - sine * sine).sqrt(), sine];
    let mut things = Vec::with_capacity(3);
    for _ in 0..dice.below(3) {
        let other = dice.below(CLASS_NAMES.len() - 1);
        let [x, y] = dice.direction();
        let away = dice.between(14.0, 18.0);
        let place = [x * away, y * away];
        let size = SIZE * dice.between(0.35, 0.6);
        things.extend(Thing::new(other, place, size, tip, &mut dice));
    }
    let mut dice = Dice::new(seed, 2);
    let place = [0, 1].map(|_| dice.between(-3.0, 3.0));
    let size = SIZE * dice.between(0.8, 1.1);
    things.extend(Thing::new(class, place, size, tip, &mut dice));
    let (contrast, brightness) = (dice.between(0.75, 1.1), dice.between(-0.08, 0.08));

    let mut pair = [0; PIXELS];
    for (eye, bytes) in [Eye(-1.0), Eye(1.0)]
        .into_iter()
        .zip(pair.chunks_exact_mut(PIXELS / 2))
    {
        let mut image = [[0.0; SIDE]; SIDE];
        clutter.paint(eye, &mut image);
        for thing in &things {
            thing.paint(eye, &light, &mut image);
        }
        for (byte, value) in bytes.iter_mut().zip(image.as_flattened()) {
            let value = 0.5 + contrast * (value - 0.5) + brightness;
            // `as` takes what is below 0 to 0 and what is above 255 to 255.
            *byte = (255.0 * value).round() as u8;
        }
    }
    pair
}

impl Thing {
    /// A solid of a class at `place` from the middle of the image; `None` for a class that has none.
    fn new(
        class: usize,
        place: [f32; 2],
        size: f32,
        tip: [f32; 2],
        dice: &mut Dice,
    ) -> Option<Self> {
        let solid = Solid::of_class(class, dice)?;
        let turn = dice.direction();
        let roll = dice.between(-0.12, 0.12);
        let square = roll * roll;
        let roll = [(1.0 - square) / (1.0 + square), 2.0 * roll / (1.0 + square)];
        let middle = SIDE as f32 / 2.0;
        Some(Self {
            solid,
            rotation: Rotation::new(turn, tip, roll),
            centre: [
                middle + place[0],
                middle + place[1],
                dice.between(-3.0, 3.0),
            ],
            size,
            paint: dice.between(0.45, 1.0),
        })
    }

    /// Draws over `image` what `eye` sees: four rays a pixel.
    fn paint(&self, eye: Eye, light: &Light, image: &mut Image) {
        let [x, y, z] = self.centre;
        let seen = [x + eye.shift(z), y];
        let reach = (1.0 + LEAN) * self.solid.reach() * self.size;
        let [columns, rows] = seen.map(|at| within(at - reach, at + reach));
        let toward = self.rotation.inward(light.toward);
        let along = self.rotation.inward([-eye.shift(1.0), 0.0, 1.0]);
        // The origins of rays are a linear map of the place on the image.
        let scale = 1.0 / self.size;
        let across = self.rotation.inward([scale, 0.0, 0.0]);
        let down = self.rotation.inward([0.0, scale, 0.0]);
        for row in rows {
            for column in columns.clone() {
                let (u, v) = (column as f32 - seen[0], row as f32 - seen[1]);
                let (mut hits, mut sum) = (0.0, 0.0);
                for (right, below) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    let (u, v) = (u + right, v + below);
                    let origin = [0, 1, 2].map(|axis| u * across[axis] + v * down[axis]);
                    if let Some((_, normal)) = self.solid.hit(origin, along) {
                        let facing = dot(normal, toward).max(0.0) / dot(normal, normal).sqrt();
                        hits += 1.0;
                        sum += light.everywhere + light.lamp * facing;
                    }
                }
                let pixel = &mut image[row][column];
                *pixel = *pixel * (1.0 - 0.25 * hits) + 0.25 * self.paint * sum;
            }
        }
    }
}
