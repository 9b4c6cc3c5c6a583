"""Rows as a Markdown table: flowstill, the fastest library, the fastest hand-tuned baseline."""

from peers.libraries import LIBRARIES, TUNED

HEADER = ["op", "batch", "threads", "flowstill", "best library", "best hand-tuned"]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def how_much(row):
    return f"{number(row['value'])} {row['unit'].replace('us', 'µs')}"


def ratio(ours, theirs):
    """How much better ours is than theirs: of the medians, and in brackets the range over the rounds."""
    better = (lambda a, b: a / b) if ours["unit"] == "samples/s" else (lambda a, b: b / a)
    text = f"**{better(ours['value'], theirs['value']):.2f}**"
    if min(len(ours["turns"]), len(theirs["turns"])) < 2:
        return text
    each = [better(a, b) for a, b in zip(ours["turns"], theirs["turns"])]
    return f"{text} ({min(each):.2f}–{max(each):.2f})"


def cell(ours, rivals):
    """The best of the rivals beside ours; where nobody came to an end, how far they got."""
    measured = [row for row in rivals if row["value"] is not None]
    if not measured:
        stopped = [row for row in rivals if "over_s" in row]
        return f"{stopped[0]['lib']} > {stopped[0]['over_s']:g} s a call" if stopped else "–"
    best = (max if measured[0]["unit"] == "samples/s" else min)(measured, key=lambda row: row["value"])
    text = f"{best['lib']} {how_much(best)}"
    if not ours:
        return text
    if best["reps"] == 1 < ours["reps"]:
        text += ", timed once"
    return f"{text}, {ratio(ours, best)}"


def table(rows):
    """Markdown. A ratio above 1 means that flowstill is better: faster, or smaller."""
    tasks = {}
    for row in rows:
        tasks.setdefault((row["op"], row["batch"], row["threads"]), []).append(row)
    lines = [HEADER, ["---"] * len(HEADER)]
    for (op, batch, threads), rivals in tasks.items():
        ours = next((row for row in rivals if row["lib"] == "flowstill" and row["value"] is not None), None)
        families = ([row for row in rivals if row["lib"] in names] for names in (LIBRARIES, TUNED))
        cells = [cell(ours, family) for family in families]
        lines.append([op, str(batch), str(threads), how_much(ours) if ours else "–", *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
