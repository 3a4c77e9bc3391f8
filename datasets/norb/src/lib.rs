//! NORB: stereo pairs of toys under changing light and view, from the official `.mat` files (packed as `.mat.gz` or not),
//! made small as in the paper: 2x32x32 numbers from -1 (black) to 1 (white).
//!
//! | [`Variant`] | pairs | size | classes | train / valid / test |
//! |---|---|---|---|---|
//! | [`JitteredCluttered`](Variant::JitteredCluttered) | 349,920 | 2x108x108 | 6 | 233,172 / 58,428 / 58,320 |
//! | [`Small`](Variant::Small) | 48,600 | 2x96x96 | 5 | 19,440 / 4,860 / 24,300 |
//!
//! The sizes of the jittered-cluttered parts are the paper's; which training pairs validate it does not say: here the
//! last ones do. That set, 8.2 GB of pixels in 6.2 GB of packed files, is never in memory as a whole: each pair is shrunk
//! as it is unpacked (each new pixel is the mean of the area it covers, rounded to a byte), the files side by side on all
//! cores, and 717 MB of bytes stay. They are unpacked anew by every run, because a run takes hours and a second copy on
//! the disk would have to be kept true.
//!
//! **No real NORB was at hand when this was written**: its terms and size forbid a copy. The reader is tested on files
//! written by the tests in the official format, byte for byte. Should it refuse real files, that is a defect.
//!
//! ```no_run
//! use rectifier_data::{Examples, Locator};
//! use rectifier_norb::{Norb, Variant};
//!
//! let norb = Norb::load(Variant::JitteredCluttered, &Locator::default(), &mut |_, _| {})?;
//! assert_eq!(norb.train().shape(), [2, 32, 32]);
//! # Ok::<(), rectifier_data::DataError>(())
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `fetch` (default) | fetching what is not on this machine; brings HTTP and TLS |

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod files;
mod item;
mod mat;
mod norb;
mod pairs;
mod set;
mod shrink;

pub use files::Variant;
pub use item::{NorbItem, NorbPart};
pub use mat::{Kind, MatError, MatProblem, MatReader};
pub use norb::Norb;
pub use pairs::{Pairs, read_categories, read_pairs};
pub use set::{SET, SMALL_SET};

/// The side of an image as it is kept, in pixels.
pub const SIDE: usize = 32;
/// How many numbers a pair has as it is kept: two images.
pub const PIXELS: usize = 2 * SIDE * SIDE;
