//! Options that say which data, and where it is.

use crate::error::CliError;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use rectifier_catalog::{DataSpec, OfferedOption};
use rectifier_data::{Locator, OptionKind, Options};
use std::path::PathBuf;

/// Where files of data sets are looked for.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceArgs {
    /// Folder to look for data files in, before RECTIFIER_DATA and the cache.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Never fetch anything.
    #[arg(long)]
    pub offline: bool,
    /// Accept local data files whose checksum is not the known one.
    #[arg(long)]
    pub allow_unknown_data: bool,
}

impl PlaceArgs {
    /// What finds the files.
    pub fn locator(&self) -> Locator {
        Locator {
            data_dir: self.data_dir.clone(),
            offline: self.offline,
            allow_unknown: self.allow_unknown_data,
            ..Locator::default()
        }
    }
}

/// Where data comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    /// Data set: a name that `data list` prints, or one of those that read files of your own [default: glyphs].
    #[arg(long, value_name = "SET")]
    pub data: Option<String>,
    /// Where its files are.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// What the sets let one choose.
    #[command(flatten)]
    pub set: SetArgs,
}

impl DataArgs {
    /// Where to look for files.
    pub fn locator(&self) -> Locator {
        self.place.locator()
    }

    /// The data set asked for; `None` if none was.
    ///
    /// # Errors
    /// [`CliError`] for options that do not belong together.
    pub fn choice(&self) -> Result<Option<DataSpec>, CliError> {
        Ok(match &self.data {
            Some(name) => Some(DataSpec::open(name, &self.set.options)?),
            None => DataSpec::implied(&self.set.options)?,
        })
    }

    /// The data set asked for beside one that is known already: another one where it is named, else the known one with
    /// what the options change.
    ///
    /// # Errors
    /// [`CliError`] for options that the set has not.
    pub fn choice_for(&self, known: &DataSpec) -> Result<DataSpec, CliError> {
        Ok(match &self.data {
            Some(name) => DataSpec::open(name, &self.set.options)?,
            None => known.changed(&self.set.options)?,
        })
    }
}

/// The options of all data sets, as the sets describe them.
#[derive(Debug, Clone, Default)]
pub struct SetArgs {
    /// What was given.
    pub options: Options,
}

impl SetArgs {
    fn arg(offered: &OfferedOption) -> Arg {
        let spec = offered.spec;
        let help = spec.help.trim_end_matches('.');
        let help = format!("{help} [for {}]", offered.sets.join(", "));
        let arg = Arg::new(spec.name).long(spec.name).help(help);
        match spec.kind {
            OptionKind::Switch => arg.action(ArgAction::SetTrue),
            OptionKind::OneOf(words) => arg.value_name(spec.value).value_parser(words.to_vec()),
            // The set says what a number must be.
            OptionKind::Text | OptionKind::Path | OptionKind::Count | OptionKind::Number => {
                arg.value_name(spec.value)
            }
        }
    }
}

impl Args for SetArgs {
    fn augment_args(command: Command) -> Command {
        let offered = rectifier_catalog::options();
        command
            .args(offered.iter().map(Self::arg))
            .next_help_heading(None)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SetArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Options::new();
        for offered in rectifier_catalog::options() {
            let name = offered.spec.name;
            if offered.spec.kind == OptionKind::Switch {
                if matches.get_flag(name) {
                    options = options.with(name, "true");
                }
            } else if let Some(value) = matches.get_one::<String>(name) {
                options = options.with(name, value);
            }
        }
        Ok(Self { options })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
