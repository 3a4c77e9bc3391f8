//! `models card`.

use super::chosen::registry;
use crate::error::CliError;
use crate::output::{say, write_file};
use rectifier_zoo::{card_path, gallery};
use std::path::Path;

/// Writes the card of `name` into the folder of models `into`, or, for `all`, every card and the gallery.
///
/// # Errors
/// [`CliError`].
pub fn card(name: &str, into: &Path, registry_file: Option<&Path>) -> Result<(), CliError> {
    let zoo = registry(registry_file)?;
    let entries = match name {
        "all" => zoo.list("*"),
        name => vec![zoo.get(name)?],
    };
    let write = |path: &Path, text: &str| -> Result<(), CliError> {
        write_file(path, text.as_bytes())?;
        say(&path.display().to_string());
        Ok(())
    };
    for entry in entries {
        let text = rectifier_zoo::card(entry);
        write(&into.join(card_path(&entry.name)), &text)?;
    }
    match name {
        "all" => write(&into.join("README.md"), &gallery(&zoo)),
        _ => Ok(()),
    }
}
