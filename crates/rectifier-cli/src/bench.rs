//! `rectifier bench`.

use crate::args::{BenchArgs, CandidateName};
use crate::destination::takes_files;
use crate::device;
use crate::error::CliError;
use crate::output::{count, note, say};
use burn::tensor::Device;
use rectifier_bench::{
    Bench, BenchError, BenchRecord, Candidate, Environment, Growth, Peer, Workload, phase_table,
    table,
};
use rectifier_nn::Precision;
use rectifier_sparse::SparseEngine;
use rectifier_train::BurnEngine;

/// Seconds of a step and of an epoch above which a candidate is left out where cost grows.
const LONGEST: (f64, f64) = (2.0, 15.0);

/// Times engines, devices and peers side by side.
///
/// # Errors
/// [`CliError`].
pub fn bench(args: &BenchArgs) -> Result<(), CliError> {
    if let Some(folder) = &args.out {
        takes_files(folder)?;
    }
    if !args.growth.is_empty() {
        return growth(args);
    }
    let workloads: Vec<Workload> = Workload::all(&args.batch)
        .into_iter()
        .filter(|work| work.name().contains(&args.only))
        .collect();
    if workloads.is_empty() {
        let mut names: Vec<String> = Workload::all(&[10]).iter().map(Workload::name).collect();
        names.dedup();
        return Err(CliError::Usage(format!(
            "no workload is named `{}`: there are {}",
            args.only,
            names.join("; ")
        )));
    }
    let (name, device) = device::open(args.device.as_deref())?;
    if args.phases {
        return phases(args, &workloads, host(&name, &device)?);
    }
    let mut candidates = Vec::new();
    if !args.without.contains(&CandidateName::Sparse) {
        let host = host(&name, &device)?;
        candidates.push(Candidate::sparse(host, args.threads));
    }
    let rounded = [
        (CandidateName::SparseBf16, Precision::Bf16),
        (CandidateName::SparseInt8, Precision::Int8),
    ];
    for (candidate, precision) in rounded {
        if !args.without.contains(&candidate) {
            let host = host(&name, &device)?;
            candidates.push(Candidate::rounded(precision, host, args.threads));
        }
    }
    // Elsewhere the operation is Burn's own composition.
    if name == "flex" && !args.without.contains(&CandidateName::SparseLayers) {
        candidates.push(Candidate::sparse_layers(&name, device.clone()));
    }
    if !args.without.contains(&CandidateName::Burn) {
        candidates.push(burn(&name, &device));
    }
    let works = |candidate: &Candidate| workloads.iter().any(|work| candidate.can(work));
    if args.peer.is_empty() && !candidates.iter().any(works) {
        return Err(nothing_left());
    }
    let peers: Vec<(Peer, String)> = args
        .peer
        .iter()
        .map(|command| (Peer::new(command), args.only.clone()))
        .collect();
    let bench = Bench {
        rounds: args.rounds,
        seconds: args.seconds,
        longest: None,
    };
    let mut progress = |line: &str| note(line);
    let rows = bench.run(&workloads, &candidates, &peers, &mut progress)?;
    let environment = Environment::here();
    if args.json {
        for row in &rows {
            say(&serde_json::to_string(row).map_err(|error| CliError::Failed(error.to_string()))?);
        }
    } else {
        say(&format!(
            "{}, {}; medians of {} (fastest to slowest), speed beside the last of each work",
            environment.short(),
            environment.system,
            count(args.rounds, "round")
        ));
        say(table(&rows).trim_end());
    }
    if let Some(folder) = &args.out {
        BenchRecord { environment, rows }.write(folder)?;
    }
    Ok(())
}

fn nothing_left() -> CliError {
    CliError::Usage("--without leaves nothing that does the work asked for: leave less out".into())
}

/// What training steps spend their time on.
fn phases(args: &BenchArgs, workloads: &[Workload], host: Device) -> Result<(), CliError> {
    let mut engine = SparseEngine::new(host.clone());
    if let Some(threads) = args.threads {
        engine = engine.with_threads(threads);
    }
    let bench = Bench {
        rounds: args.rounds,
        seconds: args.seconds,
        longest: None,
    };
    let rows = bench.phases(workloads, &engine, &host, &mut |line| note(line))?;
    if rows.is_empty() {
        return Err(CliError::Usage(format!(
            "nothing that `{}` names is training: --phases looks at training steps",
            args.only
        )));
    }
    if args.json {
        for row in &rows {
            say(&serde_json::to_string(row).map_err(|error| CliError::Failed(error.to_string()))?);
        }
        return Ok(());
    }
    let environment = Environment::here();
    say(&format!(
        "{}, {}; the fastest of {} rounds, milliseconds a step as the mean of the threads",
        environment.short(),
        environment.system,
        args.rounds
    ));
    say(phase_table(&rows).trim_end());
    Ok(())
}

/// How the cost of a step grows.
fn growth(args: &BenchArgs) -> Result<(), CliError> {
    let (name, device) = device::open(args.device.as_deref())?;
    let host = host(&name, &device)?;
    let on_cpu = ["flex", "ndarray"].contains(&name.as_str());
    let candidates = |threads: Option<usize>| -> Result<Vec<Candidate>, BenchError> {
        let mut candidates = Vec::new();
        if !args.without.contains(&CandidateName::Sparse) {
            candidates.push(Candidate::sparse(host.clone(), threads));
        }
        if !args.without.contains(&CandidateName::Burn) {
            match threads {
                Some(threads) if on_cpu => {
                    candidates.push(burn(&name, &device).on_rayon(threads)?);
                }
                // Other devices have threads of their own.
                Some(_) => {}
                None => candidates.push(burn(&name, &device)),
            }
        }
        Ok(candidates)
    };
    if candidates(args.threads)?.is_empty() {
        return Err(nothing_left());
    }
    let growth = Growth {
        rounds: args.rounds,
        seconds: args.seconds,
        longest_step: LONGEST.0,
        longest_epoch: LONGEST.1,
        candidates: &candidates,
        threads: args.threads,
        host: host.clone(),
        most: args.max.unwrap_or(f64::INFINITY),
    };
    let record = growth.run(&args.growth, &mut |line| note(line))?;
    if record.points.is_empty() {
        return Err(CliError::Usage(
            "nothing begins that low: give a higher --max".into(),
        ));
    }
    if args.json {
        for point in &record.points {
            say(&serde_json::to_string(point)
                .map_err(|error| CliError::Failed(error.to_string()))?);
        }
    } else {
        say(record.table().trim_end());
    }
    if let Some(folder) = &args.out
        && let Some(wrong) = record.write(folder)?
    {
        note(&format!("{wrong}: it is replaced"));
    }
    Ok(())
}

fn burn(name: &str, device: &Device) -> Candidate {
    Candidate::of_engine(name, BurnEngine::new(device.clone()), device.clone())
}

/// A CPU device that the sparse engine's networks are made on.
fn host(name: &str, device: &Device) -> Result<Device, CliError> {
    match name {
        "flex" | "ndarray" => Ok(device.clone()),
        _ => {
            let cpu = device::compiled()
                .into_iter()
                .find(|name| ["flex", "ndarray"].contains(name));
            let cpu = cpu.ok_or_else(|| {
                CliError::Usage("the sparse engine needs a build with feature flex".into())
            })?;
            Ok(device::open(Some(cpu))?.1)
        }
    }
}
