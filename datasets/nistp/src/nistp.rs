//! The set: labelled images by index, made when asked for.

use std::sync::Arc;

use burn_dataset::{Dataset, DatasetError};
use rayon::prelude::*;
use rectifier_data::random::{Permutation, subseed};
use rectifier_data::{Batch, DataError, DataInfo, Examples, Locator, Sizes, Split};
use rectifier_glyphs::{CLASS_NAMES, Part};

use crate::dice::Dice;
use crate::distort::{Distortion, Workspace};
use crate::image::{Image, PIXELS, SIDE, nearest, within};
use crate::settings::Settings;
use crate::source::{Shelf, Sources};
use crate::{CLASSES, NAME};

/// How many examples each part has, as in the paper.
pub const SIZES: Sizes = Sizes {
    train: 81_920_000,
    valid: 80_000,
    test: 20_000,
};

/// NISTP: three parts of distorted characters.
///
/// ```
/// use rectifier_data::{Batch, Examples};
/// use rectifier_nistp::{Nistp, Settings, Sources};
///
/// let nistp = Nistp::new(&Sources::glyphs_only()?, Settings::default())?;
/// assert_eq!(Examples::len(nistp.train()), 81_920_000);
/// let mut batch = Batch::default();
/// nistp.train().gather(&[0, 81_919_999], &mut batch)?;
/// assert_eq!(batch.inputs.len(), 2 * 32 * 32);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Nistp {
    train: NistpPart,
    valid: NistpPart,
    test: NistpPart,
}

impl Nistp {
    /// The set made of some sources.
    ///
    /// # Errors
    /// As [`Settings::validate`].
    pub fn new(sources: &Sources, settings: Settings) -> Result<Self, DataError> {
        settings.validate()?;
        let part = |part, len| NistpPart {
            shelf: Arc::new(sources.shelf(part, &settings.weights)),
            settings,
            part,
            len,
            stream: None,
        };
        Ok(Self {
            train: part(Part::Train, SIZES.train),
            valid: part(Part::Valid, SIZES.valid),
            test: part(Part::Test, SIZES.test),
        })
    }

    /// The set made of those of its sources that are on this machine, and what to tell the user of them.
    ///
    /// # Errors
    /// As [`Sources::find`] and [`new`](Self::new).
    pub fn load(locator: &Locator, settings: Settings) -> Result<(Self, Vec<String>), DataError> {
        settings.validate()?;
        let sources = Sources::find(locator, settings.files)?;
        Ok((Self::new(&sources, settings)?, sources.warnings().to_vec()))
    }

    /// 81,920,000 examples to learn from.
    pub fn train(&self) -> &NistpPart {
        &self.train
    }

    /// 80,000 examples to choose by.
    pub fn valid(&self) -> &NistpPart {
        &self.valid
    }

    /// 20,000 examples to report on.
    pub fn test(&self) -> &NistpPart {
        &self.test
    }

    /// The parts to train, choose and report by, at other sizes; of the part to train by, each epoch sees
    /// `sizes.train` fresh examples.
    pub fn split(&self, sizes: Sizes) -> Split {
        Split {
            train: Arc::new(self.train.clone().fresh(sizes.train)),
            valid: Arc::new(self.valid.clone().with_len(sizes.valid)),
            test: Arc::new(self.test.clone().with_len(sizes.test)),
            unlabelled: None,
        }
    }
}

/// NISTP in a listing.
pub fn info() -> DataInfo {
    DataInfo {
        name: NAME.into(),
        title: "NISTP: distorted characters of several sources, generated without end".into(),
        classes: CLASSES,
        class_names: CLASS_NAMES.iter().map(char::to_string).collect(),
        shape: vec![SIDE, SIDE],
        sizes: SIZES,
        licence: "that of the sources: EMNIST is in the public domain (U.S. government work), fonts have their own \
                  licences, the generator and its characters are MIT or Apache-2.0"
            .into(),
        citation: "Y. Bengio et al.: Deep Learners Benefit More from Out-of-Distribution Examples. AISTATS 2011 \
                   (the generator); G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST, an extension of MNIST to \
                   handwritten letters. IJCNN 2017"
            .into(),
        source: "generated, 81,920,000 in all; of NIST handwriting (EMNIST byclass, test part) and the fonts of DejaVu where they are on \
                 this machine"
            .into(),
    }
}

/// A distorted character, for Burn's data loaders.
#[derive(Clone, Debug, PartialEq)]
pub struct NistpItem {
    /// 1024 numbers from 0 (paper) to 1 (ink), row by row from the top; each a multiple of 1/255.
    pub pixels: Vec<f32>,
    /// The class, below 62: 0-9, A-Z, a-z.
    pub label: u32,
}

/// One part of NISTP. It holds source characters and no examples: those are made each time they are asked for.
///
/// Example `i` depends on seed, settings, sources and `i` alone: not on the length, on other examples, or on how many
/// threads there are. Every run of 62 examples that starts at a multiple of 62 holds each class once.
#[derive(Clone, Debug)]
pub struct NistpPart {
    shelf: Arc<Shelf>,
    settings: Settings,
    part: Part,
    len: usize,
    /// In a stream: where it stands, and how many examples there are before it begins again.
    stream: Option<(usize, usize)>,
}

const LABELS: u64 = 0;
const IMAGES: u64 = 1;
/// The random numbers of the source come from a place that no distortion has.
const SOURCE: u64 = 1 << 16;

impl NistpPart {
    /// The same examples, more or fewer.
    pub fn with_len(mut self, len: usize) -> Self {
        self.len = len;
        self
    }

    /// This part as a stream: `len` examples, and [`renewed`](Examples::renewed) for each epoch, until every example of
    /// the part was seen and it begins again.
    pub fn fresh(mut self, len: usize) -> Self {
        self.stream = Some((0, self.len.max(1)));
        self.len = len;
        self
    }

    /// What its examples are made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The class of an example; `None` past the end. Nothing is drawn.
    pub fn label(&self, index: usize) -> Option<u32> {
        (index < self.len).then(|| self.class(self.place(index)))
    }

    fn place(&self, index: usize) -> usize {
        match self.stream {
            // Both are below the number of examples, or nearly: the sum cannot overflow but by intent.
            Some((start, of)) => start.wrapping_add(index) % of,
            None => index,
        }
    }

    fn class(&self, place: usize) -> u32 {
        let block = (place / CLASSES) as u64;
        let seed = subseed(self.settings.seed, &[self.part as u64, LABELS, block]);
        let class = Permutation::new(CLASSES, seed).get(place % CLASSES);
        class.map_or(0, |class| class as u32)
    }

    /// Writes an example's pixels; gives its class.
    #[inline(always)]
    fn draw(&self, index: usize, work: &mut Workspace, pixels: &mut Image) -> u32 {
        let place = self.place(index);
        let class = self.class(place);
        let seed = self.seed(place);
        work.character(&self.shelf, class, seed);
        for &distortion in self.settings.variant.distortions() {
            if distortion == Distortion::Pinch && !self.settings.pinch {
                continue;
            }
            let mut dice = Dice::new(seed, distortion as u64);
            let complexity = self.settings.complexity.draw(&mut dice);
            work.apply(distortion, complexity, &mut dice, &*self.shelf);
        }
        for (pixel, &ink) in pixels.iter_mut().zip(&work.image) {
            *pixel = quantized(ink);
        }
        class
    }

    fn seed(&self, place: usize) -> u64 {
        subseed(
            self.settings.seed,
            &[self.part as u64, IMAGES, place as u64],
        )
    }

    /// As [`draw`](Self::draw), for a run of examples: several in one call, so that choosing the machine's instructions
    /// costs nothing.
    fn draw_run(&self, indices: &[usize], pixels: &mut [Image], labels: &mut [u32]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: this machine has the instructions that the function is compiled for.
            return unsafe { self.draw_run_avx2(indices, pixels, labels) };
        }
        self.draw_run_with(indices, pixels, labels);
    }

    /// Vectors of eight numbers instead of four. Without fused operations results are the same to the last bit.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn draw_run_avx2(&self, indices: &[usize], pixels: &mut [Image], labels: &mut [u32]) {
        self.draw_run_with(indices, pixels, labels);
    }

    #[inline(always)]
    fn draw_run_with(&self, indices: &[usize], pixels: &mut [Image], labels: &mut [u32]) {
        let mut work = Workspace::new();
        for ((&index, pixels), label) in indices.iter().zip(pixels).zip(labels) {
            *label = self.draw(index, &mut work, pixels);
        }
    }

    /// The source character of an example, and what one distortion alone makes of it at a complexity.
    ///
    /// Where chance may leave an image as it is, further draws are tried until one changes it; a distortion that never does
    /// (at complexity 0) gives the character itself. `None` past the end.
    pub fn distorted(
        &self,
        index: usize,
        distortion: Distortion,
        complexity: f32,
    ) -> Option<[Image; 2]> {
        let class = self.label(index)?;
        let seed = self.seed(self.place(index));
        let mut work = Workspace::new();
        work.character(&self.shelf, class, seed);
        let plain = work.image;
        for attempt in 0..200 {
            let mut dice = Dice::new(subseed(seed, &[attempt]), distortion as u64);
            if work.apply(distortion, complexity, &mut dice, &*self.shelf) {
                break;
            }
        }
        Some([plain, work.image])
    }

    fn check(&self, indices: &[usize]) -> Result<(), DataError> {
        let len = self.len;
        match indices.iter().find(|&&index| index >= len) {
            Some(&index) => Err(DataError::Index { index, len }),
            None => Ok(()),
        }
    }
}

impl Workspace {
    /// A source character, as the image to distort.
    #[inline(always)]
    fn character(&mut self, shelf: &Shelf, class: u32, seed: u64) {
        let Self { image, padded, .. } = self;
        shelf.character(class, &mut Dice::new(seed, SOURCE), padded, image);
    }
}

/// The nearest of the 256 numbers that a byte stands for, as the authors stored their images.
#[inline(always)]
fn quantized(ink: f32) -> f32 {
    nearest(within(ink, 0.0, 1.0) * 255.0) / 255.0
}

/// As many examples go to a thread at once, so that handing them out costs little beside making them.
const RUN: usize = 8;

impl Examples for NistpPart {
    fn len(&self) -> usize {
        self.len
    }

    fn shape(&self) -> &[usize] {
        &[SIDE, SIDE]
    }

    fn classes(&self) -> usize {
        CLASSES
    }

    /// Makes the examples, on all threads of rayon's pool where there are enough.
    fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
        self.check(indices)?;
        let (numbers, labels) = (batch.inputs.len(), batch.labels.len());
        batch.inputs.resize(numbers + indices.len() * PIXELS, 0.0);
        batch.labels.resize(labels + indices.len(), 0);
        let (pixels, _) = batch.inputs[numbers..].as_chunks_mut::<PIXELS>();
        let labels = &mut batch.labels[labels..];
        if indices.len() <= RUN {
            self.draw_run(indices, pixels, labels);
        } else {
            pixels
                .par_chunks_mut(RUN)
                .zip(labels.par_chunks_mut(RUN))
                .zip(indices.par_chunks(RUN))
                .for_each(|((pixels, labels), indices)| self.draw_run(indices, pixels, labels));
        }
        Ok(())
    }

    fn labels(&self) -> Result<Vec<u32>, DataError> {
        let class = |index| self.class(self.place(index));
        Ok((0..self.len).into_par_iter().map(class).collect())
    }

    fn renewed(&self, epoch: usize) -> Option<Arc<dyn Examples>> {
        let (_, of) = self.stream?;
        let start = epoch.wrapping_mul(self.len) % of;
        let stream = Some((start, of));
        Some(Arc::new(Self {
            stream,
            ..self.clone()
        }))
    }
}

/// For Burn's own loaders and transforms. An index past the end is an error here, where Burn's own sets panic.
impl Dataset<NistpItem> for NistpPart {
    fn get(&self, index: usize) -> Result<NistpItem, DatasetError> {
        let mut items = self.get_many(vec![index])?;
        items.pop().ok_or_else(|| {
            DatasetError::new(DataError::Index {
                index,
                len: self.len,
            })
        })
    }

    fn get_many(&self, indexes: Vec<usize>) -> Result<Vec<NistpItem>, DatasetError> {
        let mut batch = Batch::default();
        self.gather(&indexes, &mut batch)
            .map_err(DatasetError::new)?;
        let rows = batch.inputs.chunks_exact(PIXELS);
        Ok(rows
            .zip(&batch.labels)
            .map(|(pixels, &label)| NistpItem {
                pixels: pixels.to_vec(),
                label,
            })
            .collect())
    }

    fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests;
