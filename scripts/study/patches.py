"""BSDS300: patches of 8 × 8 pixels as Uria, Murray and Larochelle (2013) prepare them.

    x = (pixel + u) / 256 with u uniform on [0, 1), minus the mean of the patch, without the last of the 64 pixels
"""

import array
import ast
import csv
import gzip
import math
import random
import struct
import sys

SIDE = 8
# rows of each part that are made, the first ones
ROWS = {"train": 100_000, "validation": 10_000, "test": 10_000}
COORDINATES = {"train": "coords_train.npy.gz", "validation": "coords_val.npy.gz", "test": "coords_test.npy.gz"}
FILES = ["images.npy.gz", "images.csv", *COORDINATES.values()]

# little-endian types of NumPy's files -> codes of `array`
CODES = {"|u1": "B", "<u2": "H", "<f4": "f"}


def read_npy(path):
    """The shape and the values of a gzipped .npy file, format 1.0."""
    with gzip.open(path) as file:
        magic = file.read(8)
        if magic != b"\x93NUMPY\x01\x00":
            sys.exit(f"distillation: {path} is no .npy file of format 1.0")
        (length,) = struct.unpack("<H", file.read(2))
        header = ast.literal_eval(file.read(length).decode())
        values = array.array(CODES[header["descr"]])
        values.frombytes(file.read())
    if sys.byteorder == "big":
        values.byteswap()
    if header["fortran_order"] or len(values) != math.prod(header["shape"]):
        sys.exit(f"distillation: {path} does not hold {header['shape']} values in C order")
    return header["shape"], values


def write_npy(path, columns, values):
    """float32 rows of `columns`; the file is there at once or not at all."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values) // columns}, {columns}), }}"
    # NumPy wants the values to begin at a multiple of 64 bytes
    header += " " * (-(len(header) + 11) % 64) + "\n"
    if sys.byteorder == "big":
        values.byteswap()
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        values.tofile(file)
    unfinished.replace(path)


def prepared(pixels, draw):
    """63 values of 64 grey levels."""
    noisy = [(pixel + draw()) / 256 for pixel in pixels]
    mean = math.fsum(noisy) / len(noisy)
    return [value - mean for value in noisy[:-1]]


def make(there, here):
    """Writes the parts to the folder `here` from the images and places in `there`."""
    (_, size), images = read_npy(there / "images.npy.gz")
    with (there / "images.csv").open() as file:
        widths = [int(image["width"]) for image in csv.DictReader(file)]
    for part, rows in ROWS.items():
        _, places = read_npy(there / COORDINATES[part])
        draw = random.Random(f"bsds300 {part}").random
        values = array.array("f")
        for row in range(rows):
            image, top, left = places[3 * row : 3 * row + 3]
            corner = image * size + top * widths[image] + left
            lines = [corner + line * widths[image] for line in range(SIDE)]
            values.extend(prepared([p for begin in lines for p in images[begin : begin + SIDE]], draw))
        write_npy(here / f"{part}.npy", SIDE * SIDE - 1, values)
