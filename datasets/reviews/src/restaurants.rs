//! Restaurant reviews, which stand in for the paper's OpenTable reviews.

use rectifier_data::{DataError, DataInfo, Locator, Progress, Remote, Sizes};

use crate::{Classes, Encoding, ReviewFile, Reviews};

/// The name of the set, and of its folder.
pub const RESTAURANTS: &str = "restaurants";

/// What must be said wherever a number made from this set is shown.
pub const STANDS_IN: &str =
    "these restaurant reviews stand in for those of OpenTable, which are not public any more";

const FILE: Remote<'static> = Remote {
    file: "reviews.csv",
    sha256: "23e45cff2a9db41a8666f62dd2444177d7f1b119062e720dee731538bb62c3d4",
    bytes: 2_836_740,
    mirrors: &[],
};

/// Where the set is on this machine, without reading it.
///
/// # Errors
/// As [`Locator::find`].
pub fn find_restaurants(locator: &Locator) -> Result<Option<std::path::PathBuf>, DataError> {
    Ok(locator
        .find(RESTAURANTS, &[FILE.file])?
        .map(|(path, _)| path))
}

impl Reviews {
    /// The 9,954 restaurant reviews, found as [`Locator`] says.
    ///
    /// # Errors
    /// As [`Locator::locate`] and [`ReviewFile::read`].
    pub fn restaurants(locator: &Locator, progress: &mut Progress<'_>) -> Result<Self, DataError> {
        let found = locator.locate(RESTAURANTS, &FILE, progress)?;
        let file = ReviewFile {
            path: found.path,
            text: "review".into(),
            stars: "rating".into(),
            encoding: Encoding::Utf8,
        };
        Ok(file
            .read_as_it_is()?
            .with_warnings(found.warning.into_iter().collect()))
    }
}

/// The set in a listing, as the first of ten folds.
pub fn restaurants_info() -> DataInfo {
    DataInfo {
        name: RESTAURANTS.into(),
        title: "restaurant reviews with one to five stars, in place of OpenTable's, which are not public any more"
            .into(),
        classes: Classes::Stars.count(),
        class_names: Classes::Stars.names(),
        shape: vec![crate::WORDS],
        sizes: Sizes {
            train: 7962,
            valid: 996,
            test: 996,
        },
        licence: "none stated: public research data whose owner gave no licence".into(),
        citation: "none known; the paper's own reviews: X. Glorot, A. Bordes, Y. Bengio: Deep Sparse Rectifier Neural \
                   Networks. AISTATS 2011"
            .into(),
        source: format!(
            "put {} (columns review and rating) into the folder {RESTAURANTS} of the data folder",
            FILE.file
        ),
    }
}
