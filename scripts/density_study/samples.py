"""Pictures drawn by a teacher and by its student, beside those of the data: one PNG."""

import math
import random
import subprocess

from density_study.data import FOLDER
from study import npy, png

ACROSS, DOWN = 12, 6
# pixels of the PNG for one of a picture, and those between pictures and between the three blocks
SCALE = {8: 5, 28: 2}
GAP, BETWEEN = 2, 14
# a patch has mean zero, and few of its values are further from it
CONTRAST = 0.35


def patch(row):
    """64 shades of the 63 values, the last of which is what the mean leaves."""
    values = [*row, -math.fsum(row)]
    return [min(max(0.5 + value / (2 * CONTRAST), 0.0), 1.0) for value in values]


def digit(row):
    """Ink on paper."""
    return [1 - min(max(value / 255, 0.0), 1.0) for value in row]


SHADES = {"bsds300": patch, "mnist": digit}


def drawn(program, checkpoint, count, out):
    """Rows of a checkpoint, as flowstill samples them."""
    subprocess.run([program, "sample", checkpoint, "--number", str(count), "--output", out, "--quiet"], check=True)
    return rows_of(*npy.read(out))


def rows_of(shape, values):
    columns = math.prod(shape[1:])
    return [values[begin : begin + columns] for begin in range(0, len(values), columns)]


def held_out(data, count):
    """Test rows, some of all of them."""
    folder = FOLDER / "data" / data
    file = folder / ("test_images.npy.gz" if data == "mnist" else "test.npy")
    rows = rows_of(*npy.read(file))
    return random.Random(0).sample(rows, count)


def block(rows, shades):
    """Lines of shades: pictures side by side, DOWN lines of them."""
    pictures = [shades(row) for row in rows]
    side = math.isqrt(len(pictures[0]))
    scale = SCALE[side]
    width = ACROSS * (side * scale + GAP) - GAP
    lines = []
    for first in range(0, ACROSS * DOWN, ACROSS):
        if lines:
            lines += [[1.0] * width] * GAP
        for y in range(side):
            line = []
            for picture in pictures[first : first + ACROSS]:
                line += [1.0] * GAP if line else []
                line += [shade for shade in picture[y * side : (y + 1) * side] for _ in range(scale)]
            lines += [line] * scale
    return lines


def picture(program, data, folder):
    """The PNG: test rows, the teacher's samples and the student's, from left to right."""
    count = ACROSS * DOWN
    blocks = [block(held_out(data, count), SHADES[data])]
    for role in ("teacher", "student"):
        rows = drawn(program, folder / f"{role}.safetensors", count, folder / f"{role}_samples.npy")
        blocks.append(block(rows, SHADES[data]))
    lines = [sum((part + [1.0] * BETWEEN for part in parts), [])[:-BETWEEN] for parts in zip(*blocks, strict=True)]
    return png.encode(lines, png.GREY, 64)
