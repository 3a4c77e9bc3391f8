#!/usr/bin/env python3
"""Data that others train on, in the forms that this crate reads, and the errors that scikit-learn reaches on them.

Writes digits.csv, breast_cancer.csv, sparse.svm and the folders of mnist-png under OUT, each with its test part apart, and
the errors of scikit-learn's MLPClassifier (one hidden layer, Adam, as many epochs as COMPARISON says) to comparison.json
beside this script. Everything is drawn from fixed seeds.

    python3 -m venv VENV && VENV/bin/pip install scikit-learn pillow
    VENV/bin/python datasets/files/tests/comparison.py OUT MNIST_FOLDER
"""

import csv
import gzip
import json
import pathlib
import sys

import numpy
import scipy.sparse
import sklearn
from PIL import Image
from sklearn.datasets import dump_svmlight_file, load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

# One hidden layer of `units`, batches of `batch`, `epochs` passes, Adam at `rate`.
COMPARISON = {
    "digits": {"units": 100, "batch": 32, "epochs": 50, "rate": 0.001},
    "breast_cancer": {"units": 100, "batch": 32, "epochs": 50, "rate": 0.001},
    "mnist_png": {"units": 200, "batch": 100, "epochs": 20, "rate": 0.001},
    "sparse": {"units": 50, "batch": 100, "epochs": 10, "rate": 0.001},
}


def idx(path):
    data = gzip.decompress(path.read_bytes())
    rank = data[3]
    shape = [int.from_bytes(data[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(rank)]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def table(out, name, data):
    """Writes `name`-train.csv and `name`-test.csv; gives the same parts, standardized as the program does it."""
    names = [str(column) for column in getattr(data, "feature_names", range(data.data.shape[1]))]
    parts = train_test_split(data.data, data.target, test_size=0.25, random_state=1, stratify=data.target)
    for part, inputs, labels in (("train", parts[0], parts[2]), ("test", parts[1], parts[3])):
        with open(out / f"{name}-{part}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names + ["class"])
            for row, label in zip(inputs, labels):
                writer.writerow([repr(float(value)) for value in row] + [str(data.target_names[label])])
    scaler = StandardScaler().fit(parts[0])
    return scaler.transform(parts[0]), parts[2], scaler.transform(parts[1]), parts[3]


def pictures(out, mnist):
    """The first 12,000 training pictures as train/CLASS/*.png, and the first 2,000 test pictures as test/CLASS/*.png."""
    parts = []
    for part, files, count in (("train", "train", 12_000), ("test", "t10k", 2_000)):
        images = idx(mnist / f"{files}-images-idx3-ubyte.gz")[:count]
        labels = idx(mnist / f"{files}-labels-idx1-ubyte.gz")[:count]
        for index, (image, label) in enumerate(zip(images, labels)):
            folder = out / "mnist-png" / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{index:05}.png")
        parts += [images.reshape(count, -1) / 255.0, labels]
    return parts


def sparse(out, rows=20_000, width=50_000, classes=5, filled=40):
    """Rows of some 40 columns of 50,000, a quarter of which tell the class; labels are not 0 to 4."""
    random = numpy.random.default_rng(1)
    labels = random.integers(classes, size=rows)
    own = [random.choice(width, size=2_000, replace=False) for _ in range(classes)]
    # Common columns are common: a power law, as of words.
    common = (width * random.random((rows, filled)) ** 3).astype(int)
    telling = numpy.stack([random.choice(own[label], size=filled // 4) for label in labels])
    columns = numpy.concatenate([common[:, : filled - filled // 4], telling], axis=1)
    values = random.uniform(0.5, 1.5, size=columns.shape).round(3)
    starts = numpy.arange(rows + 1) * columns.shape[1]
    matrix = scipy.sparse.csr_matrix((values.ravel(), columns.ravel(), starts), shape=(rows, width))
    matrix.sum_duplicates()
    names = numpy.array([-1, 1, 3, 10, 20])[labels]
    cut = rows * 3 // 4
    for part, slice_ in (("train", slice(0, cut)), ("test", slice(cut, rows))):
        dump_svmlight_file(matrix[slice_], names[slice_], str(out / f"sparse-{part}.svm"), zero_based=False)
    return matrix[:cut], names[:cut], matrix[cut:], names[cut:]


def error(name, parts, seeds=(1, 2, 3)):
    settings = COMPARISON[name]
    errors = []
    for seed in seeds:
        network = MLPClassifier(
            (settings["units"],),
            batch_size=settings["batch"],
            max_iter=settings["epochs"],
            learning_rate_init=settings["rate"],
            n_iter_no_change=settings["epochs"],
            random_state=seed,
        )
        network.fit(parts[0], parts[1])
        errors.append(round(100 * (1 - network.score(parts[2], parts[3])), 3))
    found = {**settings, "train": int(parts[0].shape[0]), "test": int(parts[2].shape[0])}
    return {**found, "test_error_percent": errors}


def main():
    out, mnist = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    parts = {
        "digits": table(out, "digits", load_digits()),
        "breast_cancer": table(out, "breast_cancer", load_breast_cancer()),
        "mnist_png": pictures(out, mnist),
        "sparse": sparse(out),
    }
    found = {"scikit-learn": sklearn.__version__, "command": "comparison.py OUT MNIST_FOLDER"}
    for name, part in parts.items():
        seeds = (1,) if name == "sparse" else (1, 2, 3)
        found[name] = error(name, part, seeds)
        print(name, found[name], flush=True)
        place = pathlib.Path(__file__).with_name("comparison.json")
        place.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
