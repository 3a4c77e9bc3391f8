"""Reads the event file of a run with TensorBoard's own package and compares it with the run's JSON lines.

pip install tensorboard
python read_events.py RUN

Exit code 0: every number is there and no other; 1: one differs; 77: TensorBoard is not installed.
"""

import collections
import json
import pathlib
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as reason:
    print(f"TensorBoard is not installed: {reason}")
    sys.exit(77)


def expected(run):
    numbers = collections.defaultdict(list)
    last_step = {}
    for line in (run / "steps.jsonl").read_text().splitlines():
        row = json.loads(line)
        step = row["step"]
        last_step[row["stage"], row["epoch"]] = step
        for key, tag in [
            ("rate", "rate"),
            ("loss", "loss/train"),
            ("reconstruction", "reconstruction/train"),
            ("penalty", "penalty/train"),
            ("error", "error/train"),
        ]:
            if key in row:
                numbers[tag].append((step, row[key]))
        for layer, share in enumerate(row["zeros"], 1):
            if share is not None:
                numbers[f"zeros train/layer {layer}"].append((step, share))
    recipe = json.loads((run / "recipe.json").read_text())["recipe"]
    for line in (run / "history.jsonl").read_text().splitlines():
        row = json.loads(line)
        step = last_step[row["stage"], row["epoch"]]
        stage = recipe["stages"][row["stage"] - 1]
        pretraining = stage["stage"] == "pretrain"
        numbers["reconstruction/valid" if pretraining else "loss/valid"].append((step, row["valid_loss"]))
        if not pretraining:
            numbers["error/valid"].append((step, row["valid_error"]))
        first = stage["layer"] if pretraining else 1
        for layer, (share, dead) in enumerate(zip(row["zeros"], row["dead"]), first):
            numbers[f"zeros valid/layer {layer}"].append((step, share))
            numbers[f"dead units/layer {layer}"].append((step, dead))
    return numbers


def main():
    run = pathlib.Path(sys.argv[1])
    read = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    tags = read.Tags()["scalars"]
    wanted = expected(run)
    if sorted(tags) != sorted(wanted):
        sys.exit(f"tags: {sorted(tags)}, expected {sorted(wanted)}")
    count = 0
    for tag in tags:
        found = [(event.step, event.value) for event in read.Scalars(tag)]
        if [step for step, _ in found] != [step for step, _ in wanted[tag]]:
            sys.exit(f"{tag}: steps differ")
        for (step, value), (_, number) in zip(found, wanted[tag]):
            # Events hold single precision.
            if abs(value - number) > 1e-6 * max(1.0, abs(number)):
                sys.exit(f"{tag} at step {step}: {value}, expected {number}")
            count += 1
    print(f"{len(tags)} tags, {count} numbers agree")


main()
