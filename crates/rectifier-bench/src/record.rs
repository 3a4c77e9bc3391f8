//! Records of measurements in a folder: read, and written with their tables and drawings.

use crate::{BenchError, BenchRecord, GrowthRecord, Sweep};
use rectifier_nn::write_atomically;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

const BENCH: &str = "bench";
const GROWTH: &str = "growth";

impl BenchRecord {
    /// The record in the folder `bench` of the folder of all records; none where it was not measured.
    ///
    /// # Errors
    /// [`BenchError`] where it cannot be read or is no such record.
    pub fn read(records: &Path) -> Result<Option<Self>, BenchError> {
        read(&records.join(BENCH), BENCH)
    }

    /// Writes `bench.json`, `bench.csv` and the drawing into `folder`, which is made where it is not there.
    ///
    /// # Errors
    /// [`BenchError`] where a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), BenchError> {
        write(folder, BENCH, self, &self.csv())?;
        self.draw(folder).map(drop)
    }

    /// Draws the record into `folder`; the files that it made.
    ///
    /// # Errors
    /// [`BenchError::Write`].
    pub fn draw(&self, folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
        drawn(folder, self.plot().svg().map(|svg| (BENCH, svg)))
    }
}

impl GrowthRecord {
    /// The record in the folder `growth` of the folder of all records; none where it was not measured.
    ///
    /// # Errors
    /// [`BenchError`] where it cannot be read or is no such record.
    pub fn read(records: &Path) -> Result<Option<Self>, BenchError> {
        read(&records.join(GROWTH), GROWTH)
    }

    /// Writes `growth.json`, `growth.csv` and a drawing a sweep into `folder`, which is made where it is not there, with
    /// the sweeps of a record that is there already and fits ([`joined`](Self::joined)). Gives back what is wrong with an
    /// earlier record that could not be read, which is replaced.
    ///
    /// # Errors
    /// [`BenchError`] where a file cannot be written.
    pub fn write(self, folder: &Path) -> Result<Option<BenchError>, BenchError> {
        let (record, wrong) = match read(folder, GROWTH) {
            Ok(None) => (self, None),
            Ok(Some(earlier)) => (self.joined(earlier), None),
            Err(error) => (self, Some(error)),
        };
        write(folder, GROWTH, &record, &record.csv())?;
        record.draw(folder)?;
        Ok(wrong)
    }

    /// Draws every sweep of the record into `folder`; the files that it made.
    ///
    /// # Errors
    /// [`BenchError::Write`].
    pub fn draw(&self, folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
        let drawings = Sweep::ALL
            .into_iter()
            .filter_map(|sweep| Some((sweep.name(), self.figure(sweep).svg()?)));
        drawn(folder, drawings)
    }
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, BenchError> {
    let path = folder.join(format!("{name}.json"));
    path.is_file().then(|| json(&path)).transpose()
}

fn write(
    folder: &Path,
    name: &str,
    record: &impl serde::Serialize,
    csv: &str,
) -> Result<(), BenchError> {
    std::fs::create_dir_all(folder).map_err(|source| BenchError::io(folder, source))?;
    let path = folder.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(record).map_err(|source| BenchError::Record {
        path: path.clone(),
        source,
    })?;
    write_atomically(&path, format!("{text}\n").as_bytes())?;
    write_atomically(&folder.join(format!("{name}.csv")), csv.as_bytes())?;
    Ok(())
}

fn drawn<'a>(
    folder: &Path,
    drawings: impl IntoIterator<Item = (&'a str, String)>,
) -> Result<Vec<PathBuf>, BenchError> {
    let mut paths = Vec::new();
    for (name, svg) in drawings {
        let path = folder.join(format!("{name}.svg"));
        write_atomically(&path, svg.as_bytes())?;
        paths.push(path);
    }
    Ok(paths)
}

/// What the file at `path` holds.
///
/// # Errors
/// [`BenchError`] where it cannot be read or is no such record.
pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, BenchError> {
    let text = std::fs::read_to_string(path).map_err(|source| BenchError::io(path, source))?;
    serde_json::from_str(&text).map_err(|source| BenchError::Record {
        path: path.into(),
        source,
    })
}

/// What lies in `folder`, sorted; nothing where there is no such folder.
///
/// # Errors
/// [`BenchError::Io`].
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let wrong = |source| BenchError::io(folder, source);
    let entries = std::fs::read_dir(folder).map_err(wrong)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<PathBuf>, _>>()
        .map_err(wrong)?;
    paths.sort();
    Ok(paths)
}
