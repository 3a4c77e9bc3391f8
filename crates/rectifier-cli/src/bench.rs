//! `rectifier bench`.

use crate::args::{BenchArgs, EngineName};
use crate::device;
use crate::error::CliError;
use crate::output::{note, say};
use burn::tensor::Device;
use rectifier_lab::{Bench, Contender, Environment, Peer, Work, csv, table};
use rectifier_train::BurnEngine;

/// Times engines, devices and peers side by side.
///
/// # Errors
/// [`CliError`].
pub fn bench(args: &BenchArgs) -> Result<(), CliError> {
    if args.batch.contains(&0)
        || args.rounds == 0
        || !(args.seconds > 0.0 && args.seconds.is_finite())
    {
        return Err(CliError::Usage(
            "batch sizes, rounds and seconds must be above 0".into(),
        ));
    }
    let works: Vec<Work> = Work::all(&args.batch)
        .into_iter()
        .filter(|work| work.name().contains(&args.only))
        .collect();
    if works.is_empty() {
        let mut names: Vec<String> = Work::all(&[10]).iter().map(Work::name).collect();
        names.dedup();
        return Err(CliError::Usage(format!(
            "no work is named `{}`: there are {}",
            args.only,
            names.join("; ")
        )));
    }
    let (name, device) = device::open(args.device.as_deref())?;
    let mut contenders = Vec::new();
    if !args.without.contains(&EngineName::Sparse) {
        let host = host(&name, &device)?;
        contenders.push(Contender::sparse(host, args.threads));
    }
    if !args.without.contains(&EngineName::Burn) {
        contenders.push(Contender::of_engine(
            &name,
            BurnEngine::new(device.clone()),
            device,
        ));
    }
    let peers: Vec<(Peer, String)> = args
        .peer
        .iter()
        .map(|command| (Peer::new(command), args.only.clone()))
        .collect();
    let bench = Bench {
        rounds: args.rounds,
        seconds: args.seconds,
    };
    let mut progress = |line: &str| note(line);
    let rows = bench.run(&works, &contenders, &peers, &mut progress)?;
    let environment = Environment::here();
    if args.json {
        for row in &rows {
            say(&serde_json::to_string(row).map_err(|error| CliError::Failed(error.to_string()))?);
        }
    } else {
        say(&format!(
            "{}, {} cores, {}, {}; medians of {} rounds (fastest to slowest), speed beside the last of each work",
            environment.processor,
            environment.cores,
            environment.level,
            environment.system,
            args.rounds
        ));
        say(table(&rows).trim_end());
    }
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|source| CliError::io(folder, source))?;
        let record = serde_json::json!({"environment": environment, "rows": rows});
        let text = serde_json::to_string_pretty(&record)
            .map_err(|error| CliError::Failed(error.to_string()))?;
        rectifier_nn::write_atomically(&folder.join("bench.json"), format!("{text}\n").as_bytes())?;
        rectifier_nn::write_atomically(&folder.join("bench.csv"), csv(&rows).as_bytes())?;
    }
    Ok(())
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
