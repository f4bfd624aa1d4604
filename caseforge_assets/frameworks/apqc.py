"""Reads what official PCF workbooks of APQC (www.apqc.org/pcf) have beside their table: glossary, metrics, title and version.

Known editions differ: descriptions stand in "Element Description" of sheet "Combined" or in the sheet "Glossary terms",
metrics in the sheet "Metrics" or nowhere, title and version in text boxes of the sheet "Introduction".
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from caseforge_assets.frameworks.files.package import Package
from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.records import MEBIBYTE, Kpi
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.wording import counted

_DRAWING = re.compile(r"xl/drawings/drawing(\d+)\.xml")
_MAX_DRAWINGS = 10
_MAX_DRAWING_BYTES = MEBIBYTE
_TEXT_RUN = re.compile(r"<a:t(?:\s[^>]*)?>([^<]*)</a:t>")
_VERSION = re.compile(r"\bversion(?: number)?:? *v?(\d+(?:\.\d+)+)", re.IGNORECASE)
_TITLE = re.compile(r"(?:[\w()&,-]+ +){1,8}process classification framework", re.IGNORECASE)
_FILE_NAME_VERSION = re.compile(r"(?<![a-z0-9])(?:v|ver|version)[ ._-]?(\d+(?:\.\d+)*)(?![a-z0-9])", re.IGNORECASE)


def with_glossary(entries: Sequence[Entry], glossary: Table) -> list[Entry]:
    """Gives the entries with descriptions from the glossary sheet where they have none, joined on the PCF ID, else the code."""
    by_id: dict[str, str] = {}
    by_code: dict[str, str] = {}
    for row in glossary.filled_rows((Column.ID, Column.CODE, Column.DESCRIPTION)):
        stable_id, code = glossary.line(row, Column.ID), glossary.line(row, Column.CODE)
        text = glossary.paragraphs(row, Column.DESCRIPTION)
        if text and stable_id:
            by_id[stable_id] = text
        elif text and code:
            by_code[code] = text
    return [
        entry if entry.description else replace(entry, description=by_id.get(entry.stable_id or "") or by_code.get(entry.code, ""))
        for entry in entries
    ]


def read_kpis(entries: Sequence[Entry], metrics: Table) -> dict[int, list[Kpi]]:
    """Gives the metrics of each entry by its row, joined on the PCF ID, else the code; metrics of no entry are warned of."""
    row_of_id = {entry.stable_id: entry.row for entry in entries if entry.stable_id}
    row_of_code = {entry.code: entry.row for entry in entries}
    kpis: dict[int, list[Kpi]] = {}
    strays: list[int] = []
    for row in metrics.filled_rows((Column.ID, Column.CODE, Column.METRIC_NAME)):
        stable_id, code, kpi = metrics.line(row, Column.ID), metrics.line(row, Column.CODE), _kpi(metrics, row)
        entry_row = row_of_id.get(stable_id) if stable_id else row_of_code.get(code or "")
        if kpi and entry_row is not None:
            kpis.setdefault(entry_row, []).append(kpi)
        elif kpi:
            strays.append(row)
    if strays:
        shown = quoted(metrics.line(strays[0], Column.ID) or metrics.line(strays[0], Column.CODE) or "")
        metrics.warn(
            f"{counted(len(strays), 'metric belongs', 'metrics belong')} to no process of this file (the first to {shown}), and {'is' if len(strays) == 1 else 'are'} left out.",
            strays[0],
            Column.ID,
        )
    return kpis


def _kpi(metrics: Table, row: int) -> Kpi | None:
    name = metrics.line(row, Column.METRIC_NAME)
    if name == "":
        metrics.warn("The metric has no name; it is left out.", row, Column.METRIC_NAME)
    if not name:
        return None
    return Kpi(
        name=name,
        formula=metrics.line(row, Column.FORMULA) or None,
        units=metrics.line(row, Column.UNITS) or None,
        category=metrics.line(row, Column.METRIC_CATEGORY) or None,
        metric_id=metrics.line(row, Column.METRIC_ID) or None,
    )


def title_and_version(package: Package, introduction: Sequence[str]) -> tuple[str | None, str | None]:
    """Finds the workbook's own title and version in its text boxes, else in the cells of its introduction.

    Args:
        package: The workbook.
        introduction: Texts of the cells of the sheets "Introduction" and "About".
    """
    title: str | None = None
    version: str | None = None
    for paragraph in (*_text_boxes(package), *introduction):
        text = normalize_name(paragraph)
        if text.lower().startswith("compared to"):
            continue  # names the edition before
        found_title, found_version = _TITLE.fullmatch(_VERSION.sub("", text).strip(" -–,")), _VERSION.search(text)
        title = title or (_as_title(found_title.group()) if found_title else None)
        version = version or (found_version[1] if found_version and len(text) <= 120 else None)
        if title and version:
            break
    return title, version


def version_in_file_name(stem: str) -> str | None:
    """Finds a version such as "v7.4" or "Version 7.2.1" in a file name without its ending."""
    found = _FILE_NAME_VERSION.search(stem)
    return found[1] if found else None


def _text_boxes(package: Package) -> Iterator[str]:
    drawings = sorted((int(match[1]), part) for part in package.part_names if (match := _DRAWING.fullmatch(part)))
    for _, part in drawings[:_MAX_DRAWINGS]:
        if package.size_bytes(part) <= _MAX_DRAWING_BYTES:
            for paragraph in package.read(part).decode("utf-8").split("</a:p>"):
                yield html.unescape("".join(_TEXT_RUN.findall(paragraph)))


def _as_title(text: str) -> str:
    """Gives capitals as a title: "RETAIL PROCESS …" as "Retail Process …"; mixed case stays."""
    return text.title() if text.isupper() else text
