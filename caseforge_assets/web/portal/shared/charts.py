"""Charts as SVG, made on the server: shapes with classes and no style of their own. A page shows their numbers in a table as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 200, 56, 28, 10
MOST_LABELS, WIDEST_BAR = 12, 64.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: what it is of, how high it is and, of this, the part that is drawn in the second colour; `says` is its height in words."""

    label: str
    value: float
    second: float
    says: str


def bar_chart(title: str, bars: Sequence[Bar]) -> Markup:
    """Bars beside each other, in their order, with a line for half and for the whole of the highest; empty where there is none."""
    if not bars:
        return Markup("")
    highest = max(bar.value for bar in bars) or 1.0
    step = (WIDTH - LEFT) / len(bars)
    drawn = Markup("").join(_bar(number, bar, step, highest) for number, bar in enumerate(bars))
    every = -(-len(bars) // MOST_LABELS)
    labels = Markup("").join(
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(LEFT + (number + 0.5) * step, HEIGHT + TOP + 18, bar.label)
        for number, bar in enumerate(bars)
        if number % every == 0
    )
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><g>{}</g><g>{}</g><g>{}</g></svg>').format(
        WIDTH, HEIGHT + TOP + BOTTOM, title, _lines(highest), drawn, labels
    )


def _bar(number: int, bar: Bar, step: float, highest: float) -> Markup:
    width = min(step * 0.76, WIDEST_BAR)
    x = LEFT + (number + 0.5) * step - width / 2
    parts = ((bar.second, 0.0, "second"), (bar.value - bar.second, bar.second, "bar"))
    shapes = Markup("").join(
        Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            kind, x, TOP + HEIGHT * (1 - (below + part) / highest), width, HEIGHT * part / highest
        )
        for part, below, kind in parts
        if part > 0
    )
    return Markup("<g><title>{}: {}</title>{}</g>").format(bar.label, bar.says, shapes)


def _lines(highest: float) -> Markup:
    return Markup("").join(
        Markup('<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT, TOP + HEIGHT * (1 - share), WIDTH, LEFT - 6, TOP + HEIGHT * (1 - share) + 4, _short(highest * share)
        )
        for share in (0.0, 0.5, 1.0)
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2g}"
