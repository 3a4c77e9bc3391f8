//! How far a fetch has come.

use crate::output::note;

/// Tells of a fetch every tenth; silent if `quiet`, and for files that are there already.
pub fn bar(quiet: bool) -> impl FnMut(u64, u64) {
    let mut told = 0;
    move |done, total| {
        let tenth = (done * 10).checked_div(total).unwrap_or(0);
        if !quiet && tenth > told {
            told = tenth;
            note(&format!(
                "fetched {} of {} MB",
                done / 1_000_000,
                total.div_ceil(1_000_000)
            ));
        }
    }
}
