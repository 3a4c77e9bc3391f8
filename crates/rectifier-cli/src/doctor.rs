//! `rectifier doctor`: what is here, and whether it works.

mod self_test;
mod space;

use crate::args::DoctorArgs;
use crate::data_command::{is_here, searched};
use crate::device;
use crate::error::CliError;
use crate::output::{percent, say};
use rectifier_catalog::standing_alone;
use rectifier_data::{Availability, Locator};
use self_test::Learned;
use serde_json::{Value, json};

/// The version of Burn that the workspace's lock file pins.
const BURN: &str = "0.22.1";

/// A device and what came of its test.
struct Tested {
    name: String,
    /// Why it did not learn, or is not here at all.
    outcome: Result<Learned, String>,
    /// Whether its absence is a failure: it was asked for, or works everywhere.
    expected: bool,
}

/// Looks everything over; says so in text or as one line of JSON.
///
/// # Errors
/// [`CliError::Failed`] if a device that should work does not learn; [`CliError::Usage`] for an unknown device.
pub fn doctor(args: &DoctorArgs) -> Result<(), CliError> {
    let locator = Locator {
        data_dir: args.data_dir.clone(),
        offline: true,
        ..Locator::default()
    };
    let names = match &args.device {
        Some(name) => vec![name.clone()],
        None => device::compiled().iter().map(ToString::to_string).collect(),
    };
    let mut devices = Vec::new();
    for (place, name) in names.into_iter().enumerate() {
        devices.push(tested(name, args.device.is_some() || place == 0)?);
    }
    let failed: Vec<&str> = devices
        .iter()
        .filter(|tested| tested.expected && tested.outcome.is_err())
        .map(|tested| tested.name.as_str())
        .collect();
    if args.json {
        say(&as_json(&devices, &locator, failed.is_empty()).to_string());
    } else {
        say(&as_text(&devices, &locator));
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(CliError::Failed(format!(
            "the self-test failed on {}",
            failed.join(", ")
        ))),
    }
}

fn tested(name: String, expected: bool) -> Result<Tested, CliError> {
    let outcome = match device::open(Some(&name)) {
        Ok((_, device)) => self_test::run(&device).map_err(|error| error.to_string()),
        Err(error @ CliError::Usage(_)) => return Err(error),
        Err(error) => Err(error.to_string()),
    };
    Ok(Tested {
        name,
        outcome,
        expected,
    })
}

/// Processors that a run may use.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

fn as_text(devices: &[Tested], locator: &Locator) -> String {
    let mut lines = vec![
        format!(
            "rectifier {}, Burn {BURN}, on {} {} with {} processors{}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            processors(),
            if cfg!(debug_assertions) {
                "; this build is for debugging: `cargo build --release` makes a faster one"
            } else {
                ""
            }
        ),
        "devices".into(),
    ];
    for Tested { name, outcome, .. } in devices {
        lines.push(match outcome {
            Ok(learned) => format!(
                "  {name:<8} works: learned in {:.1}s, {:.0} steps a second, valid error {}",
                learned.seconds,
                learned.steps_a_second,
                percent(learned.valid_error)
            ),
            Err(reason) => format!("  {name:<8} does not work: {reason}"),
        });
    }
    for (name, title, compiled) in device::all() {
        if !compiled {
            lines.push(format!(
                "  {name:<8} not in this build: {title}, build with --features {name}"
            ));
        }
    }
    lines.push("data".into());
    for set in standing_alone() {
        let name = set.name();
        lines.push(match is_here(name, locator) {
            Ok(Availability::Generated | Availability::Here(_)) => format!("  {name:<11} here"),
            Ok(Availability::Partial { lacks }) => format!("  {name:<11} here in part: {lacks}"),
            Err(error) => format!("  {name:<11} not usable: {error}"),
            Ok(Availability::Fetchable) => {
                format!("  {name:<11} not here: rectifier data fetch {name}")
            }
            Ok(Availability::Missing { how }) => format!("  {name:<11} not here: {how}"),
        });
    }
    for folder in searched(locator) {
        lines.push(format!("  looked in {}", folder.display()));
    }
    lines.push("free space".into());
    for place in space::places(locator) {
        lines.push(match place.free {
            Some(bytes) => format!(
                "  {:>7.1} GB for {} ({})",
                bytes as f64 / 1e9,
                place.purpose,
                place.folder.display()
            ),
            None => format!(
                "  unknown for {} ({})",
                place.purpose,
                place.folder.display()
            ),
        });
    }
    lines.join("\n")
}

fn as_json(devices: &[Tested], locator: &Locator, ok: bool) -> Value {
    let devices: Vec<Value> = devices
        .iter()
        .map(|tested| match &tested.outcome {
            Ok(learned) => json!({
                "name": tested.name,
                "works": true,
                "seconds": learned.seconds,
                "steps_a_second": learned.steps_a_second,
                "valid_error": learned.valid_error,
            }),
            Err(reason) => json!({"name": tested.name, "works": false, "reason": reason}),
        })
        .collect();
    let not_built: Vec<&str> = device::all()
        .iter()
        .filter_map(|(name, _, compiled)| (!compiled).then_some(*name))
        .collect();
    let data: Vec<Value> = standing_alone()
        .map(|set| {
            let name = set.name();
            match is_here(name, locator) {
                Ok(Availability::Generated | Availability::Here(_)) => {
                    json!({"name": name, "here": true})
                }
                Ok(Availability::Partial { lacks }) => {
                    json!({"name": name, "here": true, "lacks": lacks})
                }
                Ok(Availability::Fetchable) => json!({"name": name, "here": false}),
                Ok(Availability::Missing { how }) => {
                    json!({"name": name, "here": false, "how": how})
                }
                Err(error) => json!({"name": name, "here": false, "reason": error.to_string()}),
            }
        })
        .collect();
    let space: Vec<Value> = space::places(locator)
        .iter()
        .map(|place| {
            json!({
                "purpose": place.purpose,
                "folder": place.folder.display().to_string(),
                "free_bytes": place.free,
            })
        })
        .collect();
    json!({
        "ok": ok,
        "version": env!("CARGO_PKG_VERSION"),
        "burn": BURN,
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "processors": processors(),
        "optimized": !cfg!(debug_assertions),
        "devices": devices,
        "not_in_this_build": not_built,
        "data": data,
        "space": space,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_burn_is_the_pinned_one() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let text = std::fs::read_to_string(lock).unwrap().replace("\r\n", "\n");
        let pinned = format!("name = \"burn\"\nversion = \"{BURN}\"\n");
        assert!(text.contains(&pinned), "{pinned}");
    }
}
