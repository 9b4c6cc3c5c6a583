"""Learning curves against wall time as SVG: ours and those of other libraries."""

import dataclasses
import math

from density_study import standings
from density_study.plan import COMPETING
from density_study.published import DATA
from study import chart
from study.numbers import fixed, significant

WIDTH, HEIGHT = 540, 330
# labels stand at the right
LEFT, TOP, RIGHT, BOTTOM = 70, 36, 130, 54
# of the spread of the last values: a start far below would press the curves together
SHOWN = 6
# of the last moment the part that is shown, logarithmically
EARLIEST = 100
# panels beside one another at most, curves of others in each, and pixels from one label to the next
MOST, OTHERS, LINE = 3, 3, 14


@dataclasses.dataclass
class Curve:
    """Points (seconds, log-likelihood); `ours` decides on the colour."""

    label: str
    ours: bool
    points: list


@dataclasses.dataclass
class Panel:
    title: str
    curves: list


def panels(found):
    """Of the data on which others were trained as well, the first few: ours, and the best of theirs."""
    made = []
    for data, known in DATA.items():
        ours = found.get(COMPETING.get(data), {})
        theirs, _ = standings.standing(data, found)
        if ours.get("curve") and theirs:
            curves = [Curve("flowstill", True, ours["curve"])]
            curves += [Curve(f"{peer['library']} {peer['model']}", False, known_points(peer)) for peer in theirs[:OTHERS]]
            made.append(Panel(known.words.partition(",")[0], curves))
    return made[:MOST]


def known_points(peer):
    return [point for point in peer["curve"] if point[1] is not None]


class Linear:
    """Values to pixels."""

    def __init__(self, low, high, begin, end):
        self.low, self.high, self.begin, self.end = low, high, begin, end

    def at(self, value):
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self):
        raw = (self.high - self.low) / 5
        step = 10 ** math.floor(math.log10(raw))
        step *= next(factor for factor in (1, 2, 5, 10) if factor * step >= raw)
        first = math.ceil(self.low / step)
        return [step * k for k in range(first, math.floor(self.high / step) + 1)], max(0, -math.floor(math.log10(step)))


def bounds(curves):
    """From the best value down to what curves start from, not far below where the worst of them ends."""
    best = max(value for curve in curves for _, value in curve.points)
    ends = [max(value for _, value in curve.points) for curve in curves]
    spread = max(best - min(ends), 0.02 * abs(best), 0.2)
    starts = min(value for curve in curves for _, value in curve.points)
    low = max(starts, best - SHOWN * spread)
    return low - 0.05 * (best - low), best + 0.08 * (best - low)


def panel(one, offset):
    left, right = offset + LEFT, offset + WIDTH - RIGHT
    last = max(seconds for curve in one.curves for seconds, _ in curve.points)
    curves = [
        dataclasses.replace(curve, points=[point for point in curve.points if point[0] > last / EARLIEST])
        for curve in one.curves
    ]
    x = chart.Axis([seconds for curve in curves for seconds, _ in curve.points], left, right, room=(0.05, 0.1))
    y = Linear(*bounds(curves), HEIGHT - BOTTOM, TOP)
    yield chart.text((left + right) / 2, 20, one.title)
    for tick in x.ticks():
        yield chart.line(x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM, "grid")
        yield chart.text(x.at(tick), HEIGHT - BOTTOM + 17, significant(tick, 1))
    ticks, decimals = y.ticks()
    for tick in ticks:
        yield chart.line(left, y.at(tick), right, y.at(tick), "grid")
        yield chart.text(left - 6, y.at(tick) + 4, fixed(tick, decimals), anchor="end")
    box = f'width="{right - left}" height="{HEIGHT - BOTTOM - TOP}"'
    yield f'<rect x="{left}" y="{TOP}" {box} class="frame-line"/>'
    yield chart.text((left + right) / 2, HEIGHT - 14, "seconds of training")
    column, middle = offset + 16, (TOP + HEIGHT - BOTTOM) / 2
    yield chart.text(
        column, middle, "validation, nats", more=f' transform="rotate(-90 {column} {middle:.1f})"'
    )
    ends = []
    for curve in curves:
        kind = "teacher" if curve.ours else "student"
        shown = [(x.at(at), y.at(value)) for at, value in curve.points if value >= y.low]
        if shown:
            points = " ".join(f"{across:.1f},{up:.1f}" for across, up in shown)
            yield f'<polyline points="{points}" class="{kind}-line" stroke-width="2"/>'
            ends.append((shown[-1][1], curve.label, kind))
    # one beneath the other
    row = -math.inf
    for up, label, kind in sorted(ends):
        row = max(up + 4, row + LINE)
        yield chart.text(right + 6, row, label, kind, anchor="start")


def figure(panels, describes):
    """The whole picture, its panels side by side."""
    width = WIDTH * len(panels)
    out = chart.opening(width, HEIGHT, describes)
    for number, one in enumerate(panels):
        out += panel(one, WIDTH * number)
    return "\n".join([*out, "</svg>\n"])
