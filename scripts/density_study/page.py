"""README.md beside the experiments: every number of ours in it is computed from the results."""

from density_study import ablation, comparison, curves, pictures, teachers
from density_study.data import FOLDER
from density_study.estimates import likelihood, two_errors
from density_study.plan import ROWS, THREADS
from density_study.published import DATA
from study.numbers import duration, estimate
from study.tables import table

OPENING = f"""\
# Density: teachers beside the published results

Maximum likelihood alone, on the data of the papers and on others. Test log-likelihoods: nats, mean ± two standard errors
over the test rows, where papers give numbers in their units, elsewhere in those of the data's files. Ours, in bold, are
trained on at most {THREADS} threads; *training* is the wall clock of that, beside other work in some cases, of an ensemble
the sum of its members'. An ensemble is the mixture of its members' densities in equal parts.

This page is written by `scripts/density` from what it measured; nothing measured in it is typed by hand. Published values
are quoted from the papers named beside them."""

AGAIN = """\
## Measuring again

```sh
FLOWSTILL_DATA=/my/data scripts/density                                    # all teachers: makes the data, trains, writes this page
FLOWSTILL_DATA=/my/data scripts/density --rows bsds300_maf                 # one row
FLOWSTILL_DATA=/my/data scripts/density --rows htru2 --peers documented    # one row and the other libraries beside it
scripts/density --rows none --ablation                                     # the switches
FLOWSTILL_DATA=/my/data scripts/density --rows none --students mnist_maf   # a student and its picture
scripts/density --only-report                                              # this page from the results that are there
flowstill train experiments/density/bsds300_maf.yaml                       # one teacher by hand, once its data are made
flowstill sweep experiments/density/casp.yaml                              # an ensemble by hand
```"""


def write(found):
    """The page and its figure, of rows by name and of what else there is."""
    switches = ablation.read()
    parts = [OPENING]
    for data, known in DATA.items():
        ours = [found[row.name] for row in ROWS.values() if row.data == data and row.name in found]
        if known.published and ours:
            parts += [f"## {known.words}", published(known, ours)]
    parts += comparison.parts(found)
    if panels := curves.panels(found):
        (FOLDER / "curves.svg").write_text(curves.figure(panels, "Validation against training time"))
        parts += [CURVES, "![Validation log-likelihood against seconds of training](curves.svg)"]
    if switches:
        header = ["switch", "test log-likelihood", "difference", "parameters"]
        seeds = max(len(switch["seeds"]) for switch in switches)
        parts += [SWITCHES.format(seeds=seeds), table(header, list(map(switched, switches)))]
    students, drawn = pictures.lines()
    if students:
        parts += [STUDENTS, table(["teacher", "its test", "the student's", "KL(p‖q) per dimension"], students)]
        parts += drawn
    (FOLDER / "README.md").write_text("\n\n".join([*parts, AGAIN]) + "\n")


def published(known, ours):
    lines = [(value, [model, two_errors(value, error), "", "", source]) for model, value, error, source in known.published]
    lines += [(row["log_likelihood"]["mean"], cells(row)) for row in ours]
    lines.sort(key=lambda line: line[0])
    return table(["model", "test log-likelihood", "parameters", "training", "source"], [line for _, line in lines])


def cells(row):
    words = teachers.about(ROWS[row["row"]], row.get("teachers", 1))
    told = [f"**{words}**", likelihood(row), f"{row['parameters']:,}", lasted(row)]
    yamls = ", ".join(f"[`{name}.yaml`]({name}.yaml)" for name in row.get("members", [row["row"]]))
    return [*told, f"{yamls}, flowstill {row['version']}"]


CURVES = """\
## Learning curves

Validation against the seconds of training: ours in blue, in orange the best others, on the first of the data
that have both. Ours are drawn at their mean pace, validations included; of an ensemble its first teacher, on a thread of its
own."""

SWITCHES = """\
## What each switch brings

One change to one teacher, [`ablation.yaml`](ablation.yaml) on CASP (9 columns, in the repository), few steps, so that
what learns fast is ahead. Test log-likelihood: mean ± standard error over {seeds} seeds; the difference is to the first line, seed by
seed. What ensembles over orders bring stands under *one teacher of ours* above, and what fresh noise and mirror images
bring in the tables of MNIST and BSDS300."""

STUDENTS = """\
## Students

What a one-pass sampler keeps of its teacher, distilled and compared as in the
[study of distillation](../distillation/README.md). Pictures: test rows, the teacher's samples, the student's."""


def switched(switch):
    difference = estimate(switch["difference"]) if switch["difference"] else ""
    return [switch["words"], estimate(switch["value"]), difference, f"{switch['parameters']:,}"]


def lasted(row):
    return duration(row["seconds"]) if row["seconds"] is not None else "–"
