"""A chart of points on two logarithmic axes, as SVG that is readable on light and dark pages: it brings its own paper
and both its colours."""

import dataclasses
import html
import math

from study.numbers import significant

PANEL, HEIGHT = 400, 330
# about the width of one in labels
LETTER = 6.4
LEFT, TOP, RIGHT, BOTTOM = 74, 44, 16, 54

# light, and dark where the reader's system is
COLOURS = {
    "paper": ("#ffffff", "#15181c"),
    "ink": ("#222222", "#e6e6e6"),
    "frame": ("#8a8a8a", "#8a8a8a"),
    "grid": ("#e8e8e8", "#2c3138"),
    "teacher": ("#0072b2", "#56b4e9"),
    "student": ("#d55e00", "#f0894a"),
}


@dataclasses.dataclass
class Panel:
    """Points (x, y, error of y or None, label), all positive, and a vertical line (x, label)."""

    title: str
    points: list
    line: tuple


def style():
    """Classes for fills and, with `-line`, for strokes; letters stand off whatever runs behind them."""

    def rules(which):
        paper = COLOURS["paper"][which]
        lines = [f"text{{stroke:{paper}}}"]
        for name, colours in COLOURS.items():
            lines.append(f".{name}{{fill:{colours[which]}}}.{name}-line{{stroke:{colours[which]};fill:none}}")
        return "".join(lines)

    font = "font:12px Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif"
    letters = f"text{{{font};paint-order:stroke;stroke-width:3px}}"
    return f"<style>{letters}{rules(0)}@media (prefers-color-scheme:dark){{{rules(1)}}}</style>"


class Axis:
    """Values to pixels, logarithmically; about a third of a decade is left on either side."""

    def __init__(self, values, begin, end, room=(0.3, 0.3)):
        self.low, self.high = math.log10(min(values)) - room[0], math.log10(max(values)) + room[1]
        self.begin, self.end = begin, end

    def at(self, value):
        return self.begin + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self):
        """1, 2 and 5 times powers of ten; of long axes only the powers."""
        steps = (1, 2, 5) if self.high - self.low < 2.5 else (1,)
        decades = range(math.floor(self.low), math.ceil(self.high) + 1)
        ticks = (step * 10.0**decade for decade in decades for step in steps)
        return [tick for tick in ticks if self.low <= math.log10(tick) <= self.high]


def text(x, y, words, kind="ink", anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{more}>{html.escape(words)}</text>'


def line(x1, y1, x2, y2, kind, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}-line"{more}/>'


def frame(x, y, x_label, y_label):
    """Grid, ticks and labels."""
    left, right, bottom, top = x.begin, x.end, y.begin, y.end
    for tick in x.ticks():
        yield line(x.at(tick), top, x.at(tick), bottom, "grid")
        yield text(x.at(tick), bottom + 17, significant(tick, 1))
    for tick in y.ticks():
        yield line(left, y.at(tick), right, y.at(tick), "grid")
        yield text(left - 6, y.at(tick) + 4, significant(tick, 1), anchor="end")
    yield f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" class="frame-line"/>'
    yield text((left + right) / 2, HEIGHT - 14, x_label)
    column, middle = left - LEFT + 16, (top + bottom) / 2
    yield text(column, middle, y_label, more=f' transform="rotate(-90 {column} {middle:.1f})"')


def overlap(one, other):
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def place(across, up, label, taken, frame):
    """Where a label lies free, beside its point or above or below it: x, y, anchor, box (left, right, top, bottom)."""
    wide = LETTER * len(label)
    places = [(9, 4, "start", 0), (-9, 4, "end", wide), (0, -11, "middle", wide / 2), (0, 20, "middle", wide / 2)]
    tried = []
    for right, down, anchor, before in places:
        x, y = across + right, up + down
        box = (x - before, x - before + wide, y - 10, y + 3)
        inside = frame[0] < box[0] and box[1] < frame[1] and frame[2] < box[2] and box[3] < frame[3]
        tried.append((x, y, anchor, box))
        if inside and not any(overlap(box, other) for other in taken):
            return tried[-1]
    return tried[0]


def dots(points, x, y):
    """The points with their errors and labels."""
    points = [(x.at(value), y.at(height), height, error, label) for value, height, error, label in points]
    taken = [(across - 7, across + 7, up - 7, up + 7) for across, up, *_ in points]
    for across, up, height, error, label in points:
        if error:
            low, high = max(height - error, 10**y.low), min(height + error, 10**y.high)
            yield line(across, y.at(low), across, y.at(high), "student", ' stroke-width="2"')
        yield f'<circle cx="{across:.1f}" cy="{up:.1f}" r="5" class="student"/>'
        column, row, anchor, box = place(across, up, label, taken, (x.begin, x.end, y.end, y.begin))
        taken.append(box)
        yield text(column, row, label, anchor=anchor)


def panel(one, offset, x_label, y_label):
    rate, words = one.line
    left, right = offset + LEFT, offset + PANEL - RIGHT
    x = Axis([rate, *(point[0] for point in one.points)], left, right, room=(0.2, 0.3))
    y = Axis([point[1] for point in one.points], HEIGHT - BOTTOM, TOP)
    yield text((left + right) / 2, 20, one.title)
    yield from frame(x, y, x_label, y_label)
    yield line(x.at(rate), y.begin, x.at(rate), y.end, "teacher", ' stroke-width="1.5" stroke-dasharray="5 4"')
    yield text(x.at(rate), TOP - 6, words, "teacher")
    yield from dots(one.points, x, y)


def opening(width, height, describes):
    """The first lines of a picture: its size, what it shows in words, colours and paper."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{html.escape(describes)}">',
        style(),
        '<rect width="100%" height="100%" rx="6" class="paper"/>',
    ]


def chart(panels, describes, x_label, y_label):
    """The whole picture, its panels side by side."""
    width = PANEL * len(panels)
    out = opening(width, HEIGHT, describes)
    for number, one in enumerate(panels):
        out += panel(one, PANEL * number, x_label, y_label)
    return "\n".join([*out, "</svg>\n"])
