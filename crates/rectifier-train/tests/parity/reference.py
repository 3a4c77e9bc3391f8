"""PyTorch reference for the numeric parity test of rectifier-train.

    pip install torch numpy safetensors
    python reference.py OUTPUT_FOLDER

writes `fixture.safetensors` (initial weights, inputs, labels, masks, sign flips) and `losses.json` (the losses
that 50 updates from those weights give, case by case). The same PyTorch build on the same kind of processor writes
the same bytes; elsewhere the last digits of the losses may differ. README.md beside this file states the conventions.

Training is ordinary PyTorch in float32. Before anything is written each case is checked:
- a rerun in float64 from the same numbers must give the same losses, logits and zero shares, so that the expected
  numbers measure the formulas and not the rounding that 50 updates could amplify;
- the gradient of the first step must agree with a central finite difference in float64;
- the losses must stay finite, and what is minimized, averaged over all batches, must be lower after training.
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save

SEED = 0
STEPS, BATCH, INPUTS, HIDDEN, CLASSES = 50, 4, 12, (16, 14, 13), 5
MASKING = 0.25  # probability that corruption sets a value to 0
BIAS_LIMIT = 0.1  # biases are U(-limit, limit): non-zero, so that a forgotten bias shows
TOLERANCE = 1e-4  # largest difference allowed between float32 and float64 training
LEAKY_SLOPE, INITIAL_SLOPE, THRESHOLD = 0.01, 0.25, 0.1

# Every unit takes the pre-activation and its layer's learned slope, which only `parametric_leaky` uses.
UNITS = {
    "rectifier": lambda x, slope: F.relu(x),
    "leaky": lambda x, slope: F.leaky_relu(x, LEAKY_SLOPE),
    "parametric_leaky": lambda x, slope: F.prelu(x, slope),
    "softplus": lambda x, slope: F.softplus(x),
    "softplus_3": lambda x, slope: F.softplus(x, beta=3.0),  # softplus(3x) / 3
    "tanh": lambda x, slope: torch.tanh(x),
    "logistic": lambda x, slope: torch.sigmoid(x),
    "identity": lambda x, slope: x,
    "elu": lambda x, slope: F.elu(x, alpha=1.0),
    "selu": lambda x, slope: F.selu(x),
    "gelu": lambda x, slope: F.gelu(x, approximate="none"),
    "threshold": lambda x, slope: torch.where(x > THRESHOLD, x, torch.zeros_like(x)),
}


@dataclass(frozen=True)
class Supervised:
    """Three hidden layers and a softmax, trained on the cross-entropy plus an L1 penalty on the activations."""

    unit: str = "rectifier"
    lr: float = 0.1
    optimizer: str = "sgd"
    halve_every: int = 0  # steps after which the learning rate is halved; 0: never
    l1: tuple = ()  # one coefficient a hidden layer; empty: no penalty
    flipped: bool = False
    rating: bool = False


@dataclass(frozen=True)
class Pretraining:
    """A denoising autoencoder of one layer: encoder `layers.{layer}`, untied decoder `decoders.{layer}`."""

    layer: int
    reconstruction: str
    unit: str = "rectifier"
    lr: float = 0.1
    l1: tuple = ()  # the one coefficient; empty: no penalty
    before_nonlinearity: bool = False  # layer 1 reconstructs layer 0's pre-activation, not its activation
    scale: str = ""  # divide layer 0 by its maximum activation: "global", "per_unit", or not


CASES = {
    "rectifier": Supervised("rectifier"),
    "leaky": Supervised("leaky"),
    "parametric_leaky": Supervised("parametric_leaky"),
    "softplus": Supervised("softplus"),
    "softplus_3": Supervised("softplus_3"),
    "tanh": Supervised("tanh"),
    "logistic": Supervised("logistic"),
    "identity": Supervised("identity"),
    "elu": Supervised("elu"),
    "selu": Supervised("selu"),
    "gelu": Supervised("gelu"),
    "rectifier_l1": Supervised(l1=(0.01, 0.01, 0.01)),
    "rectifier_l1_per_layer": Supervised(l1=(0.01, 0.002, 0.0)),
    "rectifier_flipped": Supervised(flipped=True),
    "rectifier_threshold": Supervised("threshold"),
    "rectifier_momentum": Supervised(optimizer="momentum"),
    "rectifier_adam": Supervised(optimizer="adam", lr=0.001),
    "rectifier_schedule": Supervised(halve_every=20),
    "expected_rating": Supervised(rating=True),
    "layer0_softplus_squared": Pretraining(0, "softplus_squared"),
    "layer0_sigmoid_cross_entropy": Pretraining(0, "sigmoid_cross_entropy"),
    "layer0_linear_squared": Pretraining(0, "linear_squared"),
    "layer0_rectifier_squared": Pretraining(0, "rectifier_squared"),
    "layer0_softplus_squared_l1": Pretraining(0, "softplus_squared", l1=(0.01,)),
    "layer0_tanh_sigmoid": Pretraining(0, "sigmoid_cross_entropy", unit="tanh"),
    "layer1_softplus_squared": Pretraining(1, "softplus_squared"),
    "layer1_linear_squared_after": Pretraining(1, "linear_squared"),
    "layer1_linear_squared_before": Pretraining(1, "linear_squared", before_nonlinearity=True),
    "layer1_rectifier_squared": Pretraining(1, "rectifier_squared"),
    "layer1_scaled_cross_entropy": Pretraining(1, "sigmoid_cross_entropy", scale="global"),
    "layer1_scaled_cross_entropy_per_unit": Pretraining(1, "sigmoid_cross_entropy", scale="per_unit"),
}


def make_fixture():
    """Everything random, drawn once: all cases start from the same weights and see the same batches."""
    torch.manual_seed(SEED)
    tensors = {}

    def add_linear(name, fan_in, fan_out):
        # Glorot's limit sqrt(6 / (fan_in + fan_out)) is symmetric, so drawing in [fan_in, fan_out] is right.
        tensors[f"{name}.weight"] = torch.nn.init.xavier_uniform_(torch.empty(fan_in, fan_out))
        tensors[f"{name}.bias"] = torch.empty(fan_out).uniform_(-BIAS_LIMIT, BIAS_LIMIT)

    widths = (INPUTS, *HIDDEN)
    for k in range(len(HIDDEN)):
        add_linear(f"layers.{k}", widths[k], widths[k + 1])
    add_linear("head", HIDDEN[-1], CLASSES)
    for k in (0, 1):
        add_linear(f"decoders.{k}", widths[k + 1], widths[k])

    shape = (STEPS, BATCH, INPUTS)
    tensors["inputs"] = torch.rand(shape) * torch.bernoulli(torch.full(shape, 0.5))
    # Labels come from a random linear teacher, so that there is something to learn.
    centred = tensors["inputs"] - tensors["inputs"].mean(dim=(0, 1))
    tensors["labels"] = (centred @ torch.randn(INPUTS, CLASSES)).argmax(dim=-1)
    tensors["corrupted"] = tensors["inputs"] * torch.bernoulli(torch.full(shape, 1 - MASKING))
    tensors["mask1"] = torch.bernoulli(torch.full((STEPS, BATCH, HIDDEN[0]), 1 - MASKING))
    for k, width in enumerate(HIDDEN):
        flips = torch.ones(width)
        flips[: width // 2] = -1.0
        tensors[f"flips.{k}"] = flips[torch.randperm(width)]
    return tensors


def linear(tensors, name, x):
    """PyTorch's own linear layer; the stored weight is its transpose."""
    return F.linear(x, tensors[f"{name}.weight"].t(), tensors[f"{name}.bias"])


def l1_penalty(coefficients, hidden):
    """Sum over layers of coefficient * sum over units of |h|, averaged over the batch."""
    return sum(c * h.abs().sum(dim=1).mean() for c, h in zip(coefficients, hidden, strict=True))


def select(tensors, names):
    """Copies of the named layers' weights and biases, to be trained."""
    return {f"{n}.{p}": tensors[f"{n}.{p}"].clone().requires_grad_() for n in names for p in ("weight", "bias")}


class SupervisedRun:
    """One supervised case: its parameters, and the terms of its loss at a step."""

    def __init__(self, case, tensors):
        self.case, self.tensors = case, tensors
        self.params = select(tensors, [*(f"layers.{k}" for k in range(len(HIDDEN))), "head"])
        if case.unit == "parametric_leaky":
            for k in range(len(HIDDEN)):
                slope = torch.full((1,), INITIAL_SLOPE, dtype=tensors["inputs"].dtype)
                self.params[f"slopes.{k}"] = slope.requires_grad_()

    def forward(self, x):
        hidden = []
        for k in range(len(HIDDEN)):
            x = UNITS[self.case.unit](linear(self.params, f"layers.{k}", x), self.params.get(f"slopes.{k}"))
            if self.case.flipped:
                x = x * self.tensors[f"flips.{k}"]
            hidden.append(x)
        return linear(self.params, "head", x), hidden

    def losses(self, step):
        logits, hidden = self.forward(self.tensors["inputs"][step])
        labels = self.tensors["labels"][step]
        terms = {"loss": F.cross_entropy(logits, labels)}
        if self.case.l1:
            terms["penalty"] = l1_penalty(self.case.l1, hidden)
        if self.case.rating:  # measured, not trained on
            stars = torch.arange(1, CLASSES + 1, dtype=logits.dtype)
            expected = (F.softmax(logits, dim=1) * stars).sum(dim=1)
            terms["squared_error"] = (expected - (labels + 1)).square().mean().detach()
        return terms

    def final(self):
        with torch.no_grad():
            logits, hidden = self.forward(self.tensors["inputs"][-1])
        record = {"final_logits": logits.tolist()}
        record["final_zero_share"] = [(h == 0).double().mean().item() for h in hidden]
        if self.case.unit == "parametric_leaky":
            record["final_slopes"] = [self.params[f"slopes.{k}"].item() for k in range(len(HIDDEN))]
        return record


class PretrainingRun:
    """One denoising autoencoder: its parameters, and the terms of its loss at a step."""

    def __init__(self, case, tensors):
        self.case = case
        self.params = select(tensors, [f"layers.{case.layer}", f"decoders.{case.layer}"])
        self.scales = {}
        if case.layer == 0:
            self.inputs, self.targets = tensors["corrupted"], tensors["inputs"]
            return
        # Layer 0 stays as it was initialized, except for the one division that brings its activations into [0, 1].
        below = {name: tensors[name] for name in ("layers.0.weight", "layers.0.bias")}
        largest = F.relu(linear(below, "layers.0", tensors["inputs"])).amax(dim=(0, 1))
        if case.scale == "global":
            scale = largest.max()
            self.scales["scale_global"] = scale.item()
        elif case.scale == "per_unit":
            scale = torch.where(largest > 0, largest, torch.ones_like(largest))
            self.scales["scale_per_unit"] = scale.tolist()
        else:
            scale = torch.ones_like(largest)
        # Divided by column: a column of [fan_in, fan_out] is one unit's incoming weights.
        below = {name: value / scale for name, value in below.items()}
        before = linear(below, "layers.0", tensors["inputs"])
        after = F.relu(before)
        self.inputs = after * tensors["mask1"]
        self.targets = before if case.before_nonlinearity else after

    def losses(self, step):
        layer, target = self.case.layer, self.targets[step]
        hidden = UNITS[self.case.unit](linear(self.params, f"layers.{layer}", self.inputs[step]), None)
        r = linear(self.params, f"decoders.{layer}", hidden)
        cost = {
            "softplus_squared": lambda: (F.softplus(r) - target).square(),
            "linear_squared": lambda: (r - target).square(),
            "rectifier_squared": lambda: (F.relu(r) - target).square(),
            "sigmoid_cross_entropy": lambda: F.binary_cross_entropy_with_logits(r, target, reduction="none"),
        }[self.case.reconstruction]()
        terms = {"loss": cost.sum(dim=1).mean()}
        if self.case.l1:
            terms["penalty"] = l1_penalty(self.case.l1, [hidden])
        return terms

    def final(self):
        return self.scales


def start(case, fixture, dtype):
    """A fresh run of the case at the given precision."""
    tensors = {name: t.to(dtype) if t.is_floating_point() else t for name, t in fixture.items()}
    return (SupervisedRun if isinstance(case, Supervised) else PretrainingRun)(case, tensors)


def objective(terms):
    """What is differentiated: the loss and, where there is one, the penalty."""
    return terms["loss"] + terms.get("penalty", 0.0)


def mean_objective(run):
    """What is minimized, averaged over all batches at the present parameters (one batch of four says little)."""
    with torch.no_grad():
        return sum(objective(run.losses(step)).item() for step in range(STEPS)) / STEPS


def train(case, fixture, dtype):
    """All updates of one case: the record, each term taken before its step's update, and the objective's means."""
    run = start(case, fixture, dtype)
    params = list(run.params.values())
    kind = getattr(case, "optimizer", "sgd")
    if kind == "adam":
        optimizer = torch.optim.Adam(params, lr=case.lr, betas=(0.9, 0.999), eps=1e-8)
    else:
        optimizer = torch.optim.SGD(params, lr=case.lr, momentum=0.9 if kind == "momentum" else 0.0)
    halve_every = getattr(case, "halve_every", 0)
    record, initial = {}, mean_objective(run)
    for step in range(STEPS):
        if halve_every:
            for group in optimizer.param_groups:
                group["lr"] = case.lr * 0.5 ** (step // halve_every)
        terms = run.losses(step)
        optimizer.zero_grad()
        objective(terms).backward()
        optimizer.step()
        for name, value in terms.items():
            record.setdefault(name, []).append(value.item())
    return record | run.final(), initial, mean_objective(run)


def largest_difference(a, b):
    """The largest absolute difference of two equally shaped records; not-a-number counts as infinite."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        return max(largest_difference(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return max(largest_difference(x, y) for x, y in zip(a, b, strict=True))
    return abs(a - b) if math.isfinite(a) and math.isfinite(b) else math.inf


def check_gradient(name, case, fixture):
    """Compares the first step's gradient with a central difference along one random direction, in float64."""
    run = start(case, fixture, torch.float64)
    params = list(run.params.values())
    generator = torch.Generator().manual_seed(SEED + 1)
    direction = [torch.randn(p.shape, dtype=p.dtype, generator=generator) for p in params]
    gradients = torch.autograd.grad(objective(run.losses(0)), params)
    slope = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True)).item()
    width, values = 1e-6, []
    with torch.no_grad():
        for shift in (width, -2 * width):
            for p, d in zip(params, direction, strict=True):
                p += shift * d
            values.append(objective(run.losses(0)).item())
    numeric = (values[0] - values[1]) / (2 * width)
    assert abs(numeric - slope) <= 1e-6 * max(1.0, abs(slope)), f"{name}: gradient {slope}, differences {numeric}"


def make_case(name, case, fixture):
    """The record of one case, checked as the head of this file says."""
    check_gradient(name, case, fixture)
    result, initial, final = train(case, fixture, torch.float32)
    precise, _, _ = train(case, fixture, torch.float64)
    difference = largest_difference(result, precise)
    assert difference <= TOLERANCE, f"{name}: float32 and float64 part by {difference:.2e}; lower its learning rate"
    assert result.get("final_zero_share") == precise.get("final_zero_share"), f"{name}: zeros differ with precision"
    assert final < initial, f"{name}: training does not help ({initial} to {final}); lower its learning rate"
    print(f"{name:38} lr {case.lr:<6} mean {initial:8.5f} -> {final:8.5f}   float64 differs by {difference:.1e}")

    settings = {"kind": "supervised" if isinstance(case, Supervised) else "pretraining"}
    settings |= {key: value for key, value in vars(case).items() if value or key == "layer"}
    return settings | {"float64_difference": float(f"{difference:.1e}")} | result


def write_json(path, head, cases):
    """JSON with one line a field, so that a change shows as the lines it touches."""
    blocks = []
    for name, record in cases.items():
        fields = ",\n".join(f"   {json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in record.items())
        blocks.append(f"  {json.dumps(name)}: {{\n{fields}\n  }}")
    lines = [f" {json.dumps(k)}: {json.dumps(v)}," for k, v in head.items()]
    text = "\n".join(["{", *lines, ' "cases": {', ",\n".join(blocks), " }", "}"]) + "\n"
    path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Write the parity fixture and the losses that PyTorch gives on it.")
    parser.add_argument("output", type=Path, help="folder for fixture.safetensors and losses.json")
    output = parser.parse_args().output
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    fixture = make_fixture()
    cases = {name: make_case(name, case, fixture) for name, case in CASES.items()}
    output.mkdir(parents=True, exist_ok=True)
    (output / "fixture.safetensors").write_bytes(save(fixture))
    head = {"torch": torch.__version__, "command": "python reference.py .", "seed": SEED, "steps": STEPS}
    write_json(output / "losses.json", head, cases)


if __name__ == "__main__":
    main()
