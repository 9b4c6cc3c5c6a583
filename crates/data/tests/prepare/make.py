"""Small files in the formats of the five benchmarks, and what their preparation gives, by NumPy and pandas themselves.

Run once, here, with NumPy 2.4.6, pandas 3.1.1 and h5py 3.16.0: python make.py
The steps are those of the MAF paper's program; `expected_*.npz` hold train, validation and test as float32.
"""

import gzip
import os

import h5py
import numpy as np
import pandas as pd

os.chdir(os.path.dirname(os.path.abspath(__file__)))
draw = np.random.default_rng(1)


def text(name, lines):
    with open(name, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        packed.write("".join(line + "\n" for line in lines).encode())


def expected(name, *parts):
    arrays = [np.asarray(part).astype(np.float32) for part in parts]
    np.savez_compressed(f"expected_{name}.npz", train=arrays[0], validation=arrays[1], test=arrays[2])


def tenths(rows):
    """Last tenth test, last tenth of the rest validation; also the two parts that are no test, together."""
    test = int(0.1 * len(rows))
    rest, test = rows[:-test], rows[-test:]
    validation = int(0.1 * len(rest))
    return rest[:-validation], rest[-validation:], test, rest


def rarely_repeated(rows):
    """The columns whose least value occurs at most five times."""
    values = [np.unique(column, return_counts=True)[1][0] for column in rows.T]
    return [j for j, count in enumerate(values) if count <= 5]


# --- power
size = 75
names = "Date;Time;Global_active_power;Global_reactive_power;Voltage;Global_intensity;Sub_metering_1;Sub_metering_2;Sub_metering_3"
lines, stored = [names], []
for i in range(size):
    minute = (17 * 60 + 24 + 37 * i) % 1440
    values = [f"{v:.3f}" for v in (*draw.gamma(2, 0.5, 2), draw.normal(240, 3), draw.gamma(2, 2), *draw.integers(0, 20, 3))]
    clock = f"16/12/2006;{minute // 60:02}:{minute % 60:02}:00;"
    if i % 20 == 7:
        lines.append(clock + "?;?;?;?;?;?;")
    else:
        lines.append(clock + ";".join(values))
        stored.append([float(v) for v in values] + [minute])
text("household_power_consumption.txt.gz", lines)
stored = np.array(stored)
np.save("power.npy", stored)
random = np.random.RandomState(42)
random.shuffle(stored)
rows = stored[:, [0, 2, 4, 5, 6, 7]]
voltage, active, meters = random.rand(len(rows), 1), random.rand(len(rows), 1), random.rand(len(rows), 3)
rows = rows + np.hstack([0.001 * active, 0.01 * voltage, meters, np.zeros((len(rows), 1))])
train, validation, test, rest = tenths(rows)
expected("power", *((part - rest.mean(axis=0)) / rest.std(axis=0) for part in (train, validation, test)))

# --- gas: sensors in groups that correlate
size = 240
groups = draw.normal(size=(size, 7))
sensors = groups[:, [0, 0, 1, 2, 2, 2, 3, 3, 4, 5, 6, 0, 1, 4, 4, 3]]
sensors = np.round(2000 + 300 * (sensors + draw.normal(size=(size, 16)) * draw.uniform(0.02, 0.35, 16)), 2)
frame = pd.DataFrame(np.column_stack([np.arange(size) / 100, np.zeros((size, 2)), sensors]))
frame.columns = ["Time", "Meth", "Eth"] + [f"S{j}" for j in range(1, 17)]
text(
    "ethylene_CO.txt.gz",
    ["Time (seconds), CO conc (ppm), Ethylene conc (ppm), sensor readings (16 channels)"]
    + [f"{row[0]:.2f}  0.00  0.00 " + " ".join(f" {v:.2f}" for v in row[3:]) for row in frame.to_numpy()],
)
quarter = frame.sample(frac=0.25, random_state=42)
quarter.to_csv("ethylene_CO.csv", index=False)
rows = quarter.drop(columns=["Time", "Meth", "Eth"])
while (first := np.flatnonzero((rows.corr() > 0.98).sum(axis=1) > 1)).size:
    rows = rows.drop(columns=rows.columns[first[0]])
print("gas keeps", *rows.columns)
rows = ((rows - rows.mean()) / rows.std()).to_numpy()
expected("gas", *tenths(rows)[:3])

# --- hepmass: some features pile up at their least value, one elsewhere
features = [f"f{j}" for j in range(27)]


def collisions(size):
    rows = np.round(draw.normal(size=(size, 27)), 3)
    rows[:, [4, 9, 13, 17, 21, 25]] = np.maximum(rows[:, [4, 9, 13, 17, 21, 25]], 0)
    rows[:, 8] = np.minimum(rows[:, 8], 0.5)
    return draw.integers(0, 2, size).astype(float), rows


def comma(values):
    return ",".join(f"{v:.3e}" for v in values)


label, rows = collisions(110)
text("1000_train.csv.gz", [",".join(["# label"] + features)] + [comma([l, *r]) for l, r in zip(label, rows)])
label, rows = collisions(40)
text("1000_test.csv.gz", [",".join(["# label"] + features + ["mass"])] + [comma([l, *r, 1000.0]) for l, r in zip(label, rows)])
train = pd.read_csv("1000_train.csv.gz", index_col=False)
test = pd.read_csv("1000_test.csv.gz", index_col=False)
train, test = (part[part["# label"] == 1][features] for part in (train, test))
mean, deviation = train.mean(), train.std()
train, test = (((part - mean) / deviation).to_numpy() for part in (train, test))
kept = rarely_repeated(train)
print("hepmass keeps", *(features[j] for j in kept))
train, test = train[:, kept], test[:, kept]
validation = int(0.1 * len(train))
expected("hepmass", train[:-validation], train[-validation:], test)

# --- miniboone: signal first, two outliers among it
signal, background = 72, 5
rows = np.round(draw.lognormal(size=(signal + background, 50)), 3)
rows[:, [3, 11, 19, 27, 30, 41, 49]] = np.maximum(rows[:, [3, 11, 19, 27, 30, 41, 49]], 1)
rows[[10, 55]] = -999
text(
    "MiniBooNE_PID.txt.gz",
    [f" {signal}  {background}"] + ["   ".join(["", *(f"{v:.5e}" for v in row)]) for row in rows],
)
rows = rows[:signal]
rows = rows[~(rows[:, 0] < -100)]
rows = rows[:, rarely_repeated(rows)]
print("miniboone keeps", rows.shape[1])
np.save("miniboone.npy", rows)
train, validation, test, rest = tenths(rows)
expected("miniboone", *((part - rest.mean(axis=0)) / rest.std(axis=0) for part in (train, validation, test)))

# --- bsds300: as h5py writes it by default, and as it might be packed
parts = {part: draw.normal(size=(size, 63)).astype(np.float32) for part, size in [("train", 9), ("validation", 3), ("test", 4)]}
with h5py.File("BSDS300.hdf5", "w") as file:
    for part, rows in parts.items():
        file[part] = rows
with h5py.File("packed.hdf5", "w", libver=("earliest", "v110")) as file:
    for part, rows in parts.items():
        file.create_dataset(part, data=rows.astype(np.float64), chunks=(2, 32), compression="gzip", shuffle=True)
expected("bsds300", *parts.values())
