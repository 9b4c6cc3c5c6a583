"""Rows of .npy files, and the standardised space in which flows live, as flowstill makes it from the training part:
`x_std = (x − mean) / sd` with the population standard deviation, in double precision, then rounded to single."""

import numpy

# rows in double precision at once
BLOCK = 1 << 16


def read(path):
    """Rows of a file, which stay in it until they are needed."""
    rows = numpy.load(path, mmap_mode="r")
    if rows.ndim != 2 or not len(rows) or rows.dtype.kind not in "fiu":
        raise ValueError(f"{path} holds {rows.dtype} {rows.shape}, where rows × columns of numbers are expected")
    return rows


def blocks(rows):
    for begin in range(0, len(rows), BLOCK):
        yield numpy.asarray(rows[begin : begin + BLOCK], numpy.float64)


class Standardizer:
    def __init__(self, rows):
        self.mean = sum(block.sum(0) for block in blocks(rows)) / len(rows)
        self.sd = numpy.sqrt(sum(numpy.square(block - self.mean).sum(0) for block in blocks(rows)) / len(rows))
        if not (numpy.isfinite(self.sd) & (self.sd > 0)).all():
            raise ValueError(f"a column of the training rows is constant or not finite: standard deviations {self.sd}")

    def standardize(self, rows):
        """Single precision, (rows, columns)."""
        if rows.shape[1] != len(self.sd):
            raise ValueError(f"rows have {rows.shape[1]} columns, those of the training part {len(self.sd)}")
        return numpy.concatenate([((block - self.mean) / self.sd).astype(numpy.float32) for block in blocks(rows)])

    def log_det(self):
        """Σ log sd: what a log-density in the units of the data is below the standardised one."""
        return float(numpy.log(self.sd).sum())
