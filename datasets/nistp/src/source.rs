//! Where characters come from, before they are distorted.

mod bank;
mod captcha;
mod dejavu;
mod emnist;
mod fonts;
mod mapping;
mod scan;

use std::sync::Arc;

use rayon::prelude::*;
use rectifier_data::{DataError, Locator};
use rectifier_glyphs::{CLASS_NAMES, Glyphs, Part};
use serde::{Deserialize, Serialize};

use crate::CLASSES;
use crate::dice::Dice;
use crate::distort::Others;
use crate::distort::resample::Padded;
use crate::image::{Image, PIXELS, SIDE};
use crate::settings::Files;
use bank::Bank;

/// How often each source is drawn from, relative to the others.
///
/// A source that is not on this machine counts nothing, and the others as much as before relative to each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Fonts, drawn plainly.
    pub fonts: f32,
    /// Captcha-like characters, made of fonts and of generated characters.
    pub captcha: f32,
    /// Characters as from scanned print, made of fonts and of generated characters.
    pub scan: f32,
    /// NIST handwriting.
    pub handwriting: f32,
    /// The generated characters of `rectifier-glyphs` as they are.
    pub glyphs: f32,
}

impl Weights {
    /// Those of the paper's authors: fonts 10 %, captchas 25 %, OCR 25 %, NIST handwriting 40 %.
    pub const PAPER: Self = Self {
        fonts: 0.1,
        captcha: 0.25,
        scan: 0.25,
        handwriting: 0.4,
        glyphs: 0.0,
    };
}

impl Default for Weights {
    fn default() -> Self {
        Self::PAPER
    }
}

/// The source characters that were found, for every part.
#[derive(Clone, Debug)]
pub struct Sources {
    fonts: Option<[Bank; 3]>,
    glyphs: [Bank; 3],
    handwriting: Option<[Bank; 3]>,
    warnings: Vec<String>,
    found: String,
}

/// How many generated characters a class has, for each part.
const GLYPHS: [(Part, usize); 3] = [(Part::Train, 120), (Part::Valid, 30), (Part::Test, 30)];
/// The seed of the generated characters: they are source characters like any other, so it is always the same.
const GLYPH_SEED: u64 = 0x4E49_5354;

impl Sources {
    /// Looks for EMNIST and for fonts, and draws the generated characters. What is missing is told in
    /// [`warnings`](Self::warnings).
    ///
    /// EMNIST's `byclass` files are looked for as [`Locator`] says, in the folder `emnist`, packed or not: the test part, or
    /// with [`Files::Found`] whichever parts there are. Fonts are those of DejaVu 2.37, in the folder `nistp/fonts` of the
    /// data or among those of the system; or with [`Files::Found`] any in `nistp/fonts`, or else any of the system.
    ///
    /// # Errors
    /// [`DataError`] for files that are there but are not what they should be.
    pub fn find(locator: &Locator, files: Files) -> Result<Self, DataError> {
        let mut found = Vec::new();
        let mut sources = Self::generated()?;
        if let Some(handwriting) = emnist::find(locator, files)? {
            let count: usize = handwriting.banks.iter().map(Bank::len).sum();
            found.push(format!("{count} NIST characters"));
            sources.warnings.extend(handwriting.warnings);
            sources.handwriting = Some(handwriting.banks);
        }
        let fonts = fonts::find(locator, files);
        let too_few = fonts.as_ref().err().copied();
        for lack in lacking(locator, files, sources.handwriting.is_some(), too_few) {
            let told = format!("{lack}; the other sources take its share");
            sources.warnings.push(told);
        }
        if let Ok(fonts) = fonts {
            found.push(format!("{} fonts", fonts.names.len()));
            sources.fonts = Some(fonts.banks);
        }
        found.push(std::mem::take(&mut sources.found));
        sources.found = found.join(", ");
        Ok(sources)
    }

    /// What [`find`](Self::find) would miss, without reading handwriting: nothing, where the set is whole.
    ///
    /// # Errors
    /// As [`Locator::find`].
    pub fn lacking(locator: &Locator, files: Files) -> Result<Vec<String>, DataError> {
        let handwriting = emnist::is_here(locator, files)?;
        let fonts = fonts::find(locator, files).err();
        Ok(lacking(locator, files, handwriting, fonts))
    }

    /// The generated characters alone, which every machine has.
    ///
    /// # Errors
    /// None on a machine with memory for 12 MB.
    pub fn glyphs_only() -> Result<Self, DataError> {
        Self::generated()
    }

    fn generated() -> Result<Self, DataError> {
        let mut banks = Vec::with_capacity(3);
        for (part, a_class) in GLYPHS {
            banks.push(glyph_bank(part, a_class)?);
        }
        let banks = <[Bank; 3]>::try_from(banks);
        let glyphs = banks.map_err(|_| DataError::Shape { shape: Vec::new() })?;
        let count: usize = glyphs.iter().map(Bank::len).sum();
        Ok(Self {
            fonts: None,
            glyphs,
            handwriting: None,
            warnings: Vec::new(),
            found: format!("{count} generated characters"),
        })
    }

    /// What to tell the user: sources that are missing, and how to get them; files of unknown checksum.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What was found, in a few words.
    pub fn found(&self) -> &str {
        &self.found
    }

    pub(crate) fn shelf(&self, part: Part, weights: &Weights) -> Shelf {
        let place = part as usize;
        let of = |banks: &Option<[Bank; 3]>| banks.as_ref().map(|banks| banks[place].clone());
        Shelf::new(
            of(&self.fonts),
            self.glyphs[place].clone(),
            of(&self.handwriting),
            weights,
        )
    }
}

/// What is missing: handwriting that is not `handwriting`, and fonts of which there are too few, `fonts`.
fn lacking(
    locator: &Locator,
    files: Files,
    handwriting: bool,
    fonts: Option<usize>,
) -> Vec<String> {
    let hand = (!handwriting).then(|| format!("no NIST handwriting: {}", emnist::by_hand(locator)));
    let fonts = fonts.map(|count| match files {
        Files::Known => format!(
            "{count} of the {} fonts of DejaVu 2.37: install them (fonts-dejavu-core and fonts-dejavu-extra, or dejavu-fonts), or put \
             them into the folder nistp/fonts of the data; `--files found` takes whatever fonts are here, which makes another set",
            dejavu::FONTS.len()
        ),
        Files::Found => format!(
            "{count} fonts with English letters, and at least {} are needed: install fonts, or put .ttf or .otf files into the \
             folder nistp/fonts of the data",
            fonts::FEWEST
        ),
    });
    hand.into_iter().chain(fonts).collect()
}

fn glyph_bank(part: Part, a_class: usize) -> Result<Bank, DataError> {
    let len = CLASSES * a_class;
    let set = Glyphs::split(GLYPH_SEED, part, len);
    let mut pixels = vec![0; len * PIXELS];
    let mut labels = vec![0; len];
    let whole = pixels
        .par_chunks_exact_mut(PIXELS)
        .zip(&mut labels)
        .enumerate()
        .all(|(index, (pixels, label))| {
            set.image(index).is_some_and(|(image, class)| {
                pixels.copy_from_slice(&image);
                *label = class;
                true
            })
        });
    if !whole {
        return Err(DataError::Index { index: len, len });
    }
    Ok(Bank::new(
        Arc::new(pixels),
        SIDE,
        labels.into_iter().enumerate(),
    ))
}

/// The sources of one part, and how often each is drawn from.
#[derive(Debug)]
pub(crate) struct Shelf {
    fonts: Option<Bank>,
    glyphs: Bank,
    handwriting: Option<Bank>,
    /// The sources in use, each with the sum of its share and of those before it; the last sum is 1.
    shares: Vec<(Source, f32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Fonts,
    Captcha,
    Scan,
    Handwriting,
    Glyphs,
}

impl Shelf {
    fn new(
        fonts: Option<Bank>,
        glyphs: Bank,
        handwriting: Option<Bank>,
        weights: &Weights,
    ) -> Self {
        let here = [
            (Source::Fonts, weights.fonts, fonts.is_some()),
            (Source::Captcha, weights.captcha, true),
            (Source::Scan, weights.scan, true),
            (
                Source::Handwriting,
                weights.handwriting,
                handwriting.is_some(),
            ),
            (Source::Glyphs, weights.glyphs, true),
        ];
        let used = |&(_, weight, here): &(Source, f32, bool)| here && weight > 0.0;
        let total: f32 = here.iter().filter(|s| used(s)).map(|s| s.1).sum();
        let mut sum = 0.0;
        let mut shares: Vec<(Source, f32)> = here
            .iter()
            .filter(|s| used(s))
            .map(|&(source, weight, _)| {
                sum += weight / total;
                (source, sum)
            })
            .collect();
        // Weights that leave no source leave the one that is always there.
        if shares.is_empty() {
            shares.push((Source::Glyphs, 1.0));
        }
        Self {
            fonts,
            glyphs,
            handwriting,
            shares,
        }
    }

    /// A character of a class, as its source has it.
    #[inline(always)]
    pub fn character(&self, class: u32, dice: &mut Dice, padded: &mut Padded, out: &mut Image) {
        let ticket = dice.uniform();
        let last = self.shares.last().map_or(Source::Glyphs, |share| share.0);
        let source = self
            .shares
            .iter()
            .find(|share| ticket < share.1)
            .map_or(last, |share| share.0);
        let found = match source {
            Source::Fonts => pick(&self.fonts, class, dice, out),
            Source::Handwriting => pick(&self.handwriting, class, dice, out),
            Source::Glyphs => false,
            Source::Captcha => {
                let mut stamp = [0.0; PIXELS];
                self.stamp(0.5, class, dice, &mut stamp);
                captcha::captcha(&stamp, dice, padded, out);
                true
            }
            Source::Scan => {
                let mut stamp = [0.0; PIXELS];
                // Scanned texts are printed, most of them.
                self.stamp(0.8, class, dice, &mut stamp);
                scan::scan(&stamp, dice, padded, out);
                true
            }
        };
        // A class of which a source has no character comes from the generated ones.
        if !found {
            self.glyphs.pick(class, dice, out);
        }
    }

    /// A plain character: with that probability of a font, if there are any, else a generated one.
    #[inline(always)]
    fn stamp(&self, printed: f32, class: u32, dice: &mut Dice, out: &mut Image) {
        if !(dice.chance(printed) && pick(&self.fonts, class, dice, out)) {
            self.glyphs.pick(class, dice, out);
        }
    }
}

#[inline(always)]
fn pick(bank: &Option<Bank>, class: u32, dice: &mut Dice, out: &mut Image) -> bool {
    bank.as_ref()
        .is_some_and(|bank| bank.pick(class, dice, out))
}

impl Others for Shelf {
    fn any(&self, dice: &mut Dice, out: &mut Image) {
        let class = dice.below(CLASSES) as u32;
        self.character(class, dice, &mut Padded::new(), out);
    }

    fn one(&self, dice: &mut Dice, out: &mut Image) {
        let class = CLASS_NAMES.iter().position(|&name| name == '1');
        // A written 1 is a line, a printed one has a foot.
        self.glyphs.pick(class.unwrap_or(1) as u32, dice, out);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bank(class: u32) -> Bank {
        Bank::new(Arc::new(vec![255; PIXELS]), SIDE, [(0, class)].into_iter())
    }

    fn shares(shelf: &Shelf) -> Vec<f32> {
        let mut before = 0.0;
        shelf
            .shares
            .iter()
            .map(|&(_, sum)| {
                let share = sum - before;
                before = sum;
                (share * 1000.0).round() / 1000.0
            })
            .collect()
    }

    #[test]
    fn missing_sources_leave_their_share_to_the_others() {
        let whole = Shelf::new(Some(bank(0)), bank(0), Some(bank(0)), &Weights::PAPER);
        assert_eq!(shares(&whole), [0.1, 0.25, 0.25, 0.4]);
        let no_hand = Shelf::new(Some(bank(0)), bank(0), None, &Weights::PAPER);
        assert_eq!(shares(&no_hand), [0.167, 0.417, 0.417]);
        let glyphs = Shelf::new(None, bank(0), None, &Weights::PAPER);
        assert_eq!(shares(&glyphs), [0.5, 0.5]);
        let none = Weights {
            fonts: 1.0,
            captcha: 0.0,
            scan: f32::NAN,
            handwriting: -1.0,
            glyphs: 0.0,
        };
        let nothing = Shelf::new(None, bank(0), Some(bank(0)), &none);
        assert_eq!(nothing.shares, [(Source::Glyphs, 1.0)]);
    }

    #[test]
    fn a_class_that_a_source_lacks_comes_from_the_generated_ones() {
        let weights = Weights {
            handwriting: 1.0,
            fonts: 0.0,
            captcha: 0.0,
            scan: 0.0,
            glyphs: 0.0,
        };
        let shelf = Shelf::new(None, bank(5), Some(bank(3)), &weights);
        let ink = |class| {
            let mut out = [0.0; PIXELS];
            shelf.character(class, &mut Dice::new(0, 0), &mut Padded::new(), &mut out);
            out[0]
        };
        assert_eq!([ink(3), ink(5), ink(4)], [1.0, 1.0, 0.0]);
    }

    #[test]
    fn made_up_sources_look_like_characters() {
        let sources = Sources::glyphs_only().unwrap();
        for (part, _) in GLYPHS {
            let shelf = sources.shelf(part, &Weights::PAPER);
            let mut out = [0.0; PIXELS];
            for round in 0..620u32 {
                let mut dice = Dice::new(u64::from(round), 1);
                shelf.character(round % 62, &mut dice, &mut Padded::new(), &mut out);
                assert!(out.iter().all(|ink| (0.0..=1.0).contains(ink)));
                let ink: f32 = out.iter().sum();
                assert!((10.0..600.0).contains(&ink), "{round}: {ink}");
            }
        }
    }
}
