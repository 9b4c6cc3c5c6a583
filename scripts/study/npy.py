"""Arrays in NumPy's files, without NumPy."""

import array
import ast
import gzip
import math
import struct
import sys

# little-endian types of NumPy's files -> codes of `array`
CODES = {"|u1": "B", "<u2": "H", "<f4": "f", "<f8": "d"}


def read(path):
    """The shape and the values of a .npy file of format 1.0, perhaps gzipped."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        magic = file.read(8)
        if magic != b"\x93NUMPY\x01\x00":
            sys.exit(f"{path} is no .npy file of format 1.0")
        (length,) = struct.unpack("<H", file.read(2))
        header = ast.literal_eval(file.read(length).decode())
        values = array.array(CODES[header["descr"]])
        values.frombytes(file.read())
    if sys.byteorder == "big":
        values.byteswap()
    if header["fortran_order"] or len(values) != math.prod(header["shape"]):
        sys.exit(f"{path} does not hold {header['shape']} values in C order")
    return header["shape"], values


def write(path, columns, values):
    """Rows of `columns`, in the type of the array `values`; the file is there at once or not at all."""
    kind = next(name for name, code in CODES.items() if code == values.typecode)
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({len(values) // columns}, {columns}), }}"
    # NumPy wants the values to begin at a multiple of 64 bytes
    header += " " * (-(len(header) + 11) % 64) + "\n"
    if sys.byteorder == "big":
        values.byteswap()
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        values.tofile(file)
    unfinished.replace(path)
