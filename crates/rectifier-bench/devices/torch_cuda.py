#!/usr/bin/env python3
"""PyTorch on an NVIDIA card, step by step: eager, and with each step captured in a CUDA graph. A peer for `rectifier bench --peer`.

usage: torch_cuda.py [--seconds S] [--only SUBSTRING] [--batch N,N,..]
Prints a JSON object a line: {"peer", "device", "work", "batch", "zeros", "ms", "examples_per_s"}. Inputs are 81% zeros, as
MNIST's are; a bias steers the hidden zeros. Products of matrices are in full single precision: TF32 is off.
"""
import argparse
import json
import time

import torch
from torch import nn

cli = argparse.ArgumentParser()
cli.add_argument("--seconds", type=float, default=0.5)
cli.add_argument("--only", default="")
cli.add_argument("--batch", default="1,10,128,256,1024,4096")
args = cli.parse_args()
batches = [int(batch) for batch in args.batch.split(",")]
torch.manual_seed(0)
torch.backends.cuda.matmul.allow_tf32 = False
device = torch.device("cuda")
name = torch.cuda.get_device_name(0)


def network(shift):
    layers, width = [], 784
    for _ in range(3):
        linear = nn.Linear(width, 1000)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.constant_(linear.bias, -shift)
        layers += [linear, nn.ReLU()]
        width = 1000
    return nn.Sequential(*layers, nn.Linear(width, 10)).to(device)


def inputs(batch):
    x = torch.rand(batch, 784) * (torch.rand(batch, 784) < 0.19)
    return x.to(device)


@torch.no_grad()
def zeros_of(net, x):
    shares = []
    for layer in net:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            shares.append((x == 0).float().mean().item())
    return sum(shares) / len(shares)


def timed(step):
    for _ in range(10):
        step()
    torch.cuda.synchronize()
    # As many steps as fit the time, in groups: waiting for the card after each would measure the waiting.
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < args.seconds:
        for _ in range(20):
            step()
        torch.cuda.synchronize()
        count += 20
    return (time.perf_counter() - start) / count


def captured(step):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def report(how, work, batch, zeros, seconds):
    row = {"peer": f"torch {torch.__version__} {how}", "device": name, "work": work, "batch": batch,
           "zeros": round(zeros, 3), "ms": round(seconds * 1e3, 5), "examples_per_s": round(batch / seconds, 1)}
    print(json.dumps(row), flush=True)


def training(batch, shift):
    work = "train 784-1000x3-10 sgd l1=0.0"
    if args.only not in work:
        return
    net = network(shift)
    x, y = inputs(batch), torch.randint(0, 10, (batch,), device=device)
    zeros = zeros_of(net, x)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-5)

    def step():
        optimizer.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()

    report("eager", work, batch, zeros, timed(step))
    report("CUDA graph", work, batch, zeros, timed(captured(step)))


def inference(batch, shift):
    work = "infer 784-1000x3-10"
    if args.only not in work:
        return
    net = network(shift).eval()
    x = inputs(batch)
    with torch.inference_mode():
        zeros = zeros_of(net, x)
        report("eager", work, batch, zeros, timed(lambda: net(x)))
        report("CUDA graph", work, batch, zeros, timed(captured(lambda: net(x))))


for shift in (0.0, 0.08):
    for batch in batches:
        training(batch, shift)
for shift in (0.0, 0.08):
    for batch in batches:
        inference(batch, shift)
