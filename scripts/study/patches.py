"""BSDS300: patches of 8 × 8 pixels as Uria, Murray and Larochelle (2013) prepare them.

    x = (pixel + u) / 256 with u uniform on [0, 1), minus the mean of the patch, without the last of the 64 pixels
"""

import array
import csv
import math
import random

from study import npy

SIDE = 8
# rows of each part that are made where nothing else is asked for, the first ones
ROWS = {"train": 100_000, "validation": 10_000, "test": 10_000}
COORDINATES = {"train": "coords_train.npy.gz", "validation": "coords_val.npy.gz", "test": "coords_test.npy.gz"}
FILES = ["images.npy.gz", "images.csv", *COORDINATES.values()]


def prepared(pixels, draw):
    """63 values of 64 grey levels."""
    noisy = [(pixel + draw()) / 256 for pixel in pixels]
    mean = math.fsum(noisy) / len(noisy)
    return [value - mean for value in noisy[:-1]]


def make(there, here, parts=ROWS, mirrored=False):
    """Writes the parts to the folder `here` from the images and places in `there`: of each the first rows, so many.

    Mirrored ones are `<part>_mirrored.npy`: each patch, and after it the same pixels from right to left, with noise of its
    own.
    """
    (_, size), images = npy.read(there / "images.npy.gz")
    with (there / "images.csv").open() as file:
        widths = [int(image["width"]) for image in csv.DictReader(file)]
    for part, rows in parts.items():
        _, places = npy.read(there / COORDINATES[part])
        name = f"{part}_mirrored" if mirrored else part
        draw = random.Random(f"bsds300 {name}").random
        values = array.array("f")
        for row in range(rows):
            image, top, left = places[3 * row : 3 * row + 3]
            corner = image * size + top * widths[image] + left
            lines = [images[begin : begin + SIDE] for begin in range(corner, corner + SIDE * widths[image], widths[image])]
            values.extend(prepared([pixel for line in lines for pixel in line], draw))
            if mirrored:
                values.extend(prepared([pixel for line in lines for pixel in reversed(line)], draw))
        npy.write(here / f"{name}.npy", SIDE * SIDE - 1, values)
