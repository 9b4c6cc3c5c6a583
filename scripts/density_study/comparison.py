"""The part of the page on data without published results: ours beside other libraries."""

from density_study import standings
from density_study.estimates import likelihood, two_errors
from density_study.peers import contestants
from density_study.plan import COMPETING, THREADS
from density_study.published import DATA
from study.numbers import fixed
from study.tables import table

# nats; one row far out can make of a mean what it likes
BEYOND = 1000

BEST = f"""\
## Beside other libraries

Other libraries train what their documentation shows, with the settings given there and one seed, for as long as ours took,
on the same machine and {THREADS} threads, one after the other; `scripts/density_study/peers/contestants.py` says who, and from
which page of which documentation. Seconds are those of training, its validations and compilation. Of each contestant the
parameters of its best validation are kept; the one that is best on the test rows stands here, a choice in their favour, and
in brackets how many came to their end. ± is two standard errors; that of a difference is over the same test rows, and so
smaller.

Ours are ensembles of four teachers in different orders, trained {THREADS} at a time with a thread each; *one teacher of ours* is
the mean of their own test log-likelihoods. All have one architecture, [`small.yaml`](small.yaml); the number of steps and the
dropout were chosen for each data by a few trials on validation rows, while theirs are the same everywhere, as documented."""

EACH = f"""\
By how many nats ours are above each of them, ± two standard errors. Empty where a contestant was not trained beside this
result, and those that were trained beside none are left out; *over {BEYOND:,}* where test rows far out have next to no
density under it."""


def parts(found):
    """Paragraphs and tables."""
    others = [data for data, known in DATA.items() if not known.published and COMPETING[data] in found]
    if not others:
        return []
    best = ["data", "ours", "one teacher of ours", "the best of others", "ours − theirs", "seconds of each"]
    each = ["library", "model", *(DATA[data].words.partition(",")[0] for data in others)]
    return [
        BEST,
        table(best, [beside_the_best(data, found) for data in others]),
        EACH,
        table(each, list(beside_each(others, found))),
    ]


def beside_the_best(data, found):
    """A line for each data."""
    row = found[COMPETING[data]]
    ended, failed = map(standings.documented, standings.standing(data, found))
    one = fixed(row["mean_of_teachers"], 2) if "mean_of_teachers" in row else ""
    ours = [DATA[data].words, f"[{likelihood(row)}]({row['row']}.yaml)", one]
    seconds = fixed(row["seconds"], 0) if row["seconds"] is not None else "–"
    if not ended:
        return [*ours, "", "", seconds]
    best = ended[0]
    steps = f"{best['steps']:,} steps of {best['batch']} rows"
    who = f"{best['library']} {best['version']}, {best['about']}, {steps} ({len(ended)} of {len(ended) + len(failed)})"
    return [*ours, f"{likelihood(best)}: {who}", f"**{above(best)}**", seconds]


def beside_each(others, found):
    """A line for each contestant."""
    known = {}
    for data in others:
        ended, failed = standings.standing(data, found)
        known |= {(data, standings.who(line)): above(line) for line in ended}
        known |= {(data, standings.who(line)): "failed" for line in failed}
    for who in contestants.DOCUMENTED:
        cells = [known.get((data, who), "") for data in others]
        if any(cells):
            yield [who[0], contestants.RECIPES[who].about, *cells]


def above(line):
    difference = line["difference"]
    if difference["mean"] > BEYOND:
        return f"over {BEYOND:,}"
    return two_errors(difference["mean"], 2 * difference["standard_error"])
