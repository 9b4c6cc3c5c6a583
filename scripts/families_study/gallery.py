"""Densities side by side as one SVG: a row for each family, a column for each target."""


from families_study.families import FAMILIES
from families_study.targets import in_the_plane, title
from study import chart

CELL, GAP, TOP = 104, 6, 34

# of a letter of the names at their left, on average
LETTER = 7


def pictures(rows):
    """(family, target) -> picture, of the least seed; `data` is a family here."""
    return {(row["family"], row["target"]): row["density"] for row in rows if "density" in row}


def gallery(rows, families=None):
    """The SVG of these families, all if none are given; None without a picture."""
    found = pictures(rows)
    names = {"data": "training rows", **FAMILIES}
    lines = [name for name in families or names if any((name, target) in found for target in in_the_plane())]
    columns = [target for target in in_the_plane() if any((name, target) in found for name in lines)]
    if not lines:
        return None
    left_of_cells = 24 + LETTER * max(len(names[name]) for name in lines)
    width, height = left_of_cells + len(columns) * (CELL + GAP), TOP + len(lines) * (CELL + GAP)
    describes = "Densities of targets in the plane under each family of flows"
    out = chart.opening(width, height, describes)
    for column, target in enumerate(columns):
        out.append(chart.text(left_of_cells + column * (CELL + GAP) + CELL / 2, 22, title(target)))
    for line, name in enumerate(lines):
        top = TOP + line * (CELL + GAP)
        out.append(chart.text(left_of_cells - 12, top + CELL / 2 + 4, names[name], anchor="end"))
        for column, target in enumerate(columns):
            if png := found.get((name, target)):
                left = left_of_cells + column * (CELL + GAP)
                out.append(
                    f'<image x="{left}" y="{top}" width="{CELL}" height="{CELL}" href="data:image/png;base64,{png}"/>'
                )
    return "\n".join([*out, "</svg>\n"])
