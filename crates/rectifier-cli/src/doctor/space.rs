//! Room on the disks that a run writes to.

use rectifier_data::Locator;
use std::path::{Path, PathBuf};

/// A place that is written to.
pub struct Place {
    /// What for.
    pub purpose: &'static str,
    /// Where.
    pub folder: PathBuf,
    /// Bytes that this user may still write; `None` where the system does not say.
    pub free: Option<u64>,
}

/// Where runs, fetched data and temporary files go.
pub fn places(locator: &Locator) -> Vec<Place> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let folders = [
        ("runs", Some(here)),
        ("fetched data", locator.cache_dir.clone()),
        ("temporary files", Some(std::env::temp_dir())),
    ];
    folders
        .into_iter()
        .filter_map(|(purpose, folder)| {
            let folder = folder?;
            Some(Place {
                purpose,
                free: free(&folder),
                folder,
            })
        })
        .collect()
}

/// The space left at `folder`, or where it would be made.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|path| path.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}
