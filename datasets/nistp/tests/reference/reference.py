"""The distortions of NISTP as their definitions have them, in NumPy and SciPy: writes what tests/reference.rs expects.

    pip install numpy scipy
    python datasets/nistp/tests/reference/reference.py

`expected.f32` holds images of 32x32 little-endian f32, one after the other; `cases.json` says what each is.
"""
import json
import pathlib

import numpy as np
from scipy import ndimage

HERE = pathlib.Path(__file__).parent
SIDE, MIDDLE = 32, 15.5
ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(float)
ELEMENTS = [(1, 2), (2, 1), (2, 2), "cross", (2, 3), (3, 2), (3, 3), (3, 4), (4, 3)]

images, cases = [], []


def put(image):
    images.append(np.asarray(image, dtype=np.float32))
    return len(images) - 1


def case(name, image, expected, **parameters):
    cases.append({"name": name, "image": image, "expected": put(expected), **parameters})


def bilinear(image, ys, xs):
    return ndimage.map_coordinates(image, [ys, xs], order=1, mode="grid-constant", cval=0.0)


def smoothed(image, sigma):
    return ndimage.gaussian_filter(image, sigma, mode="constant", cval=0.0, truncate=12.0)


def slant(image, angle):
    out = np.zeros_like(image)
    back = np.floor(angle * 16 + 0.5)
    for y in range(SIDE):
        shift = int(np.floor(y * angle + 0.5) - back)
        for x in range(SIDE):
            if 0 <= x - shift < SIDE:
                out[y, x] = image[y, x - shift]
    return out


def thickness(image, index, dilate):
    element = ELEMENTS[index]
    foot = ndimage.generate_binary_structure(2, 1) if element == "cross" else np.ones(element, bool)
    if dilate:
        return ndimage.grey_dilation(image, footprint=foot, mode="reflect")
    out = ndimage.grey_erosion(image, footprint=foot, mode="reflect")
    if out.max() < image.max() / 4:
        return image
    return out * (image.max() / out.max())


def affine(image, a, b, tx, d, e, ty):
    x, y = COLUMNS - MIDDLE, ROWS - MIDDLE
    return bilinear(image, d * x + e * y + ty + MIDDLE, a * x + b * y + tx + MIDDLE)


def elastic_field(noise, complexity):
    k = max(complexity, 0.1) ** (1 / 3)
    return 10 * k * smoothed(noise, 10 - 7 * k)


def elastic(image, across, down, complexity):
    return bilinear(image, ROWS + elastic_field(down, complexity), COLUMNS + elastic_field(across, complexity))


def pinch(image, p):
    x, y = COLUMNS - MIDDLE, ROWS - MIDDLE
    distance, radius = np.hypot(x, y), SIDE / 2
    factor = np.where(distance < radius, np.sin(np.pi * np.minimum(distance, radius) / (2 * radius)) ** -p, 1.0)
    return bilinear(image, y * factor + MIDDLE, x * factor + MIDDLE)


def motion_blur(image, length, dx, dy):
    return np.mean([bilinear(image, ROWS + j * dy, COLUMNS + j * dx) for j in range(length)], axis=0)


def smooth_spots(image, sigma, reach, places):
    smooth = smoothed(image, sigma)
    smooth *= image.max() / smooth.max()
    mask = sum(np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / (2 * reach * reach)) for x, y in places)
    return (image + mask * smooth) / (mask + 1)


def scratch(image, one, angle, stretch, dx, dy, thinned):
    x, y = COLUMNS - MIDDLE - dx, ROWS - MIDDLE - dy
    sin, cos = np.sin(angle), np.cos(angle)
    turned = bilinear(one, (cos * y - sin * x) / stretch + MIDDLE, cos * x + sin * y + MIDDLE)
    for step in range(thinned):
        turned = thickness(turned, 2 if step == 0 else step % 2, False)
    return np.maximum(image, turned)


rng = np.random.default_rng(20110411)
# Multiples of 1/256 are exact in every format.
exact = lambda image: np.round(image * 256) / 256
blobs = smoothed(rng.uniform(-1, 1, (SIDE, SIDE)), 2.0)
blobs = exact(np.clip(blobs / blobs.max() * 2, 0, 1))
grain = exact(rng.uniform(0, 1, (SIDE, SIDE)))
across, down = (exact(rng.uniform(-1, 1, (SIDE, SIDE))) for _ in range(2))
inputs = [blobs, grain, across, down]
BLOBS, GRAIN, ACROSS, DOWN = (put(image) for image in inputs)

for angle in (0.0, 0.13, -0.31, 0.7, -0.7):
    case("slant", GRAIN, slant(grain, angle), angle=angle)
for index in range(9):
    case("thickness", BLOBS if index % 2 else GRAIN, thickness(blobs if index % 2 else grain, index, True), element=index, dilate=True)
for index in range(5):
    case("thickness", BLOBS, thickness(blobs, index, False), element=index, dilate=False)
for a, b, tx, d, e, ty in ((1, 0, 0, 0, 1, 0), (1.28, -0.2, 3.15, 0.28, 0.72, -2.5), (0.75, 0.25, -1.5, -0.125, 1.125, 0.5)):
    case("affine", GRAIN, affine(grain, a, b, tx, d, e, ty), map=[a, b, tx, d, e, ty])
for complexity in (0.0, 0.25, 0.7, 1.0):
    case("field", ACROSS, elastic_field(across, complexity), complexity=complexity)
for complexity in (0.0, 0.7):
    case("elastic", BLOBS, elastic(blobs, across, down, complexity), complexity=complexity, noise=[ACROSS, DOWN])
for p in (-0.7, -0.2, 0.0, 0.49):
    case("pinch", BLOBS, pinch(blobs, p), pinch=p)
for length, dx, dy in ((2, 0.6, -0.8), (7, -1.0, 0.0)):
    case("motion blur", GRAIN, motion_blur(grain, length, dx, dy), length=length, step=[dx, dy])
places = [[3, 4], [20, 16], [31, 0]]
case("smoothing", BLOBS, smooth_spots(blobs, 2.0, 4.0, places), sigma=2.0, reach=4.0, places=places)
case("scratch", GRAIN, scratch(grain * 0.5, blobs, 1.0, 1.5, -3.0, 2.0, 2), other=BLOBS, angle=1.0, stretch=1.5, shift=[-3.0, 2.0], thinned=2)
case("background", BLOBS, np.maximum(blobs, 0.625 * grain), other=GRAIN, strength=0.625)
case("noise", BLOBS, np.clip(blobs + 0.0625 * across, 0, 1), other=ACROSS, deviation=0.0625)
case("contrast", GRAIN, 0.5 + 0.4 * (grain - 0.5), range=0.4, inverted=False)
case("contrast", GRAIN, 0.5 - 0.4 * (grain - 0.5), range=0.4, inverted=True)

np.concatenate([image.ravel() for image in images]).astype("<f4").tofile(HERE / "expected.f32")
lines = ",\n".join(json.dumps(one) for one in cases)
(HERE / "cases.json").write_text(f"[\n{lines}\n]\n")
print(len(images), "images,", len(cases), "cases")
