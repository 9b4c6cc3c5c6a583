"""Data that are not in the repository: linked or made beside the experiments, from the folder FLOWSTILL_DATA."""

import os
import pathlib
import shutil

from study import patches
from study.experiment import FOLDER
from study.targets import OUTSIDE

# as the experiments call them -> as the folder does
PARTS = {"train": "train", "validation": "val", "test": "test"}


def available(target, say):
    """Whether the files of `target` are there, now if not before; what is missing is said."""
    here = FOLDER / "data" / target
    if target not in OUTSIDE or all((here / f"{part}.npy").exists() for part in PARTS):
        return True
    wanted = patches.FILES if target == "bsds300" else [f"{name}.npy" for name in PARTS.values()]
    there = outside(target, wanted, say)
    if there is None:
        return False
    here.mkdir(parents=True, exist_ok=True)
    if target == "bsds300":
        say(f"{target}: cutting patches out of images")
        patches.make(there, here)
    else:
        for part, name in PARTS.items():
            link(there / f"{name}.npy", here / f"{part}.npy")
    return True


def outside(name, wanted, say):
    """The folder of FLOWSTILL_DATA that has the files `wanted` of `name`; None where there is none, which is said."""
    given = os.environ.get("FLOWSTILL_DATA")
    if not given:
        say(
            f"{name}: skipped, its data are not in the repository; FLOWSTILL_DATA can name a folder that has "
            f"{name}/ with {', '.join(wanted)}"
        )
        return None
    there = pathlib.Path(given, name).resolve()
    if missing := [file for file in wanted if not (there / file).exists()]:
        say(f"{name}: skipped, FLOWSTILL_DATA is {given}, where {name}/ has no {', '.join(missing)}")
        return None
    return there


def link(there, here):
    here.unlink(missing_ok=True)
    try:
        here.symlink_to(there)
    except OSError:
        # a system without links
        shutil.copy(there, here)
