"""Densities in the plane: the part of it that is shown, the middles of its cells, and pictures of them."""

import array
import base64
import functools
import math

from study import npy, png

SIDE = 72
# cells that are counted over one another for the scale of a target's colours
COARSE = 24
MARGIN = 0.08


@functools.cache
def view(rows):
    """The square around the rows of a file: (left, bottom, side)."""
    (_, columns), values = npy.read(rows)
    low = [min(values[i::columns]) for i in (0, 1)]
    high = [max(values[i::columns]) for i in (0, 1)]
    side = (1 + 2 * MARGIN) * max(high[i] - low[i] for i in (0, 1))
    left, bottom = ((low[i] + high[i] - side) / 2 for i in (0, 1))
    return left, bottom, side


def cells(square):
    """The middles of the cells, the lowest row first."""
    left, bottom, side = square
    middles = [(i + 0.5) * side / SIDE for i in range(SIDE)]
    return array.array("d", [value for y in middles for x in middles for value in (left + x, bottom + y)])


def counted(rows, square, number):
    """The density of the rows of a file in `number` × `number` cells."""
    left, bottom, side = square
    (count, _), values = npy.read(rows)
    found = [0] * number**2
    for x, y in zip(values[::2], values[1::2], strict=True):
        column, row = math.floor((x - left) / side * number), math.floor((y - bottom) / side * number)
        if 0 <= column < number and 0 <= row < number:
            found[row * number + column] += 1
    return [n / count / (side / number) ** 2 for n in found]


@functools.cache
def ceiling(train, test):
    """The density that has the brightest colour in all pictures of a target: that of its densest parts."""
    filled = sorted(value for value in counted(train, view(test), COARSE) if value > 0)
    return 1.3 * filled[int(0.98 * (len(filled) - 1))]


def picture(values, most):
    """A picture of densities, as text; the square root is shown, so that thin parts are seen."""
    lines = [values[i : i + SIDE] for i in range(0, SIDE**2, SIDE)]
    shades = [[math.sqrt(min(1, value / most)) for value in line] for line in reversed(lines)]
    return base64.b64encode(png.encode(shades)).decode()


def of_model(grid, train, test):
    _, values = npy.read(grid)
    return picture([math.exp(min(value, 700)) for value in values], ceiling(train, test))


def of_rows(train, test):
    return picture(counted(train, view(test), SIDE), ceiling(train, test))
