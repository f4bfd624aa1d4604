"""The matrix of value against effort as SVG: squares with classes and no style of their own. The page has its numbers as a table, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

HEATS = 10
CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, BELOW, GAP = 150, 104, 62, 8, 46, 4


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the picture: its place from the left and from the top, how many it holds, and where it leads."""

    column: int
    row: int
    count: int
    says: str
    address: str


def heat(count: int, highest: int) -> int:
    """Says how warm a cell is, from 0 to 9; 0 is for nothing alone."""
    return 0 if not count or not highest else max(1, min(HEATS - 1, -(-(HEATS - 1) * count // highest)))


def matrix_picture(title: str, across: tuple[str, Sequence[str]], up: tuple[str, Sequence[str]], squares: Sequence[Square]) -> Markup:
    """Squares, the warmer the more they hold, each a link.

    Args:
        across: what the axis from left to right is called, and its levels.
        up: the same from top to bottom.
    """
    width, height = LEFT + len(across[1]) * CELL_WIDTH, TOP + len(up[1]) * CELL_HEIGHT
    highest = max((square.count for square in squares), default=0)
    drawn = Markup("").join(_square(square, heat(square.count, highest)) for square in squares)
    labels = [_text(LEFT + (n + 0.5) * CELL_WIDTH, height + 17, name) for n, name in enumerate(across[1])]
    labels += [_turned(44, TOP + (n + 0.5) * CELL_HEIGHT, name) for n, name in enumerate(up[1])]
    labels += [_text(LEFT + len(across[1]) * CELL_WIDTH / 2, height + 39, f"{across[0]} →", "axis-name")]
    labels += [_turned(18, TOP + len(up[1]) * CELL_HEIGHT / 2, f"{up[0]} →", "axis-name")]
    return Markup('<svg class="chart matrix" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}</svg>').format(
        width, height + BELOW, title, drawn, Markup("").join(labels)
    )


def _square(square: Square, warmth: int) -> Markup:
    x, y = LEFT + square.column * CELL_WIDTH, TOP + square.row * CELL_HEIGHT
    return Markup(
        '<a href="{}" aria-label="{}"><g class="h{}"><rect class="cell" x="{}" y="{}" width="{}" height="{}" rx="5"/>'
        '<text class="number" x="{}" y="{}" text-anchor="middle">{}</text></g></a>'
    ).format(
        square.address,
        square.says,
        warmth,
        x + GAP / 2,
        y + GAP / 2,
        CELL_WIDTH - GAP,
        CELL_HEIGHT - GAP,
        x + CELL_WIDTH / 2,
        y + CELL_HEIGHT / 2 + 9,
        f"{square.count:,}",
    )


def _text(x: float, y: float, text: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>').format(kind, x, y, text)


def _turned(x: float, y: float, text: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="middle" transform="rotate(-90 {} {})">{}</text>').format(
        kind, x, y, x, y, text
    )
