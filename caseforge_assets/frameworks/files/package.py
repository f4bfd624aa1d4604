"""The zip container of a workbook (ECMA-376 part 2, OpenDocument), bounded before and while it is unpacked. Parts in, parts out."""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import MEBIBYTE, Limits

_DAMAGED = "The workbook is damaged. Open it in Excel, let Excel repair it, and save it again."
_NOT_AS_EXCEL_WRITES = "The workbook's parts are not named as Excel names them. Open it in Excel and save it again."
_WORKBOOK, _BINARY_WORKBOOK = "xl/workbook.xml", "xl/workbook.bin"
_LINKS, _OPEN_DOCUMENT = "_rels/.rels", "content.xml"
_OPEN_DOCUMENT_KIND = b"application/vnd.oasis.opendocument.spreadsheet"
_OFFICE_DOCUMENT = "/officeDocument"
_OFFICE_DOCUMENT_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
# What calamine reads of a workbook, besides its sheets.
_KEPT = re.compile(r"xl/(?:sharedStrings|styles)\.(?:xml|bin)", re.IGNORECASE)
_KEPT_BINARY = re.compile(
    r"_rels/\.rels|xl/workbook\.bin|xl/_rels/workbook\.bin\.rels|xl/(?:sharedStrings|styles)\.bin|xl/worksheets/[^/]+\.bin", re.IGNORECASE
)
_KEPT_OPEN = re.compile(r"mimetype|META-INF/manifest\.xml|content\.xml")
# Below this size the ratio says nothing: small tables of equal rows compress very well.
_RATIO_COUNTS_FROM_BYTES = 10 * MEBIBYTE
_ENCRYPTED_FLAG = 0x1
# The list of sheets takes a few kilobytes; it is parsed as a whole.
_MAX_DIRECTORY_BYTES = MEBIBYTE


class PackageKind(StrEnum):
    """The kinds of workbooks that are kept in a zip archive."""

    EXCEL = ".xlsx"
    BINARY = ".xlsb"
    OPEN_DOCUMENT = ".ods"


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet by name, and the part of the package that holds it."""

    name: str
    part: str
    is_hidden: bool


class Package:
    """A workbook's parts, each unpacked when asked for and never beyond the size its directory states."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Opens a package.

        Raises:
            FileRefusedError: It is no workbook, encrypted, or above the limits.
        """
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError):
            raise FileRefusedError("The file is not an Excel workbook, or it is damaged: it cannot be unpacked.") from None
        self._parts = {_part_name(info.filename): info for info in self._archive.infolist()}
        _refuse_large(self._archive.infolist(), len(data), limits)
        self._workbook = self._find_workbook()
        self.kind = self._kind()

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of all parts, in the order of the directory."""
        return tuple(self._parts)

    def size_bytes(self, part: str) -> int:
        """Gives the unpacked size of a part, as stated in the directory."""
        return self._parts[part].file_size

    def read(self, part: str, *, is_text: bool = True) -> bytes:
        """Unpacks one part.

        Raises:
            FileRefusedError: The part is absent, damaged, larger than stated, or, if it is to be text, no plain UTF-8 XML.
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
            if is_text:
                data.decode("utf-8")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
            raise FileRefusedError(_DAMAGED) from None
        if len(data) != stated_bytes or (is_text and (b"<!DOCTYPE" in data or b"<!ENTITY" in data)):
            raise FileRefusedError(_DAMAGED)
        return data

    def sheets(self) -> tuple[SheetPart, ...]:
        """Lists the worksheets in the order of their tabs (chart sheets left out).

        Raises:
            FileRefusedError: The workbook's own directory is damaged.
        """
        links = {link: part for link, (kind, part) in self.links(self._workbook).items() if kind.endswith("/worksheet")}
        found = []
        for element in _xml(self._directory(self._workbook)).iter():
            part = links.get(_attribute(element, "id"))
            if _local_name(element.tag) == "sheet" and part is not None:
                found.append(SheetPart(element.get("name", ""), part, element.get("state", "visible") != "visible"))
        return tuple(found)

    def links(self, part: str = "") -> dict[str | None, tuple[str, str]]:
        """Gives a part's links by id: what kind they are of, and the part that they lead to; those of the package without a part.

        Raises:
            FileRefusedError: They are damaged.
        """
        folder, _, name = part.rpartition("/")
        place = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
        return {
            link.get("Id"): (link.get("Type", ""), _part_name(target if target.startswith("/") else f"{folder}/{target}"))
            for link in _xml(self._directory(place))
            for target in [link.get("Target", "")]
        }

    def reduced(self, sheets: dict[str, bytes]) -> bytes:
        """Packs the given sheet parts and what they need into a new workbook, as Excel names them: it holds only bytes that were bounded here."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_LINKS, _links_xml({"rId1": (_OFFICE_DOCUMENT_TYPE, _WORKBOOK)}))
            archive.writestr(_WORKBOOK, self.read(self._workbook))
            archive.writestr("xl/_rels/workbook.xml.rels", _links_xml(self.links(self._workbook)))
            for part in self._parts:
                if _KEPT.fullmatch(part):
                    archive.writestr(part, self.read(part))
            for part, data in sheets.items():
                archive.writestr(part, data)
        return buffer.getvalue()

    def reduced_binary(self) -> bytes:
        """Packs what is read of an .xlsb or .ods workbook into a new one, which holds only bytes that were bounded here."""
        kept = _KEPT_OPEN if self.kind is PackageKind.OPEN_DOCUMENT else _KEPT_BINARY
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for part in self._parts:
                if kept.fullmatch(part):
                    archive.writestr(part, self.read(part, is_text=part.endswith((".xml", ".rels"))))
        return buffer.getvalue()

    def _directory(self, part: str) -> bytes:
        if part in self._parts and self.size_bytes(part) > _MAX_DIRECTORY_BYTES:
            raise FileRefusedError(_DAMAGED)
        return self.read(part)

    def _find_workbook(self) -> str:
        """The part that is the workbook: as Excel names it, else as the package says; empty where there is none."""
        for usual in (_WORKBOOK, _BINARY_WORKBOOK):
            if usual in self._parts:
                return usual
        if _LINKS not in self._parts:
            return ""
        said = [part for kind, part in self.links().values() if kind.endswith(_OFFICE_DOCUMENT) and part in self._parts]
        return next((part for part in said if part.startswith("xl/")), "")

    def _kind(self) -> PackageKind:
        if self._workbook.endswith(".bin"):
            return PackageKind.BINARY
        if self._workbook:
            return PackageKind.EXCEL
        if "mimetype" in self._parts and _OPEN_DOCUMENT in self._parts:
            if self._directory("mimetype").strip().startswith(_OPEN_DOCUMENT_KIND):
                return PackageKind.OPEN_DOCUMENT
            raise FileRefusedError("The file is an OpenDocument file, but no spreadsheet (.ods).")
        if any(part.casefold().startswith("xl/") or part.casefold().endswith("/workbook.xml") for part in self._parts):
            raise FileRefusedError(_NOT_AS_EXCEL_WRITES)
        raise FileRefusedError("The file is not an Excel workbook: it is some other zip archive or Office file.")


def _links_xml(links: Mapping[str | None, tuple[str, str]]) -> str:
    """Links as a part, each with its whole target."""
    rows = "".join(
        f"<Relationship Id={quoteattr(link or '')} Type={quoteattr(kind)} Target={quoteattr(f'/{part}')}/>"
        for link, (kind, part) in links.items()
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def _part_name(name: str) -> str:
    """A part's name as it is meant: some programs write backslashes, "./" or a slash in front."""
    parts: list[str] = []
    for part in name.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


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
