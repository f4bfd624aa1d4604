"""Records of reading a framework file: nodes, editions, problems, and the limits within which it is read. No reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest framework file that is read; a larger one is refused before it is unpacked.

    Attributes:
        max_file_bytes: The file as it lies on disk.
        max_unpacked_bytes: All parts of a workbook together, unpacked.
        max_unpack_ratio: Unpacked size over packed size; looked at above 10 MiB unpacked.
        max_rows: Rows of a sheet up to the last one with a value.
        max_cells: Rows times columns of a sheet.
        max_levels: Levels of the tree (the official PCF workbooks have up to 6).
        max_listed: Problems, and warnings, that are listed; the rest is counted.
    """

    max_file_bytes: int = 50 * MEBIBYTE
    max_unpacked_bytes: int = 200 * MEBIBYTE
    max_unpack_ratio: int = 100
    max_rows: int = 50_000
    max_cells: int = 2_000_000
    max_levels: int = 12
    max_listed: int = 200


# A workbook that somebody exported and sends back, on a machine of their own: as large as Excel's can be.
OF_ONES_OWN = Limits(
    max_file_bytes=1024 * MEBIBYTE,
    max_unpacked_bytes=8 * 1024 * MEBIBYTE,
    max_unpack_ratio=1_000,
    max_rows=1_048_576,
    max_cells=50_000_000,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file, or worth knowing about it.

    Attributes:
        message: A complete text: file, place, what is wrong, what to do.
        sheet: Name of the sheet; None for a CSV file or where the whole file is meant.
        row: Row number as Excel shows it, from 1.
        column: Header of the column, as written in the file (the expected header where the column is missing).
    """

    message: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Kpi:
    """One official key figure of a node (sheet "Metrics" of a PCF workbook).

    Attributes:
        name: What is measured.
        formula: How it is computed, if the file says so.
        units: Unit of the result, such as "percent".
        category: Such as "Cost Effectiveness" or "Cycle Time".
        metric_id: APQC's id of the metric.
    """

    name: str
    formula: str | None = None
    units: str | None = None
    category: str | None = None
    metric_id: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One process element of one edition. Texts are NFC, with single spaces; descriptions keep their line breaks.

    Attributes:
        code: Place in the framework as written there, such as "1.2.4" ("1.0" for a category of the PCF).
        name: Never empty.
        description: Empty where the file has none.
        stable_id: The id in the file that stays when codes change, such as the PCF ID "10039"; None without one.
        identity: What makes it the same node in another edition: the stable id, else the path of names.
        level: Depth in the tree, from 1.
        parent_code: None on level 1.
        position: Order in the file, from 0.
        is_leaf: True if it has no children.
        kpis: Official key figures, in the order of the file.
        owner: Who is named as its owner, by its row or by the nearest node above it that has one; may be empty.
    """

    code: str
    name: str
    description: str
    stable_id: str | None
    identity: str
    level: int
    parent_code: str | None
    position: int
    is_leaf: bool
    kpis: tuple[Kpi, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a framework, as read from one file.

    Attributes:
        title: As the workbook names itself; None where it does not.
        version: Such as "7.4": from the text of the workbook, else from the file name, else None.
        nodes: In the order of the file.
        source_sha256: Of the file's bytes, in hex.
        kind: "apqc" for an official PCF workbook, "table" for any other table.
        codes_are_made: True where the file has no codes, and they count the nodes of each branch.
        reading: How the file was read, as sentences: which sheet and columns, and what says which node is whose parent.
    """

    title: str | None
    version: str | None
    nodes: tuple[Node, ...]
    source_sha256: str
    kind: Literal["apqc", "table"]
    codes_are_made: bool = False
    reading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableForm:
    """The form of a table as a person states it; what is not stated is recognized.

    Attributes:
        columns: Headers by field: code, id, name, description, parent, parent_id, owner, level, level1, level2, …; an empty header says that there
            is no such column.
        hierarchy: What says which node is whose parent: dotted, parent, levels, indent, prefix or path.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    hierarchy: str | None = None


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The result of reading a file: an edition, with what is to be known about it, or problems; never both."""

    edition: Edition | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
