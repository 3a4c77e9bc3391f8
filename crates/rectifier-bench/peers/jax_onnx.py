#!/usr/bin/env python3
"""JAX (compiled steps, buffers donated) and ONNX Runtime (f32 and int8), step by step. A peer for `rectifier bench --peer`.

usage: jax_onnx.py [--seconds S] [--only SUBSTRING] [--peers jax,ort,ort-int8] [--threads N]
needs: pip install jax onnx onnxruntime numpy (those that --peers names)

Prints a JSON object a line: {"peer", "device", "work", "batch", "zeros", "ms", "examples_per_s"}. Inputs are 81% zeros, as MNIST's
are, or bags of 5000 words with 30 in each; a bias that is searched for gives the hidden layers their share of zeros.
"""
import argparse
import json
import os
import time

import numpy as np

WIDTH, CLASSES = 1000, 10
SHARES = (0.5, 0.77)

cli = argparse.ArgumentParser()
cli.add_argument("--seconds", type=float, default=0.5)
cli.add_argument("--only", default="")
cli.add_argument("--peers", default="jax,ort,ort-int8")
cli.add_argument("--threads", type=int, default=0, help="of ONNX Runtime; JAX takes every core")
args = cli.parse_args()
peers = args.peers.split(",")
draw = np.random.default_rng(0)


def pictures(count):
    x = draw.random((count, 784), dtype=np.float32)
    return np.where(draw.random((count, 784)) < 0.19, x, 0).astype(np.float32)


def words(count):
    x = np.zeros((count, 5000), np.float32)
    for row in x:
        row[draw.choice(5000, 30, replace=False)] = 1
    return x


def drawn(sizes):
    """Weights as Glorot and Bengio (2010) draw them, biases 0."""
    pairs = zip(sizes, sizes[1:])
    reach = [(n, m, (6 / (n + m)) ** 0.5) for n, m in pairs]
    return [[draw.uniform(-r, r, (n, m)).astype(np.float32), np.zeros(m, np.float32)] for n, m, r in reach]


def silent(layers, x):
    """The share of zeros of the hidden layers."""
    shares = []
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight + bias, 0)
        shares.append(float((x == 0).mean()))
    return sum(shares) / len(shares)


def with_zeros(sizes, x, share):
    """A network whose hidden layers have about this share of zeros on `x`: one bias for all units, by bisection."""
    layers = drawn(sizes)
    low, high = -4.0, 4.0
    for _ in range(18):
        middle = (low + high) / 2
        for layer in layers[:-1]:
            layer[1][:] = -middle * (np.abs(layer[0]).mean() * layer[0].shape[0] ** 0.5 * 0.2)
        low, high = (middle, high) if silent(layers, x) < share else (low, middle)
    return layers


def timed(step, finish):
    """Seconds a step: the median over groups of steps, each group waited for once."""
    start = time.perf_counter()
    step()
    finish()
    one = time.perf_counter() - start
    for _ in range(3):
        step()
    finish()
    group = max(1, int(0.02 / max(one, 1e-6)))
    rates, begin = [], time.perf_counter()
    while time.perf_counter() - begin < args.seconds or len(rates) < 3:
        start = time.perf_counter()
        for _ in range(group):
            step()
        finish()
        rates.append((time.perf_counter() - start) / group)
    return sorted(rates)[len(rates) // 2]


def tell(peer, work, batch, zeros, seconds):
    print(json.dumps({"peer": peer, "device": "cpu", "work": work, "batch": batch, "zeros": zeros,
                      "ms": 1e3 * seconds, "examples_per_s": batch / seconds}), flush=True)


def wanted(work):
    return args.only in work


def jax_rows():
    import functools
    import jax
    import jax.numpy as jnp
    name = f"jax {jax.__version__}"

    def logits(layers, x):
        for weight, bias in layers[:-1]:
            x = jnp.maximum(x @ weight + bias, 0)
        return x @ layers[-1][0] + layers[-1][1]

    def loss(layers, x, y):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits(layers, x)), y[:, None], 1))

    @functools.partial(jax.jit, donate_argnums=0)
    def descend(layers, x, y):
        slopes = jax.grad(loss)(layers, x, y)
        return jax.tree.map(lambda w, g: w - 1e-4 * g, layers, slopes)

    def rebuilt(layer, x, key):
        (weight, bias), (up, above) = layer
        noisy = jnp.where(jax.random.uniform(key, x.shape) < 0.25, 0, x)
        hidden = jax.nn.softplus(noisy @ weight + bias)
        return jnp.mean(jnp.sum((jax.nn.softplus(hidden @ up + above) - x) ** 2, axis=1))

    @functools.partial(jax.jit, donate_argnums=(0, 2))
    def denoise(layer, x, key):
        key, now = jax.random.split(key)
        slopes = jax.grad(rebuilt)(layer, x, now)
        return jax.tree.map(lambda w, g: w - 1e-5 * g, layer, slopes), key

    for work, of, sizes, batches in [
        (f"train 784-{WIDTH}x3-10 sgd l1=0.0", pictures, [784] + 3 * [WIDTH] + [CLASSES], (1, 10, 128, 256, 1024)),
        ("train 5000-5000x3-10 sgd l1=0.0", words, 4 * [5000] + [CLASSES], (10,)),
    ]:
        for batch in batches if wanted(work) else ():
            for share in SHARES:
                x = of(max(batch, 32))
                layers = with_zeros(sizes, x, share)
                held = [jax.tree.map(jnp.asarray, layers)]
                x, y = jnp.asarray(x[:batch]), jnp.asarray(draw.integers(0, CLASSES, batch))

                def step():
                    held[0] = descend(held[0], x, y)

                seconds = timed(step, lambda: jax.block_until_ready(held[0]))
                tell(name, work, batch, silent([[np.asarray(p) for p in layer] for layer in held[0]], np.asarray(x)), seconds)
    for work, of, width, batches in [
        (f"pretrain 784-{WIDTH} softplus squared error masking .25", pictures, WIDTH, (10, 128, 256)),
        ("pretrain 5000-5000 softplus squared error masking .25", words, 5000, (10,)),
    ]:
        for batch in batches if wanted(work) else ():
            x = of(batch)
            inputs = x.shape[1]
            held = [jax.tree.map(jnp.asarray, drawn([inputs, width, inputs])), jax.random.key(1)]
            shown = jnp.asarray(x)

            def step():
                held[0], held[1] = denoise(held[0], shown, held[1])

            seconds = timed(step, lambda: jax.block_until_ready(held[0]))
            tell(name, work, batch, 0.5, seconds)
    work = f"infer 784-{WIDTH}x3-10"
    run = jax.jit(logits)
    for batch in (1, 10, 128, 256, 1024) if wanted(work) else ():
        for share in SHARES:
            x = pictures(max(batch, 32))
            layers = with_zeros([784] + 3 * [WIDTH] + [CLASSES], x, share)
            zeros = silent(layers, x)
            held = [jax.tree.map(jnp.asarray, layers), jnp.asarray(x[:batch]), None]

            def step():
                held[2] = run(held[0], held[1])

            tell(name, work, batch, zeros, timed(step, lambda: jax.block_until_ready(held[2])))


def onnx_file(layers, path):
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    nodes, constants, x = [], [], "x"
    for k, (weight, bias) in enumerate(layers):
        constants += [numpy_helper.from_array(weight, f"w{k}"), numpy_helper.from_array(bias, f"b{k}")]
        last = k == len(layers) - 1
        nodes.append(helper.make_node("Gemm", [x, f"w{k}", f"b{k}"], ["logits" if last else f"z{k}"]))
        if not last:
            nodes.append(helper.make_node("Relu", [f"z{k}"], [f"h{k}"]))
            x = f"h{k}"
    value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph(nodes, "network", [value("x", layers[0][0].shape[0])], [value("logits", CLASSES)], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def onnx_rows(int8):
    import tempfile
    import onnxruntime as ort
    work = f"infer 784-{WIDTH}x3-10"
    if not wanted(work):
        return
    name = f"onnxruntime {'int8 ' if int8 else ''}{ort.__version__}"
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads or os.cpu_count() or 1
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        for batch in (1, 10, 128, 256, 1024):
            for share in SHARES:
                x = pictures(max(batch, 32))
                layers = with_zeros([784] + 3 * [WIDTH] + [CLASSES], x, share)
                path = os.path.join(folder, "network.onnx")
                onnx_file(layers, path)
                if int8:
                    path = in_int8(path, os.path.join(folder, "int8.onnx"), x)
                session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
                one = {"x": np.ascontiguousarray(x[:batch])}
                tell(name, work, batch, silent(layers, x), timed(lambda: session.run(None, one), lambda: None))


def in_int8(path, to, examples):
    """Weights in int8 with a scale a unit, activations in uint8 with scales from `examples`."""
    import logging
    logging.disable(logging.WARNING)
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter([{"x": examples}])

        def get_next(self):
            return next(self.rows, None)

    quantize_static(path, to, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    return to


if "jax" in peers:
    jax_rows()
if "ort" in peers:
    onnx_rows(False)
if "ort-int8" in peers:
    onnx_rows(True)
