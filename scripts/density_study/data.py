"""Rows of the study, made beside its experiments from the folder FLOWSTILL_DATA."""

import os
import pathlib

from study import patches

FOLDER = pathlib.Path("experiments", "density")

# of the paper
PATCHES = {"train": 1_000_000, "validation": 50_000, "test": 250_000}


def available(name, say):
    """Whether the rows of `name` are there, now if not before; what is missing is said."""
    here = FOLDER / "data" / name
    if all((here / f"{part}.npy").exists() for part in PATCHES):
        return True
    given = os.environ.get("FLOWSTILL_DATA")
    wanted = ", ".join(patches.FILES)
    if not given:
        say(f"{name}: skipped, its data are not in the repository; FLOWSTILL_DATA can name a folder that has {name}/ with {wanted}")
        return False
    there = pathlib.Path(given, name).resolve()
    if missing := [file for file in patches.FILES if not (there / file).exists()]:
        say(f"{name}: skipped, FLOWSTILL_DATA is {given}, where {name}/ has no {', '.join(missing)}")
        return False
    here.mkdir(parents=True, exist_ok=True)
    say(f"{name}: cutting {sum(PATCHES.values()):,} patches out of images, which takes some minutes")
    patches.make(there, here, PATCHES)
    return True
