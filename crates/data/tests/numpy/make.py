"""Writes the arrays that tests/reading.rs reads, by NumPy itself (2.4.6): python make.py"""

import gzip
import os

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
table = np.arange(12.0).reshape(4, 3) / 8 - 0.5
np.save("c_float64.npy", table)
np.save("fortran_float32.npy", np.asfortranarray(table.astype(np.float32)))
np.save("big_endian.npy", table.astype(">f8"))
np.save("half.npy", table.astype(np.float16))
np.save("int32.npy", np.arange(-6, 6, dtype=np.int32).reshape(4, 3))
np.save("bool.npy", np.arange(12).reshape(4, 3) % 2 == 0)
np.save("one_axis.npy", table[:, 0])
np.save("three_axes.npy", table.reshape(2, 2, 3))
np.save("complex.npy", table.astype(complex))
for version in [(2, 0), (3, 0)]:
    with open(f"version_{version[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, table, version=version)
with gzip.open("c_float64.npy.gz", "wb") as f:
    np.save(f, table)
np.savez("only.npz", anything=table)
np.savez_compressed("several.npz", train=table, labels=np.arange(4))
np.savez("ambiguous.npz", a=table, b=table + 1)
np.savetxt("text.txt", table)
np.savetxt("text.csv.gz", table, delimiter=",", header="a,b,c", comments="")
