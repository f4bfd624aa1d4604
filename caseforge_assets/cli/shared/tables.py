"""Tables that are whole at any width: texts wrap, figures are never cut, and what matters least goes first where there is no room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

# Amounts, counts, shares, times, spans and the words that stand in their place: a cut figure would be another one.
_FIGURE = re.compile(r"[~$+–-]?[\d.,:%/+ ~–-]*(?:[kM]|s|min|h)?(?: [\d:]+)?|unknown|\$?[\d.,]+ and [\d,]+ unknown|[█░▏▎▍▌▋▊▉ ]+", re.DOTALL)
_BETWEEN = 3  # characters between two columns
_NARROWEST = 6  # of a text, where not even its words have room
WORD_CHARACTERS = 32  # of a text's widest word, as far as a column is made wide enough for it


class FittingTable:
    """A table that draws itself for the width there is."""

    def __init__(self, *names: str, drop: Sequence[str] = (), plain: bool = False, **options: Any) -> None:
        """An empty table.

        Args:
            names: of the columns.
            drop: the columns that may be left out, the least important one first.
            plain: without lines.
            options: of `rich.table.Table`, such as its title.
        """
        self.names = names
        self._drop = drop
        self._rows: list[tuple[tuple[str, ...], str | None]] = []
        self._title = str(options.pop("title", None) or "")
        self._options: dict[str, Any] = options
        self._edges = -1 if plain else 1  # characters at both sides, beyond those between two columns
        if plain:
            self._options |= {"box": box.SIMPLE_HEAD, "pad_edge": False}

    def add_row(self, *cells: str, style: str | None = None) -> None:
        """A row, as texts."""
        self._rows.append((cells, style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The columns that there is room for, and which ones are missing."""
        least = [self._least(number) for number in range(len(self.names))]
        shown = self._shown(least, options.max_width)
        widths = self._widths(least, shown, options.max_width)
        table = Table(**self._options)
        for number in shown:
            table.add_column(self.names[number], no_wrap=self._is_figure(number), overflow="fold", width=widths[number])
        for cells, style in self._rows:
            table.add_row(*(cells[number] for number in shown), style=style)
        if self._title:
            yield Text(self._title, style="table.title")  # a table's own would be no wider than the table
        yield table
        if missing := [name for number, name in enumerate(self.names) if name and number not in shown]:
            yield Text(f"No room here for: {', '.join(missing)}. A wider window or --json shows them.", style="dim")

    def _widths(self, least: Sequence[int], shown: Sequence[int], width: int) -> dict[int, int]:
        """By column, how wide it is drawn: rich would take from the widest ones also what they cannot do without."""
        room = width - _BETWEEN * len(shown) - self._edges
        widest = {number: max([least[number], *map(cell_len, self._lines(number))]) for number in shown}
        given = {number: least[number] for number in shown}
        texts = [number for number in shown if not self._is_figure(number)]
        while sum(given.values()) > room and (wide := [number for number in texts if given[number] > _NARROWEST]):
            given[max(wide, key=lambda number: given[number])] -= 1
        while sum(given.values()) < room and (narrow := [number for number in shown if given[number] < widest[number]]):
            given[min(narrow, key=lambda number: given[number])] += 1
        return given

    def _shown(self, widths: Sequence[int], width: int) -> list[int]:
        shown = list(range(len(self.names)))
        for name in self._drop:
            if self._needed(widths, shown) <= width:
                break
            shown.remove(self.names.index(name))
        return shown

    def _needed(self, widths: Sequence[int], shown: Sequence[int]) -> int:
        return sum(widths[number] for number in shown) + _BETWEEN * len(shown) + self._edges

    def _least(self, number: int) -> int:
        """Characters without which a column cannot be read: a figure's all, of a text its widest word."""
        if self._is_figure(number):
            return max(map(cell_len, self._lines(number)), default=0)
        return max((min(cell_len(word), WORD_CHARACTERS) for line in self._lines(number) for word in line.split()), default=0)

    def _lines(self, number: int) -> list[str]:
        return [line for text in (self.names[number], *(cells[number] for cells, _ in self._rows)) for line in text.splitlines()]

    def _is_figure(self, number: int) -> bool:
        return all(_FIGURE.fullmatch(line) for cells, _ in self._rows for line in cells[number].splitlines())
