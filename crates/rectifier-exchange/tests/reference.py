"""What PyTorch and onnxruntime say, for the tests of rectifier-exchange.

    pip install torch onnx onnxruntime onnxscript safetensors

    reference.py make FOLDER     files as PyTorch and ONNX's own tools write them, and expected.json: their logits
    reference.py check FOLDER    loads NAME.safetensors into torch.nn.Sequential and NAME.onnx into onnxruntime for every NAME
                                 in FOLDER/cases.json, and writes their logits, with checksums, to FOLDER/exports.json
"""

import hashlib
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
import safetensors.torch
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors import safe_open
from torch import nn

INPUTS = 6


def inputs():
    """Four examples."""
    return torch.sin(torch.arange(4 * INPUTS, dtype=torch.float32).reshape(4, INPUTS) * 0.37)


def rounded(tensor):
    return [[float(f"{value:.9g}") for value in row] for row in tensor.tolist()]


def sequential(activation, *between):
    return nn.Sequential(nn.Linear(INPUTS, 5), *between, activation(), nn.Linear(5, 4), *between, activation(), nn.Linear(4, 3))


def export(network, path, examples):
    """As PyTorch's exporter writes it, less its notes on where the Python code stood."""
    network.eval()
    torch.onnx.export(network, (examples,), path, input_names=["input"], output_names=["logits"], dynamo=True,
                      external_data=False, dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False)
    model = onnx.load(path)
    made = model.graph
    for part in [model, made, *made.node, *made.input, *made.output, *made.value_info, *made.initializer]:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    made.ClearField("value_info")
    onnx.save(model, path)


def array(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def graph(path, nodes, initializers, opset=13, **options):
    """A model of nodes made by hand, from `input` to `logits`."""
    value = helper.make_tensor_value_info
    made = helper.make_graph(nodes, "made", [value("input", TensorProto.FLOAT, ["batch", INPUTS])],
                             [value("logits", TensorProto.FLOAT, ["batch", 3])], initializers)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save_model(model, path, **options)


def run(path):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: inputs().numpy()})[0])


class Evil:
    """What a hostile file holds: loading it with pickle would run a command."""

    def __reduce__(self):
        return (os.system, ("touch executed",))


def make(folder):
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    torch.manual_seed(20260114)
    expected = {}

    def keep(name, logits):
        expected[name] = rounded(logits.detach().float())

    # State dicts.
    network = sequential(nn.ReLU)
    keep("relu.pt", network(inputs()))
    torch.save(network.state_dict(), "relu.pt")
    safetensors.torch.save_file(network.state_dict(), "relu.safetensors")
    torch.save(network, "module.pt")
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network(inputs()).sum().backward()
    optimizer.step()
    keep("checkpoint.pt", network(inputs()))
    torch.save({"epoch": 3, "model_state_dict": network.state_dict(), "optimizer": optimizer.state_dict()}, "checkpoint.pt")

    # Square matrices: turned, with gaps, and with an offset into a storage that others share.
    square = nn.Sequential(nn.Linear(INPUTS, INPUTS), nn.Tanh(), nn.Linear(INPUTS, INPUTS), nn.Tanh(), nn.Linear(INPUTS, 3))
    storage = torch.randn(12, 14)
    state = {
        "0.weight": torch.randn(INPUTS, INPUTS).t(),
        "0.bias": torch.randn(2 * INPUTS)[::2],
        "2.weight": storage[1:7:1, 2:14:2],
        "2.bias": storage[8, :INPUTS],
        "4.weight": storage[9:12, 4:10],
        "4.bias": storage[:3, 1],
    }
    square.load_state_dict(state)
    keep("square.pt", square(inputs()))
    torch.save(state, "square.pt")

    # Other widths, each layer its own.
    widths = sequential(nn.Sigmoid)
    state = widths.state_dict()
    for layer, dtype in {"0": torch.float16, "2": torch.bfloat16, "4": torch.float64}.items():
        for part in ("weight", "bias"):
            state[f"{layer}.{part}"] = state[f"{layer}.{part}"].to(dtype)
    widths.load_state_dict(state)
    keep("widths.pt", widths(inputs()))
    torch.save(state, "widths.pt")
    safetensors.torch.save_file(state, "widths.safetensors")

    # Batch normalization with statistics, dropout, slopes that were learned, layers without biases.
    network = nn.Sequential(nn.Linear(INPUTS, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.4), nn.Linear(5, 4),
                            nn.BatchNorm1d(4, affine=False), nn.ReLU(), nn.Linear(4, 3))
    for module in network:
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.3, 2.0)
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
    network.eval()
    keep("batchnorm.pt", network(inputs()))
    torch.save(network.state_dict(), "batchnorm.pt")
    export(network, "batchnorm.onnx", inputs())
    keep("batchnorm.onnx", run("batchnorm.onnx"))
    slopes = sequential(nn.PReLU)
    slopes[1].weight.data.fill_(0.15)
    slopes[3].weight.data.fill_(-0.3)
    keep("prelu.pt", slopes(inputs()))
    torch.save(slopes.state_dict(), "prelu.pt")

    # What PyTorch's exporter makes of each activation.
    for name, activation in {"relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.2), "prelu": nn.PReLU, "tanh": nn.Tanh,
                             "sigmoid": nn.Sigmoid, "elu": lambda: nn.ELU(0.7), "selu": nn.SELU, "gelu": nn.GELU,
                             "softplus": lambda: nn.Softplus(3.0), "smooth": nn.Softplus,
                             "threshold": lambda: nn.Threshold(0.25, 0.0)}.items():
        network = sequential(activation)
        export(network, f"torch-{name}.onnx", inputs())
        keep(f"torch-{name}.onnx", network(inputs()))
    picture = nn.Sequential(nn.Flatten(), nn.Linear(INPUTS, 4), nn.ReLU(), nn.Dropout(), nn.Linear(4, 3), nn.Softmax(dim=1))
    export(picture, "picture.onnx", inputs().reshape(4, 1, 2, 3))
    keep("picture.onnx", picture[:-1](inputs()))

    # What other exporters make, by hand: MatMul and Add, constants in nodes, transposes, folding, half precision.
    random = np.random.default_rng(3)
    normal = lambda *shape: random.standard_normal(shape).astype(np.float32)
    node = helper.make_node
    graph("matmul.onnx", [
        node("Constant", [], ["w0"], value=array("", normal(INPUTS, 4), np.float16)),
        node("Cast", ["w0"], ["unused"], to=TensorProto.FLOAT),
        node("MatMul", ["input", "w"], ["a"], name="first"), node("Add", ["b", "a"], ["s"]),
        node("Relu", ["s"], ["r"]), node("Identity", ["r"], ["i"]), node("Transpose", ["v"], ["t"], perm=[1, 0]),
        node("Gemm", ["i", "t", "c"], ["g"], alpha=0.5, beta=2.0),
        node("BatchNormalization", ["g", "scale", "shift", "mean", "var"], ["n"], epsilon=1e-3),
        node("Relu", ["n"], ["q"]), node("Dropout", ["q"], ["d"]), node("Gemm", ["d", "u"], ["logits"], transB=1),
    ], [array("w", normal(INPUTS, 4)), array("b", normal(1, 4)), array("v", normal(5, 4)), array("c", normal(5)),
        array("scale", normal(5)), array("shift", normal(5)), array("mean", normal(5)), array("var", np.abs(normal(5))),
        array("u", normal(3, 5))])
    keep("matmul.onnx", run("matmul.onnx"))
    half, one, root = array("half", 0.5), array("one", 1.0), array("root", np.sqrt(2.0))
    graph("erf.onnx", [
        node("Gemm", ["input", "w", "b"], ["a"]), node("Div", ["a", "root"], ["a0"]), node("Erf", ["a0"], ["a1"]),
        node("Add", ["a1", "one"], ["a2"]), node("Mul", ["a", "a2"], ["a3"]), node("Mul", ["half", "a3"], ["c"]),
        node("Gemm", ["c", "v"], ["d"]), node("Mul", ["d", "half"], ["d0"]), node("Div", ["d", "root"], ["d1"]),
        node("Erf", ["d1"], ["d2"]), node("Add", ["one", "d2"], ["d3"]), node("Mul", ["d0", "d3"], ["e"]),
        node("MatMul", ["e", "u"], ["logits"]),
    ], [array("w", normal(INPUTS, 4)), array("b", normal(4)), array("v", normal(4, 5)), array("u", normal(5, 3)), half, one, root])
    keep("erf.onnx", run("erf.onnx"))
    names = [f"{layer}.{part}" for layer in "02" for part in ("weight", "bias")]
    layers = dict(zip(names, [normal(INPUTS, 4), normal(4), normal(4, 3), normal(3)]))
    chain = lambda op, **attributes: [node("Gemm", ["input", *names[:2]], ["a"], name="below"),
                                      node(op, ["a"], ["r"], name="between", **attributes),
                                      node("Gemm", ["r", *names[2:]], ["logits"], name="above")]
    arrays = [array(name, values) for name, values in layers.items()]
    graph("external.onnx", chain("ThresholdedRelu", alpha=0.3), arrays, save_as_external_data=True,
          location="external.data", size_threshold=0)
    keep("external.onnx", run("external.onnx"))

    # Refused: commands, other layers, paths that lead outside.
    torch.save({**network.state_dict(), "note": Evil()}, "evil.pt")
    torch.save(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Linear(4, 3)).state_dict(), "convolution.pt")
    torch.save(nn.Sequential(nn.Linear(INPUTS, 4), nn.LayerNorm(4), nn.ReLU(), nn.Linear(4, 3)).state_dict(), "layernorm.pt")
    torch.save(nn.Sequential(nn.Linear(INPUTS, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 3)).state_dict(), "behind.pt")
    torch.save(nn.ModuleDict({"fc1": nn.Linear(INPUTS, 4), "fc2": nn.Linear(4, 3)}).state_dict(), "named.pt")
    torch.save(network.state_dict(), "old.pt", _use_new_zipfile_serialization=False)
    graph("operator.onnx", chain("Softsign"), arrays)
    outside = [array(name, values) for name, values in layers.items()]
    for tensor in outside:
        onnx.external_data_helper.set_external_data(tensor, "../secret", 0, len(tensor.raw_data))
        tensor.ClearField("raw_data")
    graph("outside.onnx", chain("Relu"), outside)

    with open("expected.json", "w") as file:
        json.dump({"inputs": rounded(inputs()), "logits": expected}, file, indent=None)
        file.write("\n")


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


def state_dict_parts(path):
    """What the card has no part in: the list of modules, and the tensors."""
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    return header["__metadata__"]["sequential"].encode(), data[8 + length:]


def graph_part(path):
    """What lies before the card: the graph."""
    data = open(path, "rb").read()
    return data[:data.index(b"rectifier_card") - 16]


def check(folder):
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    results = {}
    for name in cases:
        path = os.path.join(folder, name)
        with safe_open(f"{path}.safetensors", framework="pt") as file:
            modules = json.loads(file.metadata()["sequential"])
            network = nn.Sequential(*(getattr(nn, module.pop("module"))(**module) for module in modules))
            network.load_state_dict({key: file.get_tensor(key) for key in file.keys()})
        onnx.checker.check_model(onnx.load(f"{path}.onnx"), full_check=True)
        results[name] = {"safetensors": digest(*state_dict_parts(f"{path}.safetensors")), "onnx": digest(graph_part(f"{path}.onnx")),
                         "pytorch_logits": rounded(network.eval()(inputs()).detach()),
                         "onnxruntime_logits": rounded(run(f"{path}.onnx"))}
    with open(os.path.join(folder, "exports.json"), "w") as file:
        lines = [f"  {json.dumps(name)}: {json.dumps(result)}" for name, result in results.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
