"""Rows of the study, made or linked beside its experiments from the folder FLOWSTILL_DATA."""

import dataclasses
import pathlib

from study import patches
from study.sources import PARTS, link, outside

FOLDER = pathlib.Path("experiments", "density")

# of the paper
PATCHES = {"train": 1_000_000, "validation": 50_000, "test": 250_000}
PICTURES = [f"{part}_images.npy.gz" for part in PARTS.values()]


@dataclasses.dataclass(frozen=True)
class Kind:
    """The files that FLOWSTILL_DATA has, and those that experiments read."""

    given: list
    wanted: list


KINDS = {
    "bsds300": Kind(patches.FILES, [f"{part}.npy" for part in PARTS]),
    "mnist": Kind(PICTURES, PICTURES),
}
OTHERS = Kind([f"{name}.npy" for name in PARTS.values()], [f"{part}.npy" for part in PARTS])
# patches, each with its mirror image
MIRRORED = "train_mirrored.npy"


# those that are in the repository
HERE = {"casp": pathlib.Path("experiments", "data", "casp")}


def folder(name):
    """Where experiments find them."""
    return HERE.get(name, FOLDER / "data" / name)


def available(row, say):
    """Whether the data of a row of the plan are there, now if not before; what is missing is said."""
    name, mirrored = row.data, [MIRRORED] if row.mirrored else []
    kind, here = KINDS.get(name, OTHERS), folder(name)
    if all((here / file).exists() for file in [*kind.wanted, *mirrored]):
        return True
    there = outside(name, kind.given, say)
    if there is None:
        return False
    here.mkdir(parents=True, exist_ok=True)
    if name == "bsds300":
        cut(there, here, row.mirrored, say)
    else:
        for file, wanted in zip(kind.given, kind.wanted, strict=True):
            link(there / file, here / wanted)
    return True


def cut(there, here, mirrored, say):
    """Patches that are not there yet; with `mirrored` also those of training with their mirror images."""
    if missing := {part: rows for part, rows in PATCHES.items() if not (here / f"{part}.npy").exists()}:
        say(f"bsds300: cutting {sum(missing.values()):,} patches out of images, which takes some minutes")
        patches.make(there, here, missing)
    if mirrored and not (here / MIRRORED).exists():
        say(f"bsds300: cutting {2 * PATCHES['train']:,} patches, half of them mirror images, which takes some minutes")
        patches.make(there, here, {"train": PATCHES["train"]}, mirrored=True)
