"""README.md beside the experiments: every number of ours in it is computed from the results."""

from density_study import ablation, competition, curves, pictures, teachers
from density_study.data import FOLDER
from density_study.peers import contestants
from density_study.plan import COMPETING, ROWS, THREADS
from density_study.published import DATA
from study.numbers import duration, estimate, fixed
from study.tables import table

OPENING = f"""\
# Density: teachers beside the published results

Maximum likelihood alone, on the data of the papers and on others. Test log-likelihoods: nats, mean ± two standard errors
over the test rows, in the units in which the papers give them. Ours are trained on at most {THREADS} threads; *training* is the wall
clock of the whole training.

This page is written by `scripts/density` from what it measured; nothing measured in it is typed by hand, and nothing
published was measured here."""

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
    others = [data for data, known in DATA.items() if not known.published and COMPETING[data] in found]
    if others:
        header = ["data", "ours", "one teacher of ours", "the best of others", "ours − theirs", "seconds of each"]
        parts += [BESIDE, table(header, [comparison(data, found) for data in others])]
        parts += [EACH, table(["library", "model", *(DATA[data].words.partition(",")[0] for data in others)], each(others, found))]
    if panels := curves.panels(found):
        (FOLDER / "curves.svg").write_text(curves.figure(panels, "Validation against training time"))
        parts += [CURVES, "![Validation log-likelihood against seconds of training](curves.svg)"]
    if switches:
        header = ["switch", "test log-likelihood", "difference", "parameters"]
        seeds = max(len(switch["seeds"]) for switch in switches)
        parts += [SWITCHES.format(seeds=seeds), table(header, list(map(switched, switches)))]
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
    words = teachers.about(ROWS[row["row"]], row.get("teachers", 1))
    told = [f"**{words}**", of(row), f"{row['parameters']:,}", lasted(row)]
    yamls = ", ".join(f"[`{name}.yaml`]({name}.yaml)" for name in row.get("members", [row["row"]]))
    return [*told, f"{yamls}, flowstill {row['version']}"]


BESIDE = f"""\
## Beside other libraries

Other libraries train what their documentation shows, with the settings given there and one seed, for as long as ours took,
on the same machine and {THREADS} threads; `scripts/density_study/peers/contestants.py` says who, and from which page of which
documentation. Of each the parameters of the best validation are kept, and the best of all on the test rows stands here; in
brackets how many came to their end. Seconds are those of training and validation; where more than one training went on at
once, ours and theirs alike, it says so. ± is two standard errors; that of a difference is over the same test rows, and so
smaller.

Ours are ensembles of teachers in different orders, trained {THREADS} at a time with a thread each; *one teacher of ours* is
the mean of their own test log-likelihoods. All have one architecture, [`small.yaml`](small.yaml); the number of steps and the
dropout were chosen for each data by a few trials on validation rows, while theirs are the same everywhere, as documented."""


def comparison(data, found):
    """One line for data without published results."""
    row = found[COMPETING[data]]
    ended, failed = map(competition.documented, competition.standing(data, found))
    one = fixed(row["mean_of_teachers"], 2) if "mean_of_teachers" in row else ""
    ours = [DATA[data].words, f"[{of(row)}]({row['row']}.yaml)", one]
    seconds = fixed(row["seconds"], 0) if row["seconds"] is not None else "–"
    if "at_once" in row:
        seconds += f", {row['at_once']} at once"
    if not ended:
        return [*ours, "", "", seconds]
    best = ended[0]
    who = f"{of(best)}: {best['library']} {best['version']}, {best['about']} ({len(ended)} of {len(ended) + len(failed)})"
    return [*ours, who, f"**{above(best)}**", seconds]


EACH = """\
Each of them: by how many nats ours are above it, ± two standard errors."""


def each(others, found):
    """A line for each contestant."""
    standing = {data: competition.standing(data, found) for data in others}
    for library, model in contestants.DOCUMENTED:
        own = [library, contestants.RECIPES[library, model].about]
        for ended, failed in standing.values():
            line = next((line for line in [*ended, *failed] if (line["library"], line["model"]) == (library, model)), None)
            own.append("" if line is None else above(line) if "difference" in line else "failed")
        yield own


# a row far out, of which a model makes next to nothing, leaves no more to be told
BEYOND = 1000


def above(line):
    if line["difference"]["mean"] > BEYOND:
        return f"over {BEYOND:,}"
    return both(line["difference"]["mean"], 2 * line["difference"]["standard_error"])


CURVES = """\
## Learning curves

Validation against the seconds of training: ours in blue, in orange the best others, on the first of the data
that have both. Ours are drawn at their mean pace, validations included; of an ensemble its first teacher, on a thread of its
own."""

SWITCHES = """\
## What each switch brings

One change to one teacher, [`ablation.yaml`](ablation.yaml) on CASP (9 columns, in the repository), few steps, so that
what learns fast is ahead. Test log-likelihood: mean ± standard error over {seeds} seeds; the difference is to the first line, seed by
seed."""

STUDENTS = """\
## Students

What a one-pass sampler keeps of its teacher, distilled and compared as in the
[study of distillation](../distillation/README.md). Pictures: test rows, the teacher's samples, the student's."""


def switched(switch):
    difference = estimate(switch["difference"]) if switch["difference"] else ""
    return [switch["words"], estimate(switch["value"]), difference, f"{switch['parameters']:,}"]


def of(row):
    likelihood = row["log_likelihood"]
    return both(likelihood["mean"], 2 * likelihood["standard_error"])


def lasted(row):
    return duration(row["seconds"]) if row["seconds"] is not None else "–"


def both(mean, error):
    # as the papers have them
    decimals = 1 if abs(mean) >= 1000 else 2
    return f"{fixed(mean, decimals)} ± {fixed(error, decimals)}"
