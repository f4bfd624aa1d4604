"""How problems of a file are worded, collected and bounded. Which problems there are is decided where they are seen."""

from collections.abc import Sequence

from caseforge_assets.frameworks.records import Problem


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
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []

    def refuse(self, what: str, *, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
        """Notes something for which the file is refused."""
        self._problems.append(_problem(self.file_name, what, sheet, row, column))

    def warn(self, what: str, *, sheet: str | None = None, row: int | None = None, column: str | None = None) -> None:
        """Notes something worth knowing that does not keep the file from being used."""
        self._warnings.append(_problem(self.file_name, what, sheet, row, column))

    def problems(self, max_listed: int) -> tuple[Problem, ...]:
        """Gives the problems in the order of rows, at most max_listed and one line for the rest."""
        return _bounded(self.file_name, "problems", self._problems, max_listed)

    def warnings(self, max_listed: int) -> tuple[Problem, ...]:
        """Gives the warnings in the order of rows, at most max_listed and one line for the rest."""
        return _bounded(self.file_name, "warnings", self._warnings, max_listed)


def _problem(file_name: str, what: str, sheet: str | None, row: int | None, column: str | None) -> Problem:
    place = [
        file_name,
        f'sheet "{sheet}"' if sheet is not None else "",
        f"row {row}" if row is not None else "",
        f'column "{column}"' if column is not None else "",
    ]
    return Problem(f"{', '.join(part for part in place if part)}: {what}", sheet, row, column)


def _bounded(file_name: str, noun: str, found: Sequence[Problem], max_listed: int) -> tuple[Problem, ...]:
    ordered = sorted(found, key=lambda problem: problem.row or 0)
    if len(ordered) <= max_listed:
        return tuple(ordered)
    rest = Problem(f"{file_name}: and {len(ordered) - max_listed:,} more {noun}, not listed.")
    return (*ordered[:max_listed], rest)


def quoted(text: str, max_chars: int = 60) -> str:
    """Quotes a value of the file for a message: on one line, printable, not too long."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return f'"{shown}"' if len(shown) <= max_chars else f'"{shown[: max_chars - 1]}…"'
