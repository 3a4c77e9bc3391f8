//! A network of the tensors of a state dict.

use super::module::Module;
use crate::batch_norm::BatchNorm;
use crate::numbers::transposed;
use crate::stack::Stack;
use crate::{Activation, ExchangeError, ImportOptions, Network};
use rectifier_model::{ModelCard, Unit};
use std::collections::BTreeMap;

/// Where state dicts lie in the checkpoints that training loops save.
const NESTED: [&str; 3] = ["model_state_dict", "state_dict", "model"];

/// How many batches a batch normalization has seen: nothing that predicts.
pub(super) fn is_counter(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}

/// A tensor by shape and numbers.
pub(super) struct StateTensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl StateTensor {
    pub(super) fn new(shape: &[usize], values: Vec<f32>) -> Self {
        Self {
            shape: shape.to_vec(),
            values,
        }
    }
}

/// The tensors of a state dict, and what their file says beside them.
pub(super) struct StateDict {
    origin: String,
    tensors: BTreeMap<String, StateTensor>,
    pub(super) modules: Option<Vec<Module>>,
    pub(super) card: Option<ModelCard>,
}

/// What one module has.
type Parts = BTreeMap<String, StateTensor>;

/// Which of the `names` make the state dict of a checkpoint, and what stands before each: nothing, or the key of the part that
/// holds it.
pub(super) fn nested<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let within = |key: &&&str| {
        let mut names = names.clone();
        names.any(|name| {
            name.strip_prefix(**key)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    };
    NESTED
        .iter()
        .find(within)
        .map(|key| format!("{key}."))
        .unwrap_or_default()
}

impl StateDict {
    pub(super) fn new(origin: &str, tensors: BTreeMap<String, StateTensor>) -> Self {
        Self {
            origin: origin.into(),
            tensors,
            modules: None,
            card: None,
        }
    }

    /// The network.
    ///
    /// # Errors
    /// [`ExchangeError`] naming the first tensor or layer that it cannot have.
    pub(super) fn network(self, options: &ImportOptions) -> Result<Network, ExchangeError> {
        let Self {
            origin,
            tensors,
            modules,
            card,
        } = self;
        let numbered = numbered(&origin, tensors)?;
        let given = match (options.activation, &modules) {
            (Some(activation), _) => Some(activation),
            (None, Some(modules)) => listed(&origin, modules)?,
            (None, None) => None,
        };
        let mut stack = Stack::new(&origin);
        // The last place that held a linear layer, or what was folded into it; and whether its activation is known.
        let mut last: Option<usize> = None;
        let mut activated = false;
        for (number, parts) in numbered {
            let place = format!("layer `{number}`");
            let directly = last.is_some_and(|last| last + 1 == number);
            match Kind::of(parts) {
                Kind::Linear {
                    dims: [units, inputs],
                    weight,
                    bias,
                } => {
                    if last.is_some() && !activated && !directly {
                        let Some(activation) = given else {
                            return Err(ExchangeError::NoActivation { origin });
                        };
                        if matches!(activation.unit, Unit::ParametricLeaky { .. }) {
                            let reason = "the slope of the parametric leaky unit before it is not in the file";
                            return Err(stack.refuse(&place, reason));
                        }
                        let between = format!("the activation before {place}");
                        stack.activation(&between, activation, None)?;
                    }
                    let weight = transposed([units, inputs], &weight);
                    let bias = bias.unwrap_or_else(|| vec![0.0; units]);
                    stack.linear(&place, [inputs, units], weight, bias)?;
                    activated = false;
                    last = Some(number);
                }
                Kind::BatchNorm(mut norm) => {
                    if !directly || activated {
                        let reason = "a batch normalization is folded directly behind a linear layer alone, and this one \
                                      is not: something without parameters, such as an activation, lies before it";
                        return Err(stack.refuse(&place, reason));
                    }
                    norm.epsilon = options.batch_norm_epsilon;
                    stack.batch_norm(&place, &norm)?;
                    last = Some(number);
                }
                Kind::Slope(slope) => {
                    let unit = Unit::ParametricLeaky {
                        slope: Unit::PARAMETRIC_SLOPE,
                    };
                    stack.activation(&place, Activation::of(unit), Some(slope))?;
                    activated = true;
                }
                Kind::Other(reason) => return Err(stack.refuse(&place, reason)),
            }
        }
        stack.finish(options, card, None)
    }
}

/// What a module is, by the tensors it has.
enum Kind {
    /// `[units, inputs]`, as PyTorch has it.
    Linear {
        dims: [usize; 2],
        weight: Vec<f32>,
        bias: Option<Vec<f32>>,
    },
    BatchNorm(BatchNorm),
    Slope(f32),
    Other(String),
}

impl Kind {
    fn of(mut parts: Parts) -> Self {
        let mut take = |name: &str| {
            parts
                .remove(name)
                .map(|tensor| (tensor.shape, tensor.values))
        };
        let (weight, bias) = (take("weight"), take("bias"));
        let statistics = (take("running_mean"), take("running_var"));
        if let Some(part) = parts.keys().next() {
            return Self::Other(format!(
                "its tensor `{part}` is of no layer that is known here"
            ));
        }
        let values = |tensor: Option<(Vec<usize>, Vec<f32>)>| tensor.map(|(_, values)| values);
        match (weight, bias, statistics) {
            (weight, bias, (Some((_, mean)), Some((_, variance)))) => Self::BatchNorm(BatchNorm {
                mean,
                variance,
                weight: values(weight),
                bias: values(bias),
                epsilon: 0.0,
            }),
            (Some((shape, weight)), bias, (None, None)) => match (shape.as_slice(), bias) {
                (&[units, inputs], bias) => Self::Linear {
                    dims: [units, inputs],
                    weight,
                    bias: values(bias),
                },
                ([1], None) => match weight.first() {
                    Some(slope) => Self::Slope(*slope),
                    None => Self::Other("its weight is empty".into()),
                },
                ([_], None) => Self::Other(
                    "one weight a unit: a PReLU with a slope for each unit, or a normalization, which cannot be taken".into(),
                ),
                ([_], Some(_)) => Self::Other(
                    "one weight and one bias a unit: a normalization that depends on each example, such as LayerNorm, which \
                     cannot be folded"
                        .into(),
                ),
                _ => Self::Other(format!(
                    "its weight has the shape {shape:?}, as of a convolution: only linear layers can be taken"
                )),
            },
            _ => Self::Other("it has no weight".into()),
        }
    }
}

/// The tensors by the number of their module. What stands before all numbers, such as `net.`, is the same for all.
fn numbered(
    origin: &str,
    tensors: BTreeMap<String, StateTensor>,
) -> Result<BTreeMap<usize, Parts>, ExchangeError> {
    let mut modules: BTreeMap<usize, Parts> = BTreeMap::new();
    let mut common: Option<String> = None;
    for (name, tensor) in tensors {
        let refuse =
            |reason: String| ExchangeError::layer(origin, &format!("tensor `{name}`"), reason);
        let split = name.rsplit_once('.').map(|(module, part)| {
            let (before, number) = module.rsplit_once('.').unwrap_or(("", module));
            (before, number.parse::<usize>(), part)
        });
        let Some((before, Ok(number), part)) = split else {
            return Err(refuse(
                "only the state dict of a torch.nn.Sequential, whose layers are numbered as in `0.weight`, says in which order \
                 they come: save that of a Sequential, or export to ONNX"
                    .into(),
            ));
        };
        let known = common.get_or_insert_with(|| before.to_string());
        if known != before {
            return Err(refuse(format!(
                "it is of another sequence than `{known}`: only one torch.nn.Sequential can be taken"
            )));
        }
        modules
            .entry(number)
            .or_default()
            .insert(part.into(), tensor);
    }
    match modules.is_empty() {
        true => Err(ExchangeError::Format {
            origin: origin.into(),
            format: "a PyTorch state dict",
            reason: "it holds no tensors".into(),
            cure: "save model.state_dict()",
        }),
        false => Ok(modules),
    }
}

/// The one activation among the modules that a file lists.
fn listed(origin: &str, modules: &[Module]) -> Result<Option<Activation>, ExchangeError> {
    let mut common = None;
    for (number, module) in modules.iter().enumerate() {
        let refuse =
            |reason: String| ExchangeError::layer(origin, &format!("layer `{number}`"), reason);
        let Some(activation) = module.activation().map_err(refuse)? else {
            continue;
        };
        let known = *common.get_or_insert(activation);
        if known != activation {
            return Err(refuse(format!(
                "it is {activation}, and the one before it {known}: the hidden layers of a network here have one activation"
            )));
        }
    }
    Ok(common)
}
