//! Engines, measurements and records, through the command.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::path::Path;
use support::{command, fails, last_json, ok, text};

fn train(folder: &Path, more: &[&str]) -> Value {
    let args = [
        "train",
        "--examples",
        "620",
        "--hidden",
        "24,16",
        "--epochs",
        "2",
        "--json",
    ];
    last_json(&ok(folder, &[&args[..], more].concat()))
}

#[test]
fn both_engines_carry_out_the_same_recipe() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    for more in [
        &[][..],
        &[
            "--pretrain",
            "--pretrain-epochs",
            "1",
            "--pretrain-lr",
            "0.005",
        ],
    ] {
        let both = ["sparse", "burn"].map(|engine| {
            let result = train(folder, &[more, &["--engine", engine]].concat());
            assert_eq!(result["engine"], engine);
            let run = folder.join(result["run"].as_str().unwrap());
            let history = std::fs::read_to_string(run.join("history.jsonl")).unwrap();
            let losses: Vec<f64> = history
                .lines()
                .map(|line| {
                    serde_json::from_str::<Value>(line).unwrap()["train_loss"]
                        .as_f64()
                        .unwrap()
                })
                .collect();
            losses
        });
        assert_eq!(both[0].len(), both[1].len());
        for (sparse, burn) in both[0].iter().zip(&both[1]) {
            assert!((sparse - burn).abs() < 1e-3 * burn, "{sparse} {burn}");
        }
    }
}

#[test]
fn the_sparse_engine_is_the_default_where_it_can_do_the_work() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    assert_eq!(train(folder, &[])["engine"], "sparse");
    assert_eq!(train(folder, &["--threads", "1"])["engine"], "sparse");
    assert_eq!(
        train(folder, &["--optimizer", "adam", "--lr", "0.001"])["engine"],
        "burn"
    );
    assert_eq!(
        train(folder, &["--optimizer", "momentum", "--lr", "0.01"])["engine"],
        "sparse"
    );
    let args = [
        "train",
        "--examples",
        "310",
        "--hidden",
        "8",
        "--epochs",
        "1",
        "--optimizer",
        "adam",
        "--lr",
        "0.01",
    ];
    let told = command(folder, &args).output().unwrap();
    assert!(
        text(&told.stderr).contains("has no Adam"),
        "{}",
        text(&told.stderr)
    );
    let error = fails(folder, 2, &[&args[..], &["--engine", "sparse"]].concat());
    assert!(error.contains("--engine burn"), "{error}");
    let error = fails(
        folder,
        2,
        &[
            "train",
            "--network",
            "parametric-leaky",
            "--engine",
            "sparse",
        ],
    );
    assert!(error.contains("learn a slope"), "{error}");
    assert!(fails(folder, 2, &["train", "--threads", "0"]).contains("at least 1"));
}

#[test]
fn bench_tells_what_a_step_spends_its_time_on() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let args = [
        "bench",
        "--phases",
        "--batch",
        "2",
        "--rounds",
        "1",
        "--seconds",
        "0.01",
    ];
    let printed = ok(folder, &[&args[..], &["--only", "train"]].concat());
    for part in [
        "train 784-1000x3-10",
        "pretrain 784-1000",
        "backward",
        "lists",
        "waiting",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let printed = ok(
        folder,
        &[&args[..], &["--only", "pretrain", "--json"]].concat(),
    );
    let row: Value = serde_json::from_str(printed.lines().next().unwrap()).unwrap();
    assert!(row["ms"].as_f64().unwrap() > 0.0 && row["phases"].as_array().unwrap().len() > 5);
    let error = fails(folder, 2, &[&args[..], &["--only", "infer"]].concat());
    assert!(error.contains("looks at training steps"), "{error}");
}

#[test]
fn bench_prints_one_row_a_candidate_and_takes_peers_in_turn() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let peer = folder.join("peer.py");
    std::fs::write(
        &peer,
        "print('{\"peer\": \"other 1.0\", \"work\": \"infer 784-1000x3-10\", \"batch\": 2, \"zeros\": 0.5, \"ms\": 3.0, \
         \"examples_per_s\": 666.7}')\n\
         print('{\"peer\": \"int8\", \"work\": \"infer 784-1000x3-10\", \"batch\": 2, \"zeros\": 0.77, \"ms\": 2.0, \
         \"examples_per_s\": 1000}')\n",
    )
    .unwrap();
    let peer = peer.display().to_string();
    let args = [
        "bench",
        "--only",
        "infer",
        "--batch",
        "2",
        "--rounds",
        "2",
        "--seconds",
        "0.01",
        "--out",
        "here",
    ];
    let printed = ok(folder, &[&args[..], &["--json", "--peer", &peer]].concat());
    let rows: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // Two settings of zeros, three precisions, Burn's engine and its with zero-skipping layers each, and the peer's two programs.
    assert_eq!(rows.len(), 12, "{printed}");
    for row in &rows[..10] {
        assert_eq!(row["work"], "infer 784-1000x3-10");
        assert_eq!(row["rounds"], 2);
        assert!(row["ms"].as_f64().unwrap() > 0.0 && row["examples_per_s"].as_f64().unwrap() > 0.0);
        assert!(row["ms_min"].as_f64().unwrap() <= row["ms"].as_f64().unwrap());
    }
    let equal = |row: &&Value| row["parity"].as_f64().is_some_and(|parity| parity < 1e-3);
    assert!(rows.iter().filter(equal).count() >= 4);
    let engines: Vec<&Value> = rows[..5].iter().map(|row| &row["engine"]).collect();
    assert_eq!(
        engines,
        [
            "sparse",
            "sparse-bf16",
            "sparse-int8",
            "sparse-layers",
            "burn"
        ]
    );
    if cfg!(target_os = "linux") {
        let known = |row: &&Value| row["peak_mb"].as_f64().is_some_and(|peak| peak > 1.0);
        assert_eq!(rows[..10].iter().filter(known).count(), 10, "{printed}");
    }
    assert_eq!(
        (&rows[10]["engine"], &rows[11]["engine"]),
        (&"other 1.0".into(), &"int8".into())
    );
    // A program stands beside the setting whose zeros it has, not beside the first.
    assert_eq!(
        (&rows[10]["setting"], &rows[11]["setting"]),
        (&0.into(), &1.into())
    );
    assert!(
        std::fs::read_to_string(folder.join("here/bench.csv"))
            .unwrap()
            .lines()
            .count()
            == 13
    );
    // Two settings of a work are two rows of one dot an engine, and each program's stands in its own.
    let svg = std::fs::read_to_string(folder.join("here/bench.svg")).unwrap();
    assert_eq!(svg.matches("<title>sparse on ").count(), 2, "{svg}");
    assert_eq!(svg.matches("<title>other 1.0: ").count(), 1, "{svg}");
    std::fs::create_dir(folder.join("results")).unwrap();
    std::fs::rename(folder.join("here"), folder.join("results/bench")).unwrap();
    let tables = ok(folder, &["results", "table"]);
    assert!(
        tables.contains("| other 1.0 | int8 | best of the others | times as fast |"),
        "{tables}"
    );
    assert!(ok(folder, &args).contains("examples/s"));
    let error = fails(
        folder,
        1,
        &[
            "bench",
            "--only",
            "infer",
            "--batch",
            "1",
            "--seconds",
            "0.01",
            "--peer",
            "no/such/program",
        ],
    );
    assert!(error.contains("no/such/program"), "{error}");
    let error = fails(folder, 2, &["bench", "--only", "juggle"]);
    assert!(error.contains("infer 784-1000x3-10"), "{error}");
}

#[test]
fn growth_is_measured_beside_its_bound_and_drawn() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let args = [
        "bench",
        "--growth",
        "width,threads",
        "--max",
        "250",
        "--rounds",
        "1",
        "--seconds",
        "0",
    ];
    // No time at all is no measurement.
    let error = fails(folder, 2, &args);
    assert!(error.contains("above 0"), "{error}");
    let args = [&args[..8], &["0.01", "--out", "results/growth"]].concat();
    let printed = ok(folder, &[&args[..], &["--json"]].concat());
    let points: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let cores = std::thread::available_parallelism().unwrap().get();
    let teams = (1..=cores).filter(|n| n.is_power_of_two() || *n == cores);
    assert_eq!(points.len(), 2 + 2 * teams.count(), "{printed}");
    for point in &points {
        let bound = &point["bound"];
        let [ms, traffic, arithmetic] =
            ["ms", "traffic_ms", "arithmetic_ms"].map(|key| bound[key].as_f64().unwrap());
        assert_eq!(ms, traffic.max(arithmetic));
        assert!(traffic > 0.0 && arithmetic > 0.0);
        let zeros = bound["load"]["zeros"].as_f64().unwrap();
        assert!((zeros - 0.75).abs() < 0.01, "{point}");
        for row in point["rows"].as_array().unwrap() {
            assert!(row["ms"].as_f64().unwrap() > 0.0);
        }
    }
    let svg =
        |name: &str| std::fs::read_to_string(folder.join("results/growth").join(name)).unwrap();
    // Two engines and a bound, at two batch sizes; one width is no line, but a mark.
    assert_eq!(
        svg("width.svg").matches("<title>bound, width 250").count(),
        2
    );
    assert_eq!(
        svg("width.svg").matches("<title>sparse, width 250").count(),
        2
    );
    assert_eq!(
        svg("width.svg").matches("<title>burn, width 250").count(),
        2
    );
    if cores > 1 {
        assert_eq!(svg("threads.svg").matches("<polyline").count(), 6);
        assert_eq!(
            svg("threads.svg")
                .matches("class=\"curve dashed\" points")
                .count(),
            2
        );
    }
    assert!(!folder.join("results/growth/depth.svg").exists());
    let before = svg("width.svg");
    std::fs::remove_file(folder.join("results/growth/width.svg")).unwrap();
    let drawn = ok(folder, &["results", "plot"]);
    assert!(
        drawn.contains("width.svg") && drawn.contains("threads.svg"),
        "{drawn}"
    );
    assert_eq!(svg("width.svg"), before);

    let page = folder.join("page.md");
    std::fs::write(&page, "<!-- growth -->\n<!-- /growth -->\n").unwrap();
    ok(folder, &["results", "table", "--write", "page.md"]);
    let table = std::fs::read_to_string(&page).unwrap();
    assert_eq!(table.matches("\n| width | 250 | ").count(), 2, "{table}");

    let error = fails(folder, 1, &["results", "plot", "--folder", "nowhere"]);
    assert!(error.contains("rectifier bench --out"), "{error}");
    let error = fails(folder, 2, &["bench", "--growth", "height"]);
    assert!(
        error.contains("width, depth, zeros, threads, examples"),
        "{error}"
    );
    let error = fails(folder, 2, &["bench", "--growth", "width", "--max", "3"]);
    assert!(error.contains("--max"), "{error}");
}

#[test]
fn records_become_tables() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let run = train(folder, &[]);
    let run = run["run"].as_str().unwrap();
    ok(folder, &["results", "add", run, "small"]);
    assert!(folder.join("results/runs/small/summary.json").is_file());
    let table = ok(folder, &["results", "table"]);
    assert!(
        table.contains("| small | glyphs | rectifier 24-16 | 2 epochs"),
        "{table}"
    );
    let page =
        "# title\n<!-- runs -->\nold\n<!-- /runs -->\n<!-- bench -->\n<!-- /bench -->\nend\n";
    std::fs::write(folder.join("page.md"), page).unwrap();
    ok(folder, &["results", "table", "--write", "page.md"]);
    let written = std::fs::read_to_string(folder.join("page.md")).unwrap();
    assert!(
        written.contains("| small |") && !written.contains("old") && written.ends_with("end\n"),
        "{written}"
    );
    // A folder that is not there, or that has not what the page shows, leaves the page as it is.
    std::fs::create_dir(folder.join("empty")).unwrap();
    for (records, told) in [("TYPO", "no such folder"), ("empty", "`runs`")] {
        let args = [
            "results", "table", "--folder", records, "--write", "page.md",
        ];
        let error = fails(folder, 1, &args);
        assert!(error.contains(records) && error.contains(told), "{error}");
        let page = std::fs::read_to_string(folder.join("page.md")).unwrap();
        assert_eq!(page, written);
    }
    assert!(fails(folder, 1, &["results", "table", "--folder", "TYPO"]).contains("TYPO"));

    // Seeds have the t interval of their mean: 10% and 12% are 11% +- 12.7 times 1%, cut off at 0.
    for (seed, error) in [("7", 0.10), ("8", 0.12)] {
        let name = format!("seeds-{seed}");
        ok(folder, &["results", "add", run, &name]);
        let path = folder.join("results/runs").join(&name).join("recipe.json");
        let plan = std::fs::read_to_string(&path).unwrap();
        let other = plan.replace(
            "\"seed\": 1,\n    \"stages",
            &format!("\"seed\": {seed},\n    \"stages"),
        );
        assert_ne!(plan, other);
        std::fs::write(&path, other).unwrap();
        let path = path.with_file_name("summary.json");
        let mut summary: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        summary["test_error"] = error.into();
        std::fs::write(&path, summary.to_string()).unwrap();
    }
    let table = ok(folder, &["results", "table"]);
    assert!(
        table.contains("| 2 | 11.00% (0.00% to 23.71%); 10.00%, 12.00% |"),
        "{table}"
    );
    std::fs::write(folder.join("bare.md"), "nothing").unwrap();
    assert!(
        fails(folder, 1, &["results", "table", "--write", "bare.md"]).contains("<!-- runs -->")
    );
    assert!(fails(folder, 1, &["results", "add", "nowhere", "x"]).contains("nowhere"));
}

#[test]
fn thresholds_are_chosen_on_validation_data_saved_and_tabled() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let trained = train(folder, &["--out", "run"]);
    let args = [
        "thresholds",
        "run",
        "--thresholds",
        "0.2,0.05",
        "--tolerance",
        "1",
        "--rounds",
        "1",
        "--seconds",
        "0.01",
    ];
    let more = [
        "--json",
        "--out",
        "results/thresholds/small.json",
        "--save",
        "cut.safetensors",
    ];
    let study = last_json(&ok(folder, &[&args[..], &more].concat()));
    let rows = study["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[0]["valid_error"], trained["valid_error"]);
    assert_eq!(study["test_error_plain"], trained["test_error"]);
    let zeros = |row: &Value| row["zeros"][0].as_f64().unwrap();
    assert!(zeros(&rows[0]) < zeros(&rows[2]) && zeros(&rows[2]) < zeros(&rows[4]));
    let chosen = &rows[study["chosen"].as_u64().unwrap() as usize];
    assert!(
        rows.iter()
            .all(|row| row["us_single"].as_f64() >= chosen["us_single"].as_f64())
    );
    // The saved model is the one with the threshold: evaluated without any option it has its zeros.
    let told = last_json(&ok(folder, &["eval", "cut.safetensors", "--json"]));
    let wanted = ok(
        folder,
        &[
            "eval",
            "run",
            "--threshold",
            &chosen["threshold"].to_string(),
            "--json",
        ],
    );
    assert_eq!(told["zeros"], last_json(&wanted)["zeros"]);
    let table = ok(folder, &args);
    assert_eq!(table.matches(" us ").count(), 6, "{table}");
    let page = ok(folder, &["results", "table"]);
    assert!(
        page.contains("| threshold | weights |") && page.contains("glyphs, 24-16"),
        "{page}"
    );
    for (option, value) in [
        ("--thresholds", "-1"),
        ("--rounds", "0"),
        ("--seconds", "nan"),
    ] {
        let wrong = format!("{option}={value}");
        assert!(!fails(folder, 2, &["thresholds", "run", &wrong]).is_empty());
    }
}
