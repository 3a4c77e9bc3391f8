//! The experiments of the paper, and those that go beyond it.

mod amazon;
mod beyond;
mod figure3;
mod figure4;
mod images;
mod nistp_full;
mod softplus;
mod table1;
mod table2;
mod zoo;

pub use amazon::{AMAZON, Amazon};
pub use beyond::{BEYOND, Beyond};
pub use figure3::{FIGURE3, Figure3};
pub use figure4::{FIGURE4, Figure4};
pub use nistp_full::{NISTP_FULL, NistpFull};
pub use softplus::{SOFTPLUS, Softplus};
pub use table1::{TABLE1, Table1};
pub use table2::{TABLE2, Table2};
pub use zoo::{MODEL, ZOO, Zoo};

use crate::{Cell, ExperimentError, Records, Row};

/// The cells of all rows.
pub(crate) fn cells_of(rows: &[Row], records: &Records) -> Result<Vec<Cell>, ExperimentError> {
    let mut cells = Vec::new();
    for row in rows {
        cells.extend(row.cells(records)?);
    }
    Ok(cells)
}
