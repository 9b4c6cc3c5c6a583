"""README.md beside the experiments: every number of ours in it is computed from the results."""

from density_study.published import DATA
from density_study.plan import ROWS
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
FLOWSTILL_DATA=/my/data scripts/density --rows htru2 --peers all # one row and the other libraries beside it
scripts/density --rows none --ablation                           # the switches
scripts/density --only-report                                    # this page from the results that are there
flowstill train experiments/density/bsds300_maf.yaml             # one row by hand, once its data are made
```"""


def page(found, peers, switches, pictures):
    """`found` are rows by name, `peers` results of other libraries by data, `switches` rows of the ablation, `pictures` what
    there is to say of each picture by its data."""
    parts = [OPENING]
    for data, known in DATA.items():
        ours = [found[row.name] for row in ROWS.values() if row.data == data and row.name in found]
        if known.published and ours:
            parts += [f"## {known.words}", published(known, ours)]
    if beside := [line for data in DATA if (line := comparison(data, found, peers))]:
        parts += [BESIDE, table(["data", "ours", "the best of others", "ours − theirs", "wall time of each"], beside)]
        parts += ["![Learning curves](curves.svg)"]
    if switches:
        parts += [SWITCHES, table(["switch", "test log-likelihood", "difference", "parameters"], ablation(switches))]
    for words in pictures.values():
        parts.append(words)
    return "\n\n".join([*parts, AGAIN]) + "\n"


def published(known, ours):
    lines = [(value, [model, both(value, error), "", "", source]) for model, value, error, source in known.published]
    lines += [(row["log_likelihood"]["mean"], cells(row)) for row in ours]
    lines.sort(key=lambda line: line[0])
    return table(["model", "test log-likelihood", "parameters", "training", "source"], [line for _, line in lines])


def cells(row):
    told = [f"**{row['about']}**", of(row), f"{row['parameters']:,}", lasted(row)]
    single = f"[`{row['row']}.yaml`]({row['row']}.yaml)"
    source = single if "members" not in row else ", ".join(f"[`{name}.yaml`]({name}.yaml)" for name in row["members"])
    return [*told, f"{source}, flowstill {row['version']}"]


BESIDE = """\
## Beside other libraries

Each library trains the models that its documentation shows, with the settings given there, for as long as ours took, on the
same machine and two threads, one after the other; of each the parameters of the best validation are kept, and the best of
all by validation stands here. ± is two standard errors; that of a difference is over the same test rows, and so smaller."""


def comparison(data, found, peers):
    """One line for data that others were trained on."""
    if not peers.get(data):
        return None
    row = next((found[name] for name, row in ROWS.items() if row.data == data and name in found), None)
    best = max(peers[data], key=lambda peer: peer["validation"])
    if row is None or "difference" not in best:
        return None
    difference = best["difference"]
    return [
        DATA[data].words,
        f"{of(row)} ([`{row['row']}`]({row['row']}.yaml))",
        f"{of(best)} ({best['library']} {best['model']})",
        f"**{both(difference['mean'], 2 * difference['standard_error'])}**",
        f"{lasted(row)}, {duration(best['seconds'])}",
    ]


SWITCHES = """\
## What each switch brings

One change at a time to one teacher, `ablation.yaml` on CASP (9 columns, in the repository): mean ± standard deviation over
three seeds; the difference is to the first line, seed by seed."""


def ablation(switches):
    lines = []
    for switch in switches:
        difference = estimate(switch["difference"]) if switch["difference"] else ""
        lines.append([switch["words"], estimate(switch["value"]), difference, f"{switch['parameters']:,}"])
    return lines


def of(row):
    likelihood = row["log_likelihood"]
    return both(likelihood["mean"], 2 * likelihood["standard_error"])


def lasted(row):
    return duration(row["seconds"]) if row["seconds"] is not None else "–"


def both(mean, error):
    return f"{fixed(mean, 2)} ± {fixed(error, 2)}"
