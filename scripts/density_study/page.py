"""README.md beside the experiments: every number of ours in it is computed from the results."""

from density_study import ablation, competition, curves, pictures
from density_study.data import FOLDER
from density_study.plan import ROWS
from density_study.published import DATA
from study.numbers import duration, estimate, fixed
from study.tables import table

OPENING = """\
# Density: teachers beside the published results

Maximum likelihood alone, on the data of the papers and on others. Test log-likelihoods: nats, mean ± two standard errors
over the test rows, in the units in which the papers give them. Ours are trained on two threads; *training* is wall clock of
the whole training.

This page is written by `scripts/density` from what it measured; nothing measured in it is typed by hand, and nothing
published was measured here."""

AGAIN = """\
## Measuring again

```sh
FLOWSTILL_DATA=/my/data scripts/density                          # everything: makes the data, trains, writes this page
FLOWSTILL_DATA=/my/data scripts/density --rows bsds300_maf       # one row
FLOWSTILL_DATA=/my/data scripts/density --rows htru2 --peers documented   # one row and the other libraries beside it
scripts/density --rows none --ablation                           # the switches
scripts/density --only-report                                    # this page from the results that are there
flowstill train experiments/density/bsds300_maf.yaml             # one row by hand, once its data are made
```"""


def write(found):
    """The page and its figure, of rows by name and of what else there is."""
    peers, switches = competition.read(), ablation.read()
    parts = [OPENING]
    for data, known in DATA.items():
        ours = [found[row.name] for row in ROWS.values() if row.data == data and row.name in found]
        if known.published and ours:
            parts += [f"## {known.words}", published(known, ours)]
    if beside := [line for data in DATA if (line := comparison(data, found, peers))]:
        parts += [BESIDE, table(["data", "ours", "the best of others", "ours − theirs", "wall time"], beside)]
    if panels := curves.panels(found, peers):
        (FOLDER / "curves.svg").write_text(curves.figure(panels, "Validation against training time"))
        parts += [CURVES, "![Validation log-likelihood against seconds of training](curves.svg)"]
    if switches:
        header = ["switch", "test log-likelihood", "difference", "parameters", "time of training"]
        parts += [SWITCHES, table(header, list(map(switched, switches)))]
    students, drawn = pictures.lines()
    if students:
        parts += [STUDENTS, table(["teacher", "its test", "the student's", "KL(p‖q) per dimension", "ESS"], students)]
        parts += drawn
    (FOLDER / "README.md").write_text("\n\n".join([*parts, AGAIN]) + "\n")


def published(known, ours):
    lines = [(value, [model, both(value, error), "", "", source]) for model, value, error, source in known.published]
    lines += [(row["log_likelihood"]["mean"], cells(row)) for row in ours]
    lines.sort(key=lambda line: line[0])
    return table(["model", "test log-likelihood", "parameters", "training", "source"], [line for _, line in lines])


def cells(row):
    told = [f"**{row['about']}**", of(row), f"{row['parameters']:,}", lasted(row)]
    yamls = ", ".join(f"[`{name}.yaml`]({name}.yaml)" for name in row.get("members", [row["row"]]))
    return [*told, f"{yamls}, flowstill {row['version']}"]


BESIDE = """\
## Beside other libraries

Other libraries train what their documentation shows, with the settings given there, for as long as ours took, on the same
machine and two threads, one after the other (`scripts/density_study/peers/contestants.py` says who, and from which page of
which documentation); of each the parameters of the best validation are kept, and the best of all by validation stands here.
Ours are ensembles, whose teachers are trained two at a time with one thread each; *wall time* is that of all of them. ± is two standard errors; that of a difference is over the same test rows, and so smaller."""


def comparison(data, found, peers):
    """One line for data that others were trained on."""
    theirs = [peer for peer in peers.get(data, ()) if peer.get("beside") in found]
    if not theirs:
        return None
    best = max(theirs, key=lambda peer: peer["validation_log_likelihood"]["mean"])
    row, difference = found[best["beside"]], best["difference"]
    return [
        DATA[data].words,
        f"[{of(row)}]({row['row']}.yaml)",
        f"{of(best)}, {best['library']} {best['version']}: {best['about']}",
        f"**{both(difference['mean'], 2 * difference['standard_error'])}**",
        lasted(row),
    ]


CURVES = """\
## Learning curves

Validation against the wall clock of training, ours in blue. Ours are drawn at their mean pace, validations included; of an
ensemble its first teacher, which has one thread to itself."""

SWITCHES = """\
## What each switch brings

One change at a time to one teacher, [`ablation.yaml`](ablation.yaml) on CASP (9 columns, in the repository), each with one
thread. Test log-likelihood: mean ± standard error over three seeds; the difference is to the first line, seed by seed; time is
that of a training, in multiples of the first line's, two of them side by side."""

STUDENTS = """\
## Students

What a one-pass sampler keeps of its teacher, distilled and compared as in the
[study of distillation](../distillation/README.md). Pictures: test rows, the teacher's samples, the student's."""


def switched(switch):
    difference = estimate(switch["difference"]) if switch["difference"] else ""
    time = f"{fixed(switch['time'], 2)}" if switch["time"] else ""
    return [switch["words"], estimate(switch["value"]), difference, f"{switch['parameters']:,}", time]


def of(row):
    likelihood = row["log_likelihood"]
    return both(likelihood["mean"], 2 * likelihood["standard_error"])


def lasted(row):
    return duration(row["seconds"]) if row["seconds"] is not None else "–"


def both(mean, error):
    return f"{fixed(mean, 2)} ± {fixed(error, 2)}"
