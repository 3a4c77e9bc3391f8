//! Cards: a page a network and a gallery of all, made from the registry alone.

mod limits;
mod recipe;

use crate::{Entry, Zoo};
use rectifier_model::{Objective, Precision, Unit};

/// What a card shows of code; tests compile it.
const USE: &str = include_str!("card/use.md");

/// Where the card of the network `name` lies in a folder of models.
pub fn card_path(name: &str) -> String {
    format!("cards/{}.md", name.replace('/', "-"))
}

/// Where the picture of the network `name` lies in a folder of models, beside its card.
pub fn picture_path(name: &str) -> String {
    format!("cards/{}.png", name.replace('/', "-"))
}

/// The card of a network, in Markdown: what it is, what was measured, how its inputs are made, how to use it, how it was made and
/// is made again, and what it must not be used for.
pub fn card(entry: &Entry) -> String {
    let Entry { name, task, .. } = entry;
    let parts = [
        format!("# {name}\n"),
        format!(
            "{} trained on {task} (`{}`).\n",
            kind(entry),
            entry.data.name
        ),
        table(entry),
        picture(entry),
        format!("## Inputs\n\n{}\n", inputs(entry)),
        format!("## Use\n\n{}", USE.replace("NAME", name)),
        format!(
            "From a shell: `rectifier models show {name}`, `rectifier models fetch {name}`, `rectifier models export {name} --precision f32 --out FILE`.\n"
        ),
        format!("## How it was made\n\n{}", made(entry)),
        format!("## Limits\n\n{}\n", limits::limits(entry)),
        format!("## Licence\n\n{}\n", licence(entry)),
        "Made by `rectifier models card` from the registry. [All networks](../README.md)\n".into(),
    ];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<String>>().join("\n")
}

/// The page that sets all networks of a registry beside each other, in Markdown.
pub fn gallery(zoo: &Zoo) -> String {
    let mut text = String::from(
        "# Trained networks\n\n\
         By name from any program: `rectifier_zoo::get(\"NAME\")?.load(&device)?` as a module of Burn, `.sparse()?` without Burn; \
         `rectifier models list`. Every file is held against its SHA-256 before it is loaded.\n\n\
         Of each row of seeds the run with the lowest validation error is kept. Its own test error is one draw; the mean over \
         the seeds is what to expect of the recipe.\n\n\
         | network | data | units | test error | mean over seeds | exact zeros a layer | parameters | file |\n\
         |---|---|---|---:|---:|---|---:|---:|\n",
    );
    for entry in zoo.entries() {
        let Entry { name, .. } = entry;
        let link = card_path(name);
        text.push_str(&format!(
            "| [{name}]({link}) | {} | {} | {} | {} | {} | {} | {} {} |\n",
            entry.data.name,
            entry.sizes(),
            error(entry, entry.figures.test_error),
            row(entry),
            percents(&entry.figures.zeros),
            thousands(entry.parameters),
            size(entry.file.bytes),
            entry.precision,
        ));
    }
    text.push_str(
        "\n`rectifier models verify NAME` checks a file, loads it on every backend, and measures its error again where the data is; \
         with `--retrain` it trains the network again from the plan in its own card and compares the weights to the bit.\n\n\
         This page and the cards are made by `rectifier models card all` from the registry.\n",
    );
    text
}

/// The network in some words.
fn kind(entry: &Entry) -> String {
    let units = match entry.network.unit {
        Unit::Rectifier => "A deep sparse rectifier network",
        Unit::Leaky { .. } => "A network of leaky rectifiers",
        Unit::ParametricLeaky { .. } => "A network of rectifiers with learned slopes",
        Unit::Softplus { .. } => "A softplus network",
        Unit::Tanh => "A tanh network",
        Unit::Logistic => "A logistic network",
        Unit::Identity => "A network of linear units",
        Unit::Elu { .. } => "A network of exponential linear units",
        Unit::Selu => "A network of scaled exponential linear units",
        Unit::Gelu => "A network of Gaussian error linear units",
    };
    format!("{units}, {},", entry.sizes())
}

fn table(entry: &Entry) -> String {
    let figures = &entry.figures;
    let interval = figures.interval.map_or(String::new(), |[low, high]| {
        let (low, high) = (error(entry, low), error(entry, high));
        format!(" (95% interval {low} to {high})")
    });
    let examples = thousands(figures.test_examples);
    let mut rows = vec![(
        "test error",
        format!(
            "{}{interval}, on {examples} examples",
            error(entry, figures.test_error)
        ),
    )];
    if entry.precision != Precision::F32 {
        rows.push((
            "the same in single precision",
            error(entry, figures.f32_error),
        ));
    }
    let seeds = match entry.row.runs {
        1 => "1 run".into(),
        runs => format!("mean over {runs} seeds"),
    };
    rows.push((
        "its row",
        format!(
            "{seeds} {}; this one (seed {}) has the lowest validation error, {} in this file",
            row(entry),
            entry.row.seed,
            error(entry, figures.valid_error)
        ),
    ));
    if !figures.zeros.is_empty() {
        let dead: Vec<String> = figures.dead.iter().map(usize::to_string).collect();
        rows.push(("exact zeros, a hidden layer", percents(&figures.zeros)));
        rows.push(("units that never fire, a hidden layer", dead.join(", ")));
    }
    if let Some(speed) = &entry.speed {
        let own = match entry.precision {
            Precision::F32 => String::new(),
            other => format!("{:.0} us in {other}, ", speed.own_us),
        };
        rows.push((
            "one example",
            format!(
                "{own}{:.0} us in f32, one thread, zeros skipped; {:.0} us by Burn on {} ({}, {})",
                speed.f32_us,
                speed.burn_us,
                speed.burn_device,
                speed.processor,
                speed.instruction_set
            ),
        ));
    }
    rows.push(("parameters", thousands(entry.parameters)));
    let file = &entry.file;
    rows.push((
        "file",
        format!(
            "`{}`, {} in {}",
            file.path,
            size(file.bytes),
            entry.precision
        ),
    ));
    rows.push(("SHA-256", format!("`{}`", file.sha256)));
    let mut text = String::from("| | |\n|---|---|\n");
    for (what, value) in rows {
        text.push_str(&format!("| {what} | {value} |\n"));
    }
    text
}

fn picture(entry: &Entry) -> String {
    let file = picture_path(&entry.name);
    match file.rsplit_once('/') {
        Some((_, file)) if entry.picture => format!(
            "![Weights of units of the first layer](./{file})\n\n*Weights of units of the first layer, light above 0, dark below: \
             units evenly spaced in the order of the size of their weights, the largest first.*\n"
        ),
        _ => String::new(),
    }
}

fn inputs(entry: &Entry) -> String {
    let shape: Vec<String> = entry.data.shape.iter().map(usize::to_string).collect();
    let [low, high] = entry.data.range;
    let count = entry.network.inputs;
    let numbers = match &entry.encoder {
        Some(kind) => format!(
            "{count} numbers an example, which the encoder in the file makes of raw input (`{kind}`, fitted on the training part): \
             `rectifier_zoo::get(..)?.encoder()?`, or `rectifier predict` with the file."
        ),
        None if shape.len() > 1 => format!(
            "{count} numbers an example, a picture of {} row by row{}: {low} is the darkest, {high} the brightest.",
            shape.join("x"),
            if shape.len() > 2 {
                ", channel after channel"
            } else {
                ""
            }
        ),
        None => format!("{count} numbers an example, from {low} to {high}."),
    };
    let classes = &entry.classes;
    let names = match classes.len() {
        0 => format!("{} outputs without names.", entry.network.outputs),
        1..=12 => format!("Outputs, in this order: {}.", classes.join(", ")),
        many => format!(
            "{many} outputs, in this order: {}, .., {}.",
            classes[..8].join(", "),
            classes[many - 1]
        ),
    };
    match entry.objective {
        Objective::Classification => format!("{numbers} {names}"),
        Objective::ExpectedRating => format!(
            "{numbers} {names} The answer is the expected number of stars, the sum of k P(k)."
        ),
    }
}

fn made(entry: &Entry) -> String {
    let provenance = &entry.provenance;
    let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "not told".into());
    let threads = match provenance.threads {
        Some(1) => ", 1 thread".into(),
        Some(threads) => format!(", {threads} threads"),
        None => String::new(),
    };
    let plan = serde_json::to_string(&entry.plan).unwrap_or_default();
    format!(
        "{}\n{:.1} minutes with the {} engine on {} ({}{threads}), by {}. Made again, and compared to the bit, by:\n\n\
         ```sh\nrectifier models verify {} --retrain\n```\n\n\
         <details><summary>The plan, as <code>rectifier train --recipe</code> takes it</summary>\n\n```json\n{plan}\n```\n\n</details>\n",
        recipe::told(&entry.plan),
        entry.minutes,
        told(&provenance.engine),
        told(&provenance.processor),
        told(&provenance.instruction_set),
        told(&provenance.version),
        entry.name,
    )
}

fn licence(entry: &Entry) -> String {
    format!(
        "The weights: {}. The data that they were learned from: {}. To cite: {}, and Glorot, Bordes, Bengio, \"Deep Sparse \
         Rectifier Neural Networks\" (AISTATS 2011) for the networks.",
        entry.licence,
        entry.data_terms.licence.trim_end_matches('.'),
        entry.data_terms.citation.trim_end_matches('.'),
    )
}

/// The mean of the row, with its interval.
fn row(entry: &Entry) -> String {
    let mean = error(entry, entry.row.mean);
    match entry.row.interval {
        Some([low, high]) => format!("{mean} {}", range(entry, low, high)),
        None => mean,
    }
}

/// An interval of errors behind one that says what they are.
fn range(entry: &Entry, low: f64, high: f64) -> String {
    match entry.objective {
        Objective::Classification => format!("({} to {})", error(entry, low), error(entry, high)),
        Objective::ExpectedRating => format!("({low:.4} to {high:.4})"),
    }
}

/// An error as people write it.
fn error(entry: &Entry, value: f64) -> String {
    match entry.objective {
        Objective::Classification => format!("{:.2}%", 100.0 * value),
        Objective::ExpectedRating => format!("RMSE {value:.4}"),
    }
}

fn percents(shares: &[f64]) -> String {
    let words = shares.iter().map(|share| format!("{:.0}%", 100.0 * share));
    words.collect::<Vec<String>>().join(" ")
}

fn thousands(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::registry::tests::entry;
    use crate::{Place, Places};

    #[test]
    fn a_card_says_what_a_reader_must_know() {
        let mut entry = entry("points/small");
        entry.precision = Precision::Int8;
        entry.figures.f32_error = 0.0123;
        assert!(!card(&entry).contains("![Weights") && !card(&entry).contains(" us "));
        entry.picture = true;
        entry.speed = Some(crate::Speed {
            own_us: 12.4,
            f32_us: 20.0,
            burn_us: 200.0,
            burn_device: "flex".into(),
            instruction_set: "avx2".into(),
            processor: "some processor".into(),
        });
        let text = card(&entry);
        for part in [
            "# points/small\n",
            "A deep sparse rectifier network, 4-3-2, trained on points",
            "1.25% (95% interval 1.00% to 1.50%), on 10,000 examples",
            "| the same in single precision | 1.23% |",
            "mean over 2 seeds 1.30% (1.20% to 1.40%); this one (seed 3)",
            "`deep-rectifier/weights/points-small.safetensors`, 0 kB in int8",
            "get(\"points/small\")?",
            "rectifier models verify points/small --retrain",
            "| 12 us in int8, 20 us in f32, one thread, zeros skipped; 200 us by Burn on flex (some processor, avx2) |",
            "](./points-small.png)",
            "Outputs, in this order: no, yes.",
            "## Limits",
            "MIT OR Apache-2.0",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("NAME"), "{text}");
        assert_eq!(card_path(&entry.name), "cards/points-small.md");
        entry.objective = Objective::ExpectedRating;
        assert!(card(&entry).contains("RMSE 0.0125"));
    }

    #[test]
    fn the_gallery_links_to_every_card() {
        let zoo = Zoo::default().with(entry("b/two")).with(entry("a/one"));
        let text = gallery(&zoo);
        let (first, second) = (text.find("[a/one](cards/a-one.md)"), text.find("[b/two]"));
        assert!(first.unwrap() < second.unwrap(), "{text}");
        assert_eq!(
            text.lines().filter(|line| line.starts_with("| ")).count(),
            3
        );
    }

    /// The cards that are kept are those of the registry that is kept.
    #[test]
    fn kept_cards_are_those_of_the_built_in_registry() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
        for entry in Zoo::builtin().entries() {
            let path = folder.join(card_path(&entry.name));
            assert_eq!(
                std::fs::read_to_string(&path).unwrap(),
                card(entry),
                "{}",
                path.display()
            );
        }
        if !Zoo::builtin().entries().is_empty() {
            let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
            assert_eq!(page, gallery(Zoo::builtin()));
        }
    }

    /// Every file of the registry is in the checkout, or in nothing.
    #[test]
    fn kept_files_are_those_of_the_built_in_registry() {
        for entry in Zoo::builtin().entries() {
            for file in [&entry.file, &entry.logits] {
                let located = Places::default().file(entry, file, &mut |_, _| {}).unwrap();
                assert!(matches!(located.place, Place::Folder(_) | Place::Embedded));
            }
        }
    }
}
