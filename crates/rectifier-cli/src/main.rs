//! The command `rectifier`: train, evaluate and use deep sparse rectifier networks.
#![recursion_limit = "256"]

mod args;
mod bench;
mod dashboard;
mod data_check;
mod data_command;
mod destination;
mod device;
mod doctor;
mod error;
mod eval;
mod experiment;
mod memory;
mod models;
mod output;
mod pictures;
mod plan_options;
mod predict;
mod predict_text;
mod predictor;
mod progress;
mod refused;
#[cfg(feature = "remote")]
mod remote;
mod report;
mod results;
mod signals;
mod terminal;
mod threads;
mod thresholds;
mod train;
mod verbose;

use args::{Cli, Command, RecipeCommand};
use clap::FromArgMatches;
use error::CliError;
use output::{note, say};
use rectifier_catalog::CatalogError;
use std::process::ExitCode;

fn main() -> ExitCode {
    memory::keep_freed();
    let prepared = signals::outlive_file_limit().and_then(|()| refused::tell());
    let prepared = prepared.map_err(|source| CliError::Signals { source });
    let matches = args::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    verbose::tell(cli.verbose);
    let done = prepared.and_then(|()| run(&cli.command));
    match done.and_then(|()| output::said()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&error.message());
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: &Command) -> Result<(), CliError> {
    match command {
        Command::Train(args) => train::train(args),
        Command::Eval(args) => eval::eval(args),
        Command::Thresholds(args) => thresholds::thresholds(args),
        Command::Predict(args) => predict::predict(args),
        Command::Report(args) => report::report(args),
        Command::Data(command) => data_command::data(command),
        Command::Models(command) => models::models(command),
        Command::Recipe(RecipeCommand::Show(args)) => {
            say(&args.plan()?.to_text()?);
            Ok(())
        }
        Command::Recipe(RecipeCommand::Check { file }) => {
            let plan = rectifier_catalog::Plan::read(file)?;
            plan.check_data().map_err(|source| CatalogError::File {
                path: file.clone(),
                source: Box::new(source),
            })?;
            say(&plan.describe());
            Ok(())
        }
        Command::Bench(args) => bench::bench(args),
        Command::Experiment(command) => experiment::run(command),
        Command::Results(command) => results::results(command),
        Command::Doctor(args) => doctor::doctor(args),
        Command::Devices => {
            for (name, title, compiled) in device::all() {
                let state = if compiled {
                    "in this build"
                } else {
                    "build with --features"
                };
                say(&match compiled {
                    true => format!("{name:<8} {title:<53} {state}"),
                    false => format!("{name:<8} {title:<53} {state} {name}"),
                });
            }
            Ok(())
        }
        #[cfg(feature = "remote")]
        Command::ServeDevice(args) => remote::serve(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut args::command(), "rectifier", &mut script);
            say(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}
