//! Commands killed at random moments: what is on the disk is whole or known to be partial, and what goes on comes to the
//! end that it would have come to. `RECTIFIER_KILLS=1000` kills so often, `RECTIFIER_KILLS_SEED` at other moments.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use rand::Rng;
use rectifier_data::random::{Stream, stream};
use rectifier_experiments::SweepFolder;
use rectifier_nn::ModelFile;
use rectifier_train::{Checkpoint, RunFiles};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::server::{Manner, serve};
use support::{command, end_of, ok, text, timeless, tiny_plan};

/// How files in the making are called.
const PARTIAL: &str = ".partial-";

/// The skew for commands that are over in a moment.
const LATE: f64 = 1.0;

/// What was killed how often.
#[derive(Clone, Copy, Default)]
struct Kills {
    /// Before there was anything to go on from.
    early: usize,
    /// With something to go on from.
    late: usize,
    /// Ends that were compared with that of a command nobody killed.
    ends: usize,
}

impl std::ops::AddAssign for Kills {
    fn add_assign(&mut self, other: Self) {
        self.early += other.early;
        self.late += other.late;
        self.ends += other.ends;
    }
}

/// Moments of one subject.
struct Moments {
    random: Stream,
    /// Moments are drawn up to here.
    longest: Duration,
    /// 1 for even moments, more for more early ones.
    skew: f64,
}

impl Moments {
    /// Moments for a command that takes as long as `whole` does.
    fn of(whole: impl FnOnce(), skew: f64, seed: u64, subject: u64) -> Self {
        let start = Instant::now();
        whole();
        Self {
            random: stream(seed, &[subject]),
            longest: start.elapsed(),
            skew,
        }
    }

    /// Runs the command `args` and kills it; whether it was still going on.
    fn kill(&mut self, folder: &Path, args: &[&str]) -> bool {
        let share = self.random.next_u32() as f64 / f64::from(u32::MAX);
        let moment = self.longest.mul_f64(share.powf(self.skew));
        let mut child = command(folder, args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(moment);
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => false,
            Some(code) => panic!("{args:?} ended with {code}: {}", text(&output.stderr)),
            None => true,
        }
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with(PARTIAL)).collect()
}

/// Whether `page` is a page from its beginning to its end.
fn is_page(page: &str) -> bool {
    page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>")
}

/// What a killed run left: every file is whole, none of those before is gone, the checkpoint is not behind.
fn inspect(run: &Path, seen: &mut BTreeSet<String>, stood: &mut (usize, usize, usize)) {
    let files = RunFiles::at(run);
    let found = names(run);
    assert!(seen.is_subset(&found), "{seen:?} {found:?}");
    files.identity().unwrap();
    files.plan().unwrap();
    files.history().unwrap();
    files.steps().unwrap();
    files.summary().unwrap();
    files.test_wrong().unwrap();
    if files.model_path().is_file() {
        ModelFile::open(files.model_path()).unwrap();
    }
    let previous = files.previous_checkpoint_path();
    if previous.is_file() {
        Checkpoint::load(&previous).unwrap();
    }
    // A model or an epoch that is shown has a checkpoint behind it.
    if let Some(checkpoint) = files.checkpoint().unwrap() {
        let progress = checkpoint.progress;
        let stands = (progress.stage, progress.epoch, progress.step);
        assert!(stands >= *stood, "{stands:?} after {stood:?}");
        *stood = stands;
    } else {
        assert!(!files.model_path().is_file() && files.history().unwrap().is_empty());
    }
    if files.report_path().is_file() {
        assert!(is_page(
            &std::fs::read_to_string(files.report_path()).unwrap()
        ));
    }
    // Before it is written down a run is begun anew.
    *seen = match found.contains("run.json") {
        true => found,
        false => BTreeSet::new(),
    };
}

/// The result of a run, without what tells the time.
fn result_of(run: &Path) -> Value {
    let bytes = std::fs::read(run.join("summary.json")).unwrap();
    let mut summary: Value = serde_json::from_slice(&bytes).unwrap();
    let fields = summary.as_object_mut().unwrap();
    for time in ["seconds", "overhead"] {
        assert!(fields.remove(time).is_some());
    }
    let made = fields["provenance"].as_object_mut().unwrap();
    assert!(made.remove("started").is_some());
    summary
}

/// Kills trainings of three stages, which go on with `--resume` alone.
fn trainings(folder: &Path, engine: &[&str], kills: usize, seed: u64) -> Kills {
    let plan = format!("{}.json", engine[1]);
    let text = match engine[1] {
        // It descends plainly.
        "sparse" => tiny_plan(60).replace(
            r#"{"kind": "momentum", "momentum": 0.5}"#,
            r#"{"kind": "sgd"}"#,
        ),
        _ => tiny_plan(60),
    };
    std::fs::write(folder.join(&plan), text).unwrap();
    let begin = |run: &str| -> Vec<String> {
        let rest = [
            "--measure-every",
            "3",
            "--checkpoint-every",
            "0.01",
            "--quiet",
        ];
        let args = [
            &["train", "--recipe", &plan, "--out", run][..],
            engine,
            &rest,
        ]
        .concat();
        args.into_iter().map(String::from).collect()
    };
    let whole = format!("whole-{}", engine[1]);
    let args = begin(&whole);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut moments = Moments::of(
        || drop(ok(folder, &args)),
        // What there is before the first checkpoint is soon over.
        3.0,
        seed,
        u64::from(engine[1] == "burn"),
    );
    let whole = folder.join(whole);
    let mut done = Kills::default();
    let mut number = 0;
    while done.early + done.late < kills {
        number += 1;
        let run = format!("{}-{number}", engine[1]);
        let path = folder.join(&run);
        let (mut seen, mut stood) = (BTreeSet::new(), (0, 0, 0));
        let begin = begin(&run);
        loop {
            let args: Vec<&str> = match path.join("run.json").exists() {
                true => vec!["train", "--resume", &run],
                false => begin.iter().map(String::as_str).collect(),
            };
            if done.early + done.late == kills {
                ok(folder, &args);
                break;
            }
            if !moments.kill(folder, &args) {
                break;
            }
            match path.join("checkpoint.safetensors").exists() {
                true => done.late += 1,
                false => done.early += 1,
            }
            inspect(&path, &mut seen, &mut stood);
        }
        // What was killed after its result goes on to its page.
        ok(folder, &["train", "--resume", &run, "--quiet"]);
        inspect(&path, &mut seen, &mut stood);
        assert!(end_of(&path) == end_of(&whole), "{run}");
        assert_eq!(result_of(&path), result_of(&whole), "{run}");
        assert_eq!(names(&path), names(&whole), "{run}");
        let mut left = std::fs::read_dir(&path).unwrap().flatten();
        assert!(left.all(|entry| !entry.file_name().to_string_lossy().starts_with(PARTIAL)));
        done.ends += 1;
        std::fs::remove_dir_all(&path).unwrap();
    }
    done
}

/// Kills sweeps, which go on by the same command.
fn sweeps(folder: &Path, kills: usize, seed: u64) -> Kills {
    let begin = |to: &str| -> Vec<String> {
        let text = format!(
            "experiment run figure3 --preset smoke --jobs 1 --checkpoint-every 0.01 --quiet --folder {to}"
        );
        text.split(' ').map(String::from).collect()
    };
    let run = |args: &[String]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        drop(ok(folder, &args));
    };
    let mut moments = Moments::of(|| run(&begin("whole-sweep")), 2.0, seed, 2);
    let whole = SweepFolder::of(&folder.join("whole-sweep"), "figure3");
    let mut done = Kills::default();
    let mut number = 0;
    while done.early + done.late < kills {
        number += 1;
        let to = format!("sweep-{number}");
        let sweep = SweepFolder::of(&folder.join(&to), "figure3");
        let mut recorded = BTreeSet::new();
        let args = begin(&to);
        while done.early + done.late < kills {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            if !moments.kill(folder, &args) {
                break;
            }
            let mut found = BTreeSet::new();
            if sweep.records_path().is_dir() {
                sweep.state().unwrap();
                for record in sweep.records().unwrap().iter() {
                    found.insert(record.cell.clone());
                }
            }
            assert!(recorded.is_subset(&found), "{recorded:?} {found:?}");
            for cell in names(&sweep.runs_path()) {
                // One with a record is on its way out.
                if !found.contains(&cell) {
                    inspect(&sweep.run_path(&cell), &mut BTreeSet::new(), &mut (0, 0, 0));
                }
            }
            if let Ok(page) = std::fs::read_to_string(sweep.path().join("index.html")) {
                assert!(is_page(&page));
            }
            match found.is_empty() {
                true => done.early += 1,
                false => done.late += 1,
            }
            recorded = found;
        }
        run(&args);
        let (one, two) = (sweep.records().unwrap(), whole.records().unwrap());
        assert_eq!(timeless(&one), timeless(&two), "{to}");
        assert!(names(&sweep.runs_path()).is_empty(), "{to}");
        assert_eq!(names(sweep.path()), names(whole.path()), "{to}");
        for table in ["table.md", "table.csv"] {
            let [one, two] = [&sweep, &whole]
                .map(|sweep| std::fs::read_to_string(sweep.path().join(table)).unwrap());
            assert_eq!(one, two, "{to}");
        }
        done.ends += 1;
        std::fs::remove_dir_all(folder.join(&to)).unwrap();
    }
    done
}

/// Kills what makes one file out of another: the file is as it was or as it is to become.
fn makers(
    folder: &Path,
    args: &[&str],
    file: &Path,
    old: Option<&str>,
    kills: usize,
    (seed, subject): (u64, u64),
) -> Kills {
    let old = old.map(str::as_bytes);
    let put = || match old {
        Some(old) => std::fs::write(file, old).unwrap(),
        None => drop(std::fs::remove_file(file)),
    };
    put();
    let mut moments = Moments::of(|| drop(ok(folder, args)), LATE, seed, subject);
    let new = std::fs::read(file).unwrap();
    assert!(Some(new.as_slice()) != old);
    let mut done = Kills::default();
    for attempt in 0.. {
        if done.early + done.late == kills {
            break;
        }
        assert!(
            attempt < 1000 + 100 * kills,
            "it is over before it is killed"
        );
        put();
        if moments.kill(folder, args) {
            let found = std::fs::read(file).ok();
            match found.as_deref() {
                Some(found) if found == new => done.late += 1,
                found => {
                    assert!(found == old, "{args:?} left a part");
                    done.early += 1;
                }
            }
        }
        ok(folder, args);
        assert!(std::fs::read(file).unwrap() == new, "{args:?}");
        done.ends += 1;
    }
    done
}

/// Kills what keeps records of runs: one is there as a whole or not at all, and tables know nothing of the rest.
fn records(folder: &Path, kills: usize, seed: u64) -> Kills {
    let to = folder.join("kept/runs/one");
    let add = ["results", "add", "whole-sparse", "one", "--folder", "kept"];
    let mut moments = Moments::of(|| drop(ok(folder, &add)), LATE, seed, 5);
    let whole = names(&to);
    let table = ["results", "table", "--folder", "kept"];
    let wanted = ok(folder, &table);
    let mut done = Kills::default();
    for attempt in 0.. {
        if done.early + done.late == kills {
            break;
        }
        assert!(
            attempt < 1000 + 100 * kills,
            "it is over before it is killed"
        );
        std::fs::remove_dir_all(&to).unwrap();
        if moments.kill(folder, &add) {
            match to.exists() {
                true => done.late += 1,
                false => done.early += 1,
            }
        }
        if to.exists() {
            assert_eq!(names(&to), whole);
            assert_eq!(ok(folder, &table), wanted);
        } else {
            assert!(!ok(folder, &table).contains("| one |"));
        }
        ok(folder, &add);
        assert_eq!(ok(folder, &table), wanted);
        done.ends += 1;
    }
    done
}

/// A network of the repository's zoo.
const NETWORK: &str = "mnist/rectifier-tiny";
/// Where its files are, and which: the weights, and the logits that they are to give.
const FOLDER: &str = "deep-rectifier/weights";
const FILES: [&str; 2] = [
    "mnist-rectifier-tiny.safetensors",
    "mnist-rectifier-tiny.logits.json",
];

/// Kills what fetches weights from a slow address: the cache has them whole, or a beginning of them. That the next fetch goes on
/// from it is held by `tests/models.rs`.
fn fetches(folder: &Path, kills: usize, seed: u64) -> Kills {
    let models = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
    let slow = Manner::Slow(Duration::from_millis(4));
    let (address, _) = serve(models.into(), slow);
    // A registry with nothing beside it: weights can only come from the address.
    let zoo = folder.join("zoo");
    std::fs::create_dir_all(&zoo).unwrap();
    let known = models.join("../crates/rectifier-zoo/registry.json");
    std::fs::copy(known, zoo.join("registry.json")).unwrap();
    let registry = "zoo/registry.json";
    let fetch = [
        "models",
        "fetch",
        NETWORK,
        "--registry",
        registry,
        "--url",
        &address,
    ];
    let cache = folder.join("cache");
    let forget = || drop(std::fs::remove_dir_all(&cache));
    // How many files are there as a whole, and whether there is a beginning of one.
    let there = || {
        let (mut done, mut begun) = (0, false);
        let place = cache.join("rectifier-zoo/models");
        let mut folders = vec![place.clone()];
        while let Some(within) = folders.pop() {
            for entry in std::fs::read_dir(within).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&place).unwrap().to_str().unwrap();
                let bytes = std::fs::read(&path).unwrap();
                match name.strip_suffix(".partial") {
                    None => {
                        assert!(bytes == std::fs::read(models.join(name)).unwrap(), "{name}");
                        done += 1;
                    }
                    // Called as the file, with something of its own behind.
                    Some(name) => {
                        let name = FILES.iter().find(|file| name.contains(**file)).unwrap();
                        let whole = std::fs::read(models.join(FOLDER).join(name)).unwrap();
                        assert!(whole.starts_with(&bytes), "{name}");
                        begun |= !bytes.is_empty();
                    }
                }
            }
        }
        (done, begun)
    };
    forget();
    let mut moments = Moments::of(|| drop(ok(folder, &fetch)), LATE, seed, 8);
    let mut done = Kills::default();
    while done.early + done.late < kills {
        forget();
        while done.early + done.late < kills && moments.kill(folder, &fetch) {
            match there() {
                (0, false) => done.early += 1,
                _ => done.late += 1,
            }
        }
        ok(folder, &fetch);
        assert_eq!(there(), (FILES.len(), false));
        done.ends += 1;
    }
    done
}

/// Kills what writes a network in the formats of others.
fn exports(folder: &Path, kills: usize, seed: u64) -> Kills {
    let mut all = Kills::default();
    for (place, format) in ["safetensors", "pytorch", "onnx", "burnpack"]
        .iter()
        .enumerate()
    {
        let name = format!("exported.{format}");
        let export = [
            "models", "export", NETWORK, "--format", format, "--out", &name,
        ];
        let subject = 9 + place as u64;
        let file = folder.join(&name);
        all += makers(folder, &export, &file, None, kills, (seed, subject));
    }
    all
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
#[allow(clippy::print_stderr)]
fn kills_at_random_moments_lose_nothing_and_change_no_number() {
    let (kills, seed) = (
        number("RECTIFIER_KILLS", 50) as usize,
        number("RECTIFIER_KILLS_SEED", 11),
    );
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let tenth = kills / 10;
    let mut total = Kills::default();
    let mut tell = |what: &str, done: Kills| {
        let Kills { early, late, ends } = done;
        eprintln!(
            "| {what} | {} | {early} | {late} | {ends} | 0 |",
            early + late
        );
        total += done;
    };
    eprintln!(
        "| killed | kills | before there was something to go on from | later | ends compared | lost |"
    );
    eprintln!("|---|---:|---:|---:|---:|---:|");
    let sparse = ["--engine", "sparse", "--threads", "1"];
    let rest = kills - 7 * tenth;
    tell(
        "train, sparse engine",
        trainings(folder, &sparse, rest, seed),
    );
    let burn = ["--engine", "burn"];
    tell(
        "train, Burn engine",
        trainings(folder, &burn, 2 * tenth, seed),
    );
    tell("experiment run", sweeps(folder, 2 * tenth, seed));
    let report = ["report", "whole-sparse", "--out", "page.html", "--quiet"];
    let page = folder.join("page.html");
    let few = tenth / 5;
    tell(
        "report",
        makers(folder, &report, &page, None, few, (seed, 3)),
    );
    // Its tables, figures and pages are made of the records alone.
    let pages = ["experiment", "report", "figure3", "--folder", "whole-sweep"];
    let page = folder.join("whole-sweep/figure3/index.html");
    tell(
        "experiment report",
        makers(folder, &pages, &page, None, few, (seed, 6)),
    );
    std::fs::write(folder.join("page.raw"), [128u8; 1024]).unwrap();
    let predict = ["predict", "whole-sparse", "page.raw", "--csv", "page.csv"];
    let sheet = folder.join("page.csv");
    tell(
        "predict --csv",
        makers(folder, &predict, &sheet, Some("old"), few, (seed, 7)),
    );
    // Kept first, for the table to have a row.
    let add = ["results", "add", "whole-sparse", "one", "--folder", "table"];
    ok(folder, &add);
    let table = [
        "results", "table", "--folder", "table", "--write", "page.md",
    ];
    let (page, marks) = (
        folder.join("page.md"),
        "# Runs\n<!-- runs -->\n<!-- /runs -->\n",
    );
    let done = makers(folder, &table, &page, Some(marks), few, (seed, 4));
    tell("results table", done);
    tell("models fetch", fetches(folder, 2 * few, seed));
    tell("models export", exports(folder, few, seed));
    tell("results add", records(folder, 3 * tenth - 10 * few, seed));
    let Kills { early, late, ends } = total;
    eprintln!("| all | {} | {early} | {late} | {ends} | 0 |", early + late);
    assert_eq!(early + late, kills);
    assert!(late > kills / 4 && early > 0, "moments are not spread");
}
