//! `rectifier results`: records of runs, and the tables made from them.

mod bench;
mod growth;
mod runs;
mod thresholds;
mod training;

use crate::args::ResultsCommand;
use crate::error::CliError;
use crate::output::say;
use crate::plots;
use std::path::{Path, PathBuf};

/// What a record keeps of a run; weights and checkpoints are left behind.
const KEPT: [&str; 3] = ["recipe.json", "summary.json", "history.jsonl"];

/// Does what `command` asks for.
///
/// # Errors
/// [`CliError`].
pub fn results(command: &ResultsCommand) -> Result<(), CliError> {
    match command {
        ResultsCommand::Add {
            run,
            name,
            kind,
            folder,
        } => {
            let to = folder.join(kind.folder()).join(name);
            std::fs::create_dir_all(&to).map_err(|source| CliError::io(&to, source))?;
            for file in KEPT {
                let from = run.join(file);
                let bytes = std::fs::read(&from).map_err(|source| CliError::io(&from, source))?;
                rectifier_nn::write_atomically(&to.join(file), &bytes)?;
            }
            say(&to.display().to_string());
            Ok(())
        }
        ResultsCommand::AddPeer {
            log,
            beside,
            program,
            folder,
        } => {
            let Some((record, seed)) = beside.rsplit_once('-') else {
                return Err(CliError::Usage(format!(
                    "`{beside}` is no record with a seed, such as mnist-1"
                )));
            };
            let text = training::read_peer(log)?;
            let to = folder.join("peers").join(format!("{record}.{program}"));
            std::fs::create_dir_all(&to).map_err(|source| CliError::io(&to, source))?;
            let file = to.join(format!("{seed}.jsonl"));
            rectifier_nn::write_atomically(&file, text.as_bytes())?;
            say(&file.display().to_string());
            Ok(())
        }
        ResultsCommand::Plot { folder } => plots::plot(folder),
        ResultsCommand::Table { folder, write } => {
            let blocks = [
                ("runs", runs::table(folder)?),
                ("training", training::table(folder)?),
                ("speed", bench::speed(folder)?),
                ("bench", bench::table(folder)?),
                ("growth", growth::table(folder)?),
                ("thresholds", thresholds::tables(folder)?),
                ("penalty", runs::penalties(folder)?),
            ];
            match write {
                None => blocks.iter().for_each(|(_, text)| say(text)),
                Some(page) => {
                    let old = std::fs::read_to_string(page)
                        .map_err(|source| CliError::io(page, source))?;
                    let text = filled(&old, &blocks).ok_or_else(|| {
                        CliError::Failed(format!(
                            "{}: no `<!-- runs -->` and `<!-- /runs -->`, or marks of another table, to write between",
                            page.display()
                        ))
                    })?;
                    if text != old {
                        rectifier_nn::write_atomically(page, text.as_bytes())?;
                    }
                }
            }
            Ok(())
        }
    }
}

/// `text` with each block between its marks, `<!-- NAME -->` and `<!-- /NAME -->`, where it has them; `None` where there
/// are no marks at all.
fn filled(text: &str, blocks: &[(&str, String)]) -> Option<String> {
    let mut page = text.to_string();
    let mut found = false;
    for (name, block) in blocks {
        let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
        let place = page.find(&open).zip(page.find(&close));
        if let Some((from, to)) = place.filter(|(from, to)| from < to) {
            page = format!("{}{open}\n{block}\n{}", &page[..from], &page[to..]);
            found = true;
        }
    }
    found.then_some(page)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(path).map_err(|source| CliError::io(path, source))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    Ok(paths)
}

/// What `bench` kept as `what` among the records in `folder`; nothing where it was not measured.
///
/// # Errors
/// As [`json`].
pub fn record<T: serde::de::DeserializeOwned>(
    folder: &Path,
    what: &str,
) -> Result<Option<T>, CliError> {
    let path = folder.join(what).join(format!("{what}.json"));
    path.is_file().then(|| json(&path)).transpose()
}

/// What the file at `path` holds.
///
/// # Errors
/// [`CliError`] where it cannot be read or is no such record.
pub fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::io(path, source))?;
    serde_json::from_str(&text)
        .map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_replaced_between_their_marks_only() {
        let blocks = [("runs", "new".to_string()), ("bench", "times".to_string())];
        let text = "a\n<!-- runs -->\nold\n<!-- /runs -->\nb\n";
        assert_eq!(
            filled(text, &blocks).as_deref(),
            Some("a\n<!-- runs -->\nnew\n<!-- /runs -->\nb\n")
        );
        assert_eq!(filled("a\n<!-- /runs --><!-- runs -->", &blocks), None);
    }
}
