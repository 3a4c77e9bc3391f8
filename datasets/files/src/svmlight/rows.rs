//! The rows of a file as they are written, and as a network takes them.

use std::collections::HashMap;
use std::path::Path;

use rectifier_data::{DataError, Encoder, Indices, LARGEST_INDEX, SparseRows, SvmlightReader};

use crate::classes::Labels;
use crate::path::content;

/// The most numbers that are not 0, of a file.
const MOST_NUMBERS: usize = 1 << 30;

/// Rows with columns as a file numbers them.
pub(super) struct File {
    pub rows: SparseRows,
    pub labels: Labels,
    pub warnings: Vec<String>,
}

/// Reads a file; a class is named as it is first `written`.
pub(super) fn read_file(
    path: &Path,
    written: &mut HashMap<u64, String>,
) -> Result<File, DataError> {
    let mut reader = SvmlightReader::open(path)?;
    let mut rows = SparseRows::empty(LARGEST_INDEX as usize + 1);
    let mut labels = Labels::default();
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    while let Some(row) = reader.next_row()? {
        columns.clear();
        values.clear();
        columns.extend(row.pairs.iter().map(|pair| pair.0));
        values.extend(row.pairs.iter().map(|pair| pair.1));
        rows.push(&columns, &values)?;
        let line = row.line;
        // `+1`, `1` and `1.0` are one class, named as it is first written; adding 0 makes -0 the same as 0.
        let number = row.label.parse::<f64>().unwrap_or_default() + 0.0;
        let name = written
            .entry(number.to_bits())
            .or_insert_with(|| row.label.to_owned());
        labels
            .push(name)
            .map_err(|problem| content(path, format!("line {line}: {problem}")))?;
        if rows.columns().len() > MOST_NUMBERS {
            return Err(content(
                path,
                format!("line {line}: more than {MOST_NUMBERS} numbers are not 0: give fewer rows"),
            ));
        }
    }
    let mut warnings = Vec::new();
    if reader.queries() > 0 {
        warnings.push(format!(
            "{}: {} rows have a qid, which is passed over",
            path.display(),
            reader.queries()
        ));
    }
    warnings.extend(reader.lines().warning());
    Ok(File {
        rows,
        labels,
        warnings,
    })
}

/// The rows with the columns that training saw; how many numbers were in others.
pub(super) fn encoded(
    rows: &SparseRows,
    indices: &Indices,
    path: &Path,
) -> Result<(SparseRows, usize), DataError> {
    let mut kept = SparseRows::empty(indices.width());
    let mut unknown = 0;
    let (mut pairs, mut hints) = (Vec::new(), Vec::new());
    for (columns, values) in rows.iter() {
        pairs.clear();
        pairs.extend(columns.iter().copied().zip(values.iter().copied()));
        let row = indices
            .row(&pairs, &mut hints)
            .map_err(|problem| content(path, problem))?;
        hints.clear();
        unknown += pairs.len() - row.len();
        let (columns, values): (Vec<u32>, Vec<f32>) = row.into_iter().unzip();
        kept.push(&columns, &values)?;
    }
    Ok((kept, unknown))
}
