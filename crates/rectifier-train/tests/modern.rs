//! Frozen layers, weight decay and dropout on Burn's engine: what they promise, number by number.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use common::{Asked, create, network, open, parameters, points, run, story};
use rectifier_data::{Batch, Examples};
use rectifier_nn::{DenseStack, Forward, Network};
use rectifier_train::{
    BurnEngine, Dropout, Engine, FineTune, Optimizer, Recipe, StageContext, TrainError,
};

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Weights and biases of every layer, the output layer's last.
fn layers(stack: &DenseStack) -> Vec<[Vec<f32>; 2]> {
    let hidden = stack
        .layers
        .iter()
        .map(|layer| [numbers(layer.weight.val()), numbers(layer.bias.val())]);
    let head = &stack.head;
    let bias = head.bias.as_ref().unwrap().val();
    hidden
        .chain([[numbers(head.weight.val()), numbers(bias)]])
        .collect()
}

/// The network after so many steps of `stage`.
fn trained(stage: FineTune, count: u64, rate: f64) -> DenseStack {
    steps(network(&[12, 8]), stage, count, rate)
}

fn steps(network: DenseStack, stage: FineTune, count: u64, rate: f64) -> DenseStack {
    let recipe = Recipe::of(3, [stage]);
    let train = points(40, 1);
    let context = StageContext {
        recipe: &recipe,
        stage: 0,
        train: &train,
        state: None,
    };
    let engine = BurnEngine::new(Device::flex());
    let mut session = engine.begin(network, &context).unwrap();
    for step in 0..count {
        let mut batch = Batch::default();
        let indices: Vec<usize> = (0..10).map(|k| (k + 10 * step as usize) % 40).collect();
        train.gather(&indices, &mut batch).unwrap();
        session.step(&batch, rate, step).unwrap();
    }
    session.network()
}

fn stage() -> FineTune {
    FineTune::new(1, 10, 0.1)
}

#[test]
fn frozen_layers_stay_bit_for_bit_and_the_others_learn() {
    let before = network(&[12, 8]);
    let was = layers(&before);
    for frozen in [vec![1], vec![2], vec![1, 2]] {
        for optimizer in [
            Optimizer::Sgd,
            Optimizer::Momentum { momentum: 0.9 },
            Optimizer::Adam,
        ] {
            let stage = stage()
                .frozen(frozen.clone())
                .optimizer(optimizer)
                .weight_decay(0.01);
            let after = trained(stage, 8, 0.05);
            for (place, (was, is)) in was.iter().zip(layers(&after)).enumerate() {
                let kept = frozen.contains(&(place + 1));
                assert_eq!(
                    was[0] == is[0],
                    kept,
                    "{frozen:?} {optimizer:?} layer {}",
                    place + 1
                );
            }
            // They can be trained later.
            let later = steps(after, self::stage(), 2, 0.05);
            for (was, is) in was.iter().zip(layers(&later)) {
                assert!(was[0] != is[0], "{frozen:?} {optimizer:?}");
            }
        }
    }
    let place = tempfile::tempdir().unwrap();
    let recipe = Recipe::of(3, [stage().frozen([3])]);
    let error = run(recipe, before, create(&place.path().join("run")))
        .launch()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no hidden layer 3: the network has 2"),
        "{error}"
    );
}

#[test]
fn weight_decay_is_in_every_gradient() {
    let (rate, decay) = (0.1, 0.05);
    let before = layers(&network(&[12, 8]));
    for optimizer in [Optimizer::Sgd, Optimizer::Momentum { momentum: 0.9 }] {
        let plain = layers(&trained(stage().optimizer(optimizer), 1, rate));
        let decayed = layers(&trained(
            stage().optimizer(optimizer).weight_decay(decay),
            1,
            rate,
        ));
        let mut moved = 0;
        for ((before, plain), decayed) in before.iter().zip(&plain).zip(&decayed) {
            for kind in 0..2 {
                for ((before, plain), decayed) in
                    before[kind].iter().zip(&plain[kind]).zip(&decayed[kind])
                {
                    // A first step: w - rate (g + decay w).
                    let wanted = plain - (rate * decay) as f32 * before;
                    assert!(
                        (decayed - wanted).abs() < 1e-6,
                        "{optimizer:?}: {decayed} {wanted}"
                    );
                    moved += usize::from(decayed != plain);
                }
            }
        }
        assert!(moved > 200, "{moved}");
    }
    // Adam's first step is the sign of the gradient; after some, decayed weights are smaller.
    let size = |decay: f64| -> f32 {
        let stage = stage().optimizer(Optimizer::Adam).weight_decay(decay);
        layers(&trained(stage, 200, 0.01))
            .iter()
            .flat_map(|layer| &layer[0])
            .map(|w| w * w)
            .sum()
    };
    assert!(size(0.1) < 0.9 * size(0.0));
}

#[test]
fn dropout_is_drawn_from_the_step_and_gone_where_the_network_is_used() {
    let of = |dropout: Dropout| layers(&trained(stage().dropout(dropout), 3, 0.1));
    let plain = of(Dropout::default());
    assert_eq!(plain, layers(&trained(stage(), 3, 0.1)));
    for dropout in [
        Dropout::new(0.2, 0.0),
        Dropout::new(0.0, 0.5),
        Dropout::new(0.2, 0.5),
    ] {
        assert_ne!(of(dropout), plain, "{dropout:?}");
        assert_eq!(of(dropout), of(dropout));
    }
    assert_ne!(of(Dropout::new(0.2, 0.0)), of(Dropout::new(0.0, 0.2)));
    // The mean gradient of many draws is about that without: the output layer's bias sees unscaled activations else.
    let mean = |dropout: Dropout| -> f32 {
        let recipe = Recipe::of(3, [stage().dropout(dropout)]);
        let train = points(40, 1);
        let context = StageContext {
            recipe: &recipe,
            stage: 0,
            train: &train,
            state: None,
        };
        let engine = BurnEngine::new(Device::flex());
        let mut batch = Batch::default();
        train.gather(&[0, 1, 2, 3, 4, 5, 6, 7], &mut batch).unwrap();
        let mut session = engine.begin(network(&[200]), &context).unwrap();
        let losses: f64 = (0..200)
            .map(|step| {
                // At no rate worth the name, the network stays as it is.
                session.step(&batch, 1e-12, step).unwrap();
                session.totals().unwrap().mean_loss()
            })
            .sum();
        (losses / 200.0) as f32
    };
    let (without, with) = (mean(Dropout::default()), mean(Dropout::new(0.0, 0.3)));
    assert!((with - without).abs() < 0.05, "{without} {with}");
}

#[test]
fn a_run_with_dropout_stopped_anywhere_ends_at_the_same_numbers() {
    let place = tempfile::tempdir().unwrap();
    let (whole, path) = (place.path().join("whole"), place.path().join("run"));
    let stage = FineTune::new(2, 10, 0.1)
        .dropout(Dropout::new(0.1, 0.3))
        .weight_decay(1e-3)
        .frozen([1])
        .optimizer(Optimizer::Momentum { momentum: 0.5 });
    let recipe = Recipe::of(3, [stage]);
    let expected = run(recipe.clone(), network(&[12, 8]), create(&whole))
        .launch()
        .unwrap();
    let mut part = run(recipe.clone(), network(&[12, 8]), create(&path));
    let interrupter = part.interrupter.clone();
    part.split.train = Asked::new(points(1200, 1), move |before, _| {
        if before == 77 {
            interrupter.stop(None);
        }
    });
    part.launch().unwrap();
    let outcome = run(recipe, network(&[12, 8]), open(&path))
        .launch()
        .unwrap();
    assert_eq!(story(&outcome), story(&expected));
    assert!(parameters(&path) == parameters(&whole));
}

/// A network that has a stack inside and does not say that it is nothing else.
#[derive(Module, Debug)]
struct Wrapped {
    stack: DenseStack,
}

impl Network for Wrapped {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        self.stack.forward(inputs * 2.0)
    }
    fn dense_stack(&self) -> Option<&DenseStack> {
        Some(&self.stack)
    }
    fn with_dense_stack(self, stack: DenseStack) -> Result<Self, rectifier_nn::NetworkError> {
        Ok(Self { stack })
    }
}

/// A network without a stack.
#[derive(Module, Debug)]
struct Alone {
    stack: DenseStack,
}

impl Network for Alone {
    fn forward(&self, inputs: Tensor<2>) -> Forward {
        self.stack.forward(inputs)
    }
}

#[test]
fn what_a_network_of_ones_own_cannot_do_is_refused_with_the_way_out() {
    let check = |stage: FineTune, whole: bool| -> Result<(), TrainError> {
        let recipe = Recipe::of(1, [stage]);
        recipe.validate()?;
        let stack = network(&[12]);
        match whole {
            true => recipe.check_network(&Wrapped { stack }),
            false => recipe.check_network(&Alone { stack }),
        }
    };
    assert!(check(stage().dropout(Dropout::new(0.2, 0.0)), false).is_ok());
    assert!(check(stage().frozen([1]), true).is_ok());
    for (stage, whole, text) in [
        (
            stage().dropout(Dropout::new(0.0, 0.5)),
            true,
            "dropout layers",
        ),
        (
            stage().dropout(Dropout::new(0.0, 0.5)),
            false,
            "dropout layers",
        ),
        (stage().frozen([1]), false, "Module::no_grad"),
        (
            stage().dropout(Dropout::new(1.0, 0.0)),
            true,
            "dropout.input is 1",
        ),
        (stage().weight_decay(-1.0), true, "weight_decay is -1"),
        (stage().frozen([0]), true, "frozen names layer 0"),
    ] {
        let error = check(stage, whole).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
