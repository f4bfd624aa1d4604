"""The zip container of an Excel workbook (ECMA-376 part 2), bounded before and while it is unpacked. Parts in, parts out."""

import io
import re
import zipfile
import zlib
from copy import copy
from dataclasses import dataclass
from xml.etree import ElementTree

from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import MEBIBYTE, Limits

_DAMAGED = "The workbook is damaged. Open it in Excel, let Excel repair it, and save it again."
_WORKBOOK = "xl/workbook.xml"
_WORKBOOK_LINKS = "xl/_rels/workbook.xml.rels"
# Below this size the ratio says nothing: small tables of equal rows compress very well.
_RATIO_COUNTS_FROM_BYTES = 10 * MEBIBYTE
_ENCRYPTED_FLAG = 0x1
# The list of sheets takes a few kilobytes; it is parsed as a whole.
_MAX_DIRECTORY_BYTES = MEBIBYTE


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet by name, and the part of the package that holds it."""

    name: str
    part: str
    is_hidden: bool


class Package:
    """An Excel workbook's parts, each unpacked when asked for and never beyond the size its directory states."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Opens a package.

        Raises:
            FileRefusedError: It is no Excel workbook, encrypted, or above the limits.
        """
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError):
            raise FileRefusedError("The file is not an Excel workbook, or it is damaged: it cannot be unpacked.") from None
        self._parts = {info.filename: info for info in self._archive.infolist()}
        self._refuse_other_kinds()
        _refuse_large(self._archive.infolist(), len(data), limits)

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of all parts, in the order of the directory."""
        return tuple(self._parts)

    def size_bytes(self, part: str) -> int:
        """Gives the unpacked size of a part, as stated in the directory."""
        return self._parts[part].file_size

    def read(self, part: str) -> bytes:
        """Unpacks one part.

        Raises:
            FileRefusedError: The part is absent, damaged, larger than stated, or no plain UTF-8 XML.
        """
        if part not in self._parts:
            raise FileRefusedError(_DAMAGED)
        info = copy(self._parts[part])
        stated_bytes = info.file_size
        # One byte more than stated is asked for: a part that has it was stated too small to get past the limits.
        info.file_size = stated_bytes + 1
        try:
            with self._archive.open(info) as file:
                data = file.read(stated_bytes + 1)
            data.decode("utf-8")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
            raise FileRefusedError(_DAMAGED) from None
        if len(data) != stated_bytes or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise FileRefusedError(_DAMAGED)
        return data

    def sheets(self) -> tuple[SheetPart, ...]:
        """Lists the worksheets in the order of their tabs (chart sheets left out).

        Raises:
            FileRefusedError: The workbook's own directory is damaged.
        """
        if any(self.size_bytes(part) > _MAX_DIRECTORY_BYTES for part in (_WORKBOOK, _WORKBOOK_LINKS) if part in self._parts):
            raise FileRefusedError(_DAMAGED)
        links = {link.get("Id"): link for link in _xml(self.read(_WORKBOOK_LINKS)) if link.get("Type", "").endswith("/worksheet")}
        found = []
        for element in _xml(self.read(_WORKBOOK)).iter():
            link = links.get(_attribute(element, "id"))
            if _local_name(element.tag) == "sheet" and link is not None:
                target = link.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                found.append(SheetPart(element.get("name", ""), part, element.get("state", "visible") != "visible"))
        return tuple(found)

    def reduced(self, sheets: dict[str, bytes]) -> bytes:
        """Packs the given sheet parts and what they need into a new workbook: it holds only bytes that were bounded here."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for part in self._parts:
                if part in ("_rels/.rels", _WORKBOOK, _WORKBOOK_LINKS) or re.fullmatch(
                    r"xl/(sharedStrings|styles)\.xml", part, re.IGNORECASE
                ):
                    archive.writestr(part, self.read(part))
            for part, data in sheets.items():
                archive.writestr(part, data)
        return buffer.getvalue()

    def _refuse_other_kinds(self) -> None:
        if "xl/workbook.bin" in self._parts:
            raise FileRefusedError("The file is a binary Excel workbook (.xlsb). Save it in Excel as .xlsx.")
        if "content.xml" in self._parts or "mimetype" in self._parts:
            raise FileRefusedError("The file is an OpenDocument file (.ods). Save it as an Excel workbook (.xlsx).")
        if _WORKBOOK not in self._parts:
            raise FileRefusedError("The file is not an Excel workbook: it is some other zip archive or Office file.")


def _refuse_large(parts: list[zipfile.ZipInfo], packed_bytes: int, limits: Limits) -> None:
    if any(info.flag_bits & _ENCRYPTED_FLAG for info in parts):
        raise FileRefusedError("The workbook is an encrypted zip archive. Save it again without a password.")
    unpacked_bytes = sum(info.file_size for info in parts)
    if unpacked_bytes > limits.max_unpacked_bytes:
        raise FileRefusedError(
            f"Unpacked, the workbook would take {unpacked_bytes / MEBIBYTE:,.0f} MB; "
            f"up to {limits.max_unpacked_bytes / MEBIBYTE:,.0f} MB are read. Keep only the sheets with the framework."
        )
    if unpacked_bytes > _RATIO_COUNTS_FROM_BYTES and unpacked_bytes > limits.max_unpack_ratio * packed_bytes:
        raise FileRefusedError(
            f"Unpacked, the workbook would be more than {limits.max_unpack_ratio} times its size: that is no ordinary workbook. "
            "Copy the framework into a new workbook."
        )


def _xml(data: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(data)  # noqa: S314 - Package.read refuses parts that declare entities
    except ElementTree.ParseError:
        raise FileRefusedError(_DAMAGED) from None


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attribute(element: ElementTree.Element, local_name: str) -> str | None:
    return next((value for key, value in element.items() if _local_name(key) == local_name), None)
