//! What `-v` tells: what the libraries say of what they find, choose, fetch and save.

use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Lets the crates of this workspace tell what they do on standard error: from once on what is found, chosen, fetched and
/// saved, from twice on what is looked at and written on the way.
pub fn tell(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    // What other crates say is of no use to who trains.
    let ours =
        ["rectifier", "deep_rectifier"].map(|target| (target, LevelFilter::from_level(level)));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_filter(Targets::new().with_targets(ours));
    // Somebody else has set one: nothing is lost but these lines.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Whether anything is told: lines would break a dashboard.
pub fn is_on() -> bool {
    tracing::enabled!(target: "rectifier", Level::INFO)
}
