"""Writes the events of src/tensorboard.rs's test with TensorBoard's own package: pip install tensorboard

python events.py > events.bin
"""

import io
import sys

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def scalars(wall_time, step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return Event(wall_time=wall_time, step=step, summary=summary)


out = io.BytesIO()
writer = RecordWriter(out)
for event in [
    Event(wall_time=1.5, file_version="brain.Event:2"),
    scalars(2.5, 7, [("loss/train", 0.25), ("zeros train/layer 1", 0.5)]),
    scalars(1e9, 300_000, [("rate", 0.1)]),
]:
    writer.write(event.SerializeToString())
sys.stdout.buffer.write(out.getvalue())
