"""README.md beside the experiments: every number of ours in it is computed from the results."""

from density_study.published import DATA, ROWS
from study.numbers import duration, fixed
from study.tables import table

OPENING = """\
# Density: teachers beside the published results

Maximum likelihood alone, on the data of the papers. Test log-likelihoods: nats, mean ± two standard errors over the
test rows, in the units in which the papers give them. Ours are trained on two threads; *training* is wall clock of the
whole training.

This page is written by `scripts/density` from `results.jsonl`; nothing measured in it is typed by hand, and nothing
published was measured here."""

AGAIN = """\
## Measuring again

```sh
FLOWSTILL_DATA=/my/data scripts/density            # all rows: makes the data, trains, writes this page
FLOWSTILL_DATA=/my/data scripts/density --rows bsds300_maf
scripts/density --only-report                      # this page from the results that are there
flowstill train experiments/density/bsds300_maf.yaml            # one row by hand, once its data are made
```"""


def page(rows):
    found = {row["row"]: row for row in rows}
    parts = [OPENING]
    for name, (words, published) in DATA.items():
        lines = [(value, [model, both(value, error), "", "", source]) for model, value, error, source in published]
        for row, data in ROWS.items():
            if data == name and row in found:
                lines.append((found[row]["log_likelihood"]["mean"], ours(found[row])))
        lines.sort(key=lambda line: line[0])
        header = ["model", "test log-likelihood", "parameters", "training", "source"]
        parts += [f"## {words}", table(header, [cells for _, cells in lines])]
    return "\n\n".join([*parts, AGAIN]) + "\n"


def ours(row):
    likelihood = row["log_likelihood"]
    told = [f"**{row['about']}**", both(likelihood["mean"], 2 * likelihood["standard_error"]), f"{row['parameters']:,}"]
    training = duration(row["seconds"]) if row["seconds"] is not None else "–"
    return [*told, training, f"[`{row['row']}.yaml`]({row['row']}.yaml), flowstill {row['version']}"]


def both(mean, error):
    return f"{fixed(mean, 2)} ± {fixed(error, 2)}"
