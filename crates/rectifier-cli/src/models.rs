//! `rectifier models`: trained networks by name.

mod card;
mod checks;
mod chosen;
mod export;
mod import;
mod list;
mod make;
mod measure;
mod retrain;
mod speed;
mod verify;

use crate::args::ModelsCommand;
use crate::error::CliError;
use crate::output::say;
pub use chosen::trained;
pub use import::ImportArgs;
use serde_json::json;

/// Does what `command` asks for.
///
/// # Errors
/// [`CliError`].
pub fn models(command: &ModelsCommand) -> Result<(), CliError> {
    match command {
        ModelsCommand::List { pattern, json, zoo } => list::list(pattern, *json, zoo),
        ModelsCommand::Kinds { json } => {
            kinds(*json);
            Ok(())
        }
        ModelsCommand::Show { name, json, zoo } => list::show(name, *json, zoo),
        ModelsCommand::Fetch { names, zoo, net } => list::fetch(names, zoo, net.offline),
        ModelsCommand::Export(args) => export::export(args),
        ModelsCommand::Import(args) => import::import(args),
        ModelsCommand::Verify(args) => verify::verify(args),
        ModelsCommand::Make(args) => make::make(args),
        ModelsCommand::Card {
            name,
            into,
            registry,
        } => card::card(name, into, registry.as_deref()),
    }
}

/// `models kinds`.
fn kinds(as_json: bool) {
    for entry in rectifier_catalog::networks() {
        let (name, sizes, purpose) = (entry.name, entry.sizes, entry.purpose);
        if as_json {
            say(&json!({"name": name, "sizes": sizes, "purpose": purpose}).to_string());
        } else {
            say(&format!("{name:<18} {sizes:<26} {purpose}"));
        }
    }
}
