//! What can be wrong with a plan, each with its cure.

use rectifier_data::DataError;
use rectifier_nn::{ModelFileError, NetworkError};
use rectifier_train::TrainError;
use std::path::PathBuf;

/// An error of the catalog. The text names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Something is wrong with the data or its options.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Recipe, run or engine.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A data set that is not in the table.
    #[error("there is no data set `{name}`: there are {known}")]
    UnknownSet {
        /// The name asked for.
        name: String,
        /// All there are.
        known: String,
    },
    /// A plan of a data set that is not in the table.
    #[error("the plan's data set is {tag}, which is none that is known here")]
    UnknownPlan {
        /// What the plan calls it.
        tag: String,
    },
    /// An option of other data sets.
    #[error("--{option} goes with --data {owners}, not with {set}")]
    OptionElsewhere {
        /// The option.
        option: String,
        /// The sets that have it.
        owners: String,
        /// The set it was given for.
        set: String,
    },
    /// An option for what a trained model has decided itself.
    #[error(
        "--{option}: this model's own encoder has decided that when it was trained, and other numbers would mean nothing to it: \
         leave the option out, or train a network with it"
    )]
    Encoded {
        /// The option.
        option: String,
    },
    /// Options that do not say which data set is meant.
    #[error("{options}: which data set? Name it with --data: {sets}")]
    OptionsAlone {
        /// The options.
        options: String,
        /// The sets that have one of them.
        sets: String,
    },
    /// A network that is not in the catalog.
    #[error("there is no network `{name}`: there are {known}")]
    UnknownNetwork {
        /// The name asked for.
        name: String,
        /// All there are.
        known: String,
    },
    /// A network of another size than the data.
    #[error(
        "network {name} is for {inputs} inputs and {outputs} classes, the data has {width} and {classes}: use the network \
         rectifier"
    )]
    NetworkSize {
        /// The network.
        name: String,
        /// Its inputs.
        inputs: usize,
        /// Its classes.
        outputs: usize,
        /// Numbers an example of the data.
        width: usize,
        /// Classes of the data.
        classes: usize,
    },
    /// A share of labels that is none.
    #[error("the label fraction is {0}: it must be above 0 and at most 1, such as 0.1")]
    LabelFraction(f64),
    /// A plan file that cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Text that is no plan.
    #[error("no recipe this command understands: {0}")]
    Syntax(serde_json::Error),
    /// A plan of a form that is not known here.
    #[error(
        "the recipe is of version {found}, this command reads version {known}: use a newer command"
    )]
    Version {
        /// The version found.
        found: u32,
        /// The version that is read.
        known: u32,
    },
    /// A plan file with something wrong in it.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<CatalogError>,
    },
    /// An engine that was asked for and cannot do the work.
    #[error("{reason}")]
    Engine {
        /// What it cannot do, and what can.
        reason: String,
    },
    /// A file that is too long for a plan.
    #[error("{}: it has more than {most} bytes: is this a recipe?", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How many bytes a plan may have.
        most: u64,
    },
    /// More or fewer threads than can work.
    #[error("{given} threads: there must be at least 1 and at most {most}")]
    Threads {
        /// How many were asked for.
        given: usize,
        /// How many there may be.
        most: usize,
    },
    /// An option that the engine does not look at.
    #[error(
        "the number of threads is the sparse engine's, but the Burn engine does the work ({reason}): leave it out"
    )]
    ThreadsUnused {
        /// Why the Burn engine does it.
        reason: String,
    },
    /// A model file that cannot be used.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// A run that keeps no network yet.
    #[error(
        "{run}: this run has no model yet: train it on with `rectifier train --resume {run}`, or begin it again with a lower rate \
         if its loss became no number",
        run = run.display()
    )]
    NoModel {
        /// Its folder.
        run: PathBuf,
    },
    /// A folder that holds no run.
    #[error("{}: there is no run in this folder (no recipe.json): give the folder that `train` named", folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
    },
    /// A model that does not say what it was trained on.
    #[error("{}: the model does not say what it was trained on: give --data", path.display())]
    NoPlan {
        /// The model file.
        path: PathBuf,
    },
    /// What prepares a model's inputs is damaged.
    #[error("{}: {reason}", path.display())]
    Encoder {
        /// The model file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Data of another size than the model's.
    #[error(
        "the model takes {inputs} numbers and tells {outputs} classes apart; {data} has {width} and {classes}: give the \
         data it was trained on"
    )]
    Size {
        /// Numbers an example of the model.
        inputs: usize,
        /// Its classes.
        outputs: usize,
        /// The data set.
        data: String,
        /// Numbers an example of the data.
        width: usize,
        /// Its classes.
        classes: usize,
    },
    /// Data whose numbers or classes mean something else than those the model was trained on.
    #[error("the model was trained on {model}, but {data}: give data of the same meaning")]
    Meaning {
        /// What the model knows.
        model: String,
        /// What the data has.
        data: String,
    },
}
