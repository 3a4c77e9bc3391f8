//! The distortions: each a pure function of an image and of parameters, and a draw of parameters from a complexity.

pub mod affine;
pub mod blur;
pub mod cover;
pub mod elastic;
pub mod grain;
pub mod pinch;
pub(crate) mod resample;
pub mod slant;
pub mod thickness;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::image::{Image, PIXELS};
use resample::Padded;

/// One of the distortions, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distortion {
    /// Rows shifted more and more.
    Slant,
    /// Thicker or thinner strokes.
    Thickness,
    /// Turned, sheared, stretched, moved.
    Affine,
    /// Pixels moved by a smooth random field.
    Elastic,
    /// The middle pulled in or pushed out.
    Pinch,
    /// Blurred in one direction.
    MotionBlur,
    /// A part of another character laid over it.
    Occlusion,
    /// Pixels exchanged with neighbours.
    Permutation,
    /// Normal noise on every pixel.
    GaussianNoise,
    /// Another picture behind it.
    Background,
    /// Some pixels at random.
    SaltAndPepper,
    /// Smoothed here and there.
    Smoothing,
    /// Lines across it.
    Scratches,
    /// Less contrast, and perhaps ink and paper exchanged.
    Contrast,
}

impl Distortion {
    /// All of them, in order: the first five make NISTP, all of them P07.
    pub const ALL: [Self; 14] = [
        Self::Slant,
        Self::Thickness,
        Self::Affine,
        Self::Elastic,
        Self::Pinch,
        Self::MotionBlur,
        Self::Occlusion,
        Self::Permutation,
        Self::GaussianNoise,
        Self::Background,
        Self::SaltAndPepper,
        Self::Smoothing,
        Self::Scratches,
        Self::Contrast,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slant => "slant",
            Self::Thickness => "thickness",
            Self::Affine => "affine",
            Self::Elastic => "local elastic",
            Self::Pinch => "pinch",
            Self::MotionBlur => "motion blur",
            Self::Occlusion => "occlusion",
            Self::Permutation => "pixel permutation",
            Self::GaussianNoise => "gaussian noise",
            Self::Background => "background",
            Self::SaltAndPepper => "salt and pepper",
            Self::Smoothing => "gaussian smoothing",
            Self::Scratches => "scratches",
            Self::Contrast => "contrast",
        }
    }
}

/// Where occlusions and scratches take other characters from.
pub(crate) trait Others {
    /// Any character.
    fn any(&self, dice: &mut Dice, out: &mut Image);
    /// A figure 1.
    fn one(&self, dice: &mut Dice, out: &mut Image);
}

/// The memory that distorting takes, used again for every image.
pub(crate) struct Workspace {
    /// The image as it stands.
    pub image: Image,
    next: Image,
    noise: [Image; 2],
    fields: [Image; 2],
    pub padded: Padded,
}

impl Workspace {
    pub fn new() -> Box<Self> {
        Box::new(Self {
            image: [0.0; PIXELS],
            next: [0.0; PIXELS],
            noise: [[0.0; PIXELS]; 2],
            fields: [[0.0; PIXELS]; 2],
            padded: Padded::new(),
        })
    }

    /// Distorts the image; says whether anything was done, which chance may decide against.
    #[inline(always)]
    pub fn apply(
        &mut self,
        distortion: Distortion,
        complexity: f32,
        dice: &mut Dice,
        others: &impl Others,
    ) -> bool {
        let Self {
            image,
            next,
            noise,
            fields,
            padded,
        } = self;
        match distortion {
            Distortion::Slant => slant::slant(image, slant::draw(complexity, dice), next),
            Distortion::Thickness => match thickness::draw(complexity, dice) {
                Some(change) => thickness::thicken(image, change, next),
                None => return false,
            },
            Distortion::Affine => {
                affine::affine_with(image, affine::draw(complexity, dice), padded, next);
            }
            Distortion::Elastic => {
                elastic::draw(dice, noise);
                let how = elastic::Elastic::of(complexity);
                elastic::elastic_with(image, noise, how, fields, padded, next);
            }
            Distortion::Pinch => {
                pinch::pinch_with(image, pinch::draw(complexity, dice), padded, next);
            }
            _ => return self.harder(distortion, complexity, dice, others),
        }
        *image = *next;
        true
    }

    /// What P07 adds.
    #[inline(never)]
    fn harder(
        &mut self,
        distortion: Distortion,
        complexity: f32,
        dice: &mut Dice,
        others: &impl Others,
    ) -> bool {
        let Self { image, next, .. } = self;
        let mut other = [0.0; PIXELS];
        match distortion {
            Distortion::MotionBlur => match blur::draw_motion(complexity, dice) {
                Some(motion) => blur::motion_blur(image, motion, next),
                None => return false,
            },
            Distortion::Occlusion => match cover::draw_occlusion(complexity, dice) {
                Some(how) => {
                    others.any(dice, &mut other);
                    cover::occlude(image, &other, how, next);
                }
                None => return false,
            },
            Distortion::Permutation => {
                let swaps = grain::draw_swaps(complexity, dice);
                if swaps.is_empty() {
                    return false;
                }
                grain::permute(image, &swaps, next);
            }
            Distortion::GaussianNoise => match grain::draw_noise(complexity, dice) {
                Some((deviation, noise)) => grain::add_noise(image, deviation, &noise, next),
                None => return false,
            },
            Distortion::Background => {
                let strength = cover::draw_strength(complexity, dice);
                cover::background(image, &cover::texture(dice), strength, next);
            }
            Distortion::SaltAndPepper => {
                let grains = grain::draw_salt(complexity, dice);
                if grains.is_empty() {
                    return false;
                }
                grain::salt(image, &grains, next);
            }
            Distortion::Smoothing => match blur::draw_spots(complexity, dice) {
                Some(spots) => blur::smooth_spots(image, &spots, next),
                None => return false,
            },
            Distortion::Scratches => {
                let scratches = cover::draw_scratches(complexity, dice);
                for &how in &scratches {
                    others.one(dice, &mut other);
                    cover::scratch(image, &other, how, next);
                    *image = *next;
                }
                return !scratches.is_empty();
            }
            Distortion::Contrast => {
                grain::contrast(image, grain::draw_contrast(complexity, dice), next);
            }
            // The five of NISTP are done above.
            _ => return false,
        }
        *image = *next;
        true
    }
}
