//! `rectifier models`.

use crate::output::say;
use serde_json::json;

/// `models list`.
pub fn list(as_json: bool) {
    for entry in rectifier_catalog::networks() {
        let (name, sizes, purpose) = (entry.name, entry.sizes, entry.purpose);
        if as_json {
            say(&json!({"name": name, "sizes": sizes, "purpose": purpose}).to_string());
        } else {
            say(&format!("{name:<18} {sizes:<26} {purpose}"));
        }
    }
}
