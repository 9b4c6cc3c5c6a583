"""Other libraries on the data of a row, each for as long as the row took."""

from density_study import standings, teachers
from density_study.data import folder
from density_study.estimates import difference
from density_study.peers import compete
from density_study.plan import COMPETING, THREADS
from peers import environment
from study import npy, rows
from study.processes import Failed


def beside(program, row, contestants, runs, say):
    """Trains the contestants and keeps at once what each reached, and by how much the row is above it on the same test rows.

    Those that were trained for the same time beside the same teachers are not trained again. Returns how many failed.
    """
    if COMPETING.get(row.data) != row.name:
        say(f"{row.name}: no other library beside it")
        return 0
    seconds = teachers.seconds(row, runs)
    if seconds is None:
        say(f"{row.name}: its time is unknown, as it went on from an earlier session, so no other library beside it; "
            f"remove {runs / row.name} and {runs / 'cache'} to train it again")
        return 0
    ours = teachers.log_probs(program, row, runs)
    told = rows.rounded({"beside": row.name, "seconds": seconds, "mean": sum(ours) / len(ours)})
    before = [standings.who(line) for line in standings.of(row.data) if line["ours"] == told and "failed" not in line]
    # without the libraries nobody has failed, and nothing is kept
    python = environment.python(say)
    if python is None:
        return len(contestants)
    failed = 0
    for library, model in contestants:
        if (library, model) in before:
            say(f"{row.name}: {library} {model} was trained for this time earlier")
            continue
        line = {"data": row.data, "library": library, "model": model, "ours": told}
        try:
            line |= contest(python, row.data, (library, model), ours, seconds, runs, say)
        except Failed as reason:
            say(f"{row.name}: {library} {model} failed: {reason}")
            line["failed"] = str(reason)
            failed += 1
        standings.keep(line)
    return failed


def contest(python, data, who, ours, seconds, runs, say):
    """What one contestant reached; `ours` are the densities of the test rows."""
    parts = {part: folder(data) / f"{part}.npy" for part in compete.PARTS}
    result = compete.contestant(python, data, parts, who, seconds, THREADS, runs / "peers", say)
    if result["log_likelihood"]["mean"] is None:
        raise Failed("test rows without a finite log-density")
    theirs = npy.read(runs / "peers" / data / f"{'_'.join(who)}.npy")[1]
    return result | {"difference": difference(ours, theirs)}
