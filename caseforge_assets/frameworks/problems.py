"""Words, collects and bounds the problems of a file. They are found elsewhere, where the file is read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from caseforge_assets.frameworks.records import Problem
from caseforge_assets.wording import counted

# The same problem in as many rows of a column has one cause.
_SAID_ONCE_FROM = 10
_MOST_RUNS = 12


class FileRefusedError(Exception):
    """The file cannot be read any further.

    Args:
        what: What is wrong and what to do, in whole sentences without the file's name.
        sheet: Name of the sheet, if one is meant.
        row: Row number, from 1.
        column: Header of the column.
    """

    def __init__(self, what: str, *, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
        super().__init__(what)
        self.what, self.sheet, self.row, self.column = what, sheet, row, column


class Findings:
    """Collects the problems and warnings of one file, so that all of them are found in one pass."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self._problems: list[_Finding] = []
        self._warnings: list[_Finding] = []
        self._unreadable: set[tuple[str | None, str]] = set()

    def refuse(self, what: str, *, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
        """Notes something for which the file is refused."""
        self._problems.append(_Finding(what, sheet, row, column))

    def warn(self, what: str, *, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
        """Notes something worth knowing that does not keep the file from being used."""
        self._warnings.append(_Finding(what, sheet, row, column))

    def note_unreadable(self, sheet: str | None, column: str) -> None:
        """Takes note that a cell of a column could not be read, so that what seems missing in it may be there."""
        self._unreadable.add((sheet, column))

    def has_unreadable(self, sheet: str | None, column: str) -> bool:
        """Says whether a cell of the column could not be read."""
        return (sheet, column) in self._unreadable

    def problems(self, max_listed: int) -> tuple[Problem, ...]:
        """Gives the problems in the order of rows, at most max_listed and one line for the rest."""
        return _bounded(self.file_name, "problems", self._problems, max_listed)

    def warnings(self, max_listed: int) -> tuple[Problem, ...]:
        """Gives the warnings in the order of rows, at most max_listed and one line for the rest."""
        return _bounded(self.file_name, "warnings", self._warnings, max_listed)


@dataclass(frozen=True, slots=True)
class _Finding:
    what: str
    sheet: str | None
    row: int | None
    column: str | None


def _problem(file_name: str, finding: _Finding) -> Problem:
    place = [
        file_name,
        f'sheet "{finding.sheet}"' if finding.sheet is not None else "",
        f"row {finding.row}" if finding.row is not None else "",
        f'column "{finding.column}"' if finding.column is not None else "",
    ]
    return Problem(f"{', '.join(part for part in place if part)}: {finding.what}", finding.sheet, finding.row, finding.column)


def _bounded(file_name: str, noun: str, found: Sequence[_Finding], max_listed: int) -> tuple[Problem, ...]:
    ordered = sorted(_grouped(found), key=lambda finding: finding.row or 0)
    listed = [_problem(file_name, finding) for finding in ordered[:max_listed]]
    if len(ordered) > max_listed:
        listed.append(Problem(f"{file_name}: and {len(ordered) - max_listed:,} more {noun}, not listed."))
    return tuple(listed)


def _grouped(found: Sequence[_Finding]) -> list[_Finding]:
    """Makes one finding of those that say the same of many rows of a column."""
    alike: dict[tuple[str, str | None, str | None], list[int]] = {}
    for finding in found:
        if finding.row is not None:
            alike.setdefault((finding.what, finding.sheet, finding.column), []).append(finding.row)
    grouped = []
    for finding in found:
        rows = alike.get((finding.what, finding.sheet, finding.column), []) if finding.row is not None else []
        if len(rows) < _SAID_ONCE_FROM:
            grouped.append(finding)
        elif finding.row == min(rows):
            grouped.append(replace(finding, what=f"{finding.what} So it is in {counted(len(rows), 'row')} ({row_list(rows)})."))
    return list(dict.fromkeys(grouped))


def row_list(rows: Iterable[int]) -> str:
    """Lists row numbers for a message, runs of them as one: "rows 2-5, 9"."""
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in runs[:_MOST_RUNS]]
    several = len(runs) > 1 or runs[0][0] != runs[0][1]
    return f"{'rows' if several else 'row'} {', '.join(shown)}{', …' if len(runs) > _MOST_RUNS else ''}"


def quoted(text: str, max_chars: int = 60) -> str:
    """Quotes a value of the file for a message: on one line, printable, not too long."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return f'"{shown}"' if len(shown) <= max_chars else f'"{shown[: max_chars - 1]}…"'
