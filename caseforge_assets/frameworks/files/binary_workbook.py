"""OpenDocument, binary (.xlsb) and old (.xls) workbooks become sheets, by calamine. What it does not bound or tell is looked for first."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from caseforge_assets.frameworks.files.opendocument import scan_tables
from caseforge_assets.frameworks.files.package import Package, PackageKind
from caseforge_assets.frameworks.files.sheets import Flaw, Sheet
from caseforge_assets.frameworks.files.sizes import refuse_large
from caseforge_assets.frameworks.files.xlsb import scan_sheets
from caseforge_assets.frameworks.problems import FileRefusedError, Findings
from caseforge_assets.frameworks.records import Limits

_DAMAGED = "The workbook is damaged. Open it in Excel or LibreOffice and save it as .xlsx."
Flaws = Mapping[str, Mapping[tuple[int, int], Flaw]]


def read_binary_workbook(data: bytes, package: Package | None, limits: Limits, findings: Findings) -> list[Sheet]:
    """Reads the visible sheets of an .ods, .xlsb or .xls workbook.

    Args:
        data: The file.
        package: Its parts; None for .xls, which has none.
        limits: How large its sheets may be.
        findings: Where it is noted that an .xls does not tell which cells hold formulas.

    Raises:
        FileRefusedError: A sheet is above the limits, or the workbook is damaged or encrypted.
    """
    flaws: Flaws = {}
    if package is None:
        findings.warn("An old workbook (.xls) does not tell which cells hold formulas or errors; what was calculated last is read.")
    else:
        data = package.reduced_binary()
        flaws = scan_tables(package, limits) if package.kind is PackageKind.OPEN_DOCUMENT else scan_sheets(package, limits)
    return _read(data, flaws, limits)


def _read(data: bytes, flaws: Flaws, limits: Limits) -> list[Sheet]:
    from python_calamine import CalamineError, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    try:
        workbook = load_workbook(io.BytesIO(data))
        visible = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        return [_sheet(name, workbook.get_sheet_by_name(name), flaws.get(name, {}), limits) for name in visible]
    except PasswordError:
        raise FileRefusedError("The workbook is encrypted. Remove its password and save it again.") from None
    except (CalamineError, ValueError, OSError, OverflowError):
        raise FileRefusedError(_DAMAGED) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader gave up in its own language; no exception of Python's
            raise
        raise FileRefusedError(_DAMAGED) from None


def _sheet(name: str, grid: Any, flaws: Mapping[tuple[int, int], Flaw], limits: Limits) -> Sheet:
    height, width = (grid.end[0] + 1, grid.end[1] + 1) if grid.end else (0, 0)
    refuse_large(name, height, width, limits)
    return Sheet(name=name, rows=grid.to_python(skip_empty_area=False), flaws=flaws)
