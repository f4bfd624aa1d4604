"""Gets a file's bytes within bounds and says by its content which kind of file it is. What is inside is read elsewhere."""

from enum import StrEnum
from pathlib import Path

from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import MEBIBYTE, Limits

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
# First bytes of the container that old Excel files and encrypted new ones are kept in ([MS-CFB] 2.2).
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")


class SourceKind(StrEnum):
    """The kinds of files that are read."""

    PACKAGE = "package"
    OLD_WORKBOOK = "old workbook"
    TEXT = "text"
    JSON = "json"


def read_source(path: Path, limits: Limits) -> bytes:
    """Reads a file that is neither too large nor empty.

    Raises:
        FileRefusedError: The file is missing, a folder, unreadable, empty or above limits.max_file_bytes.
    """
    try:
        if path.is_dir():
            raise FileRefusedError("This is a folder. Give the workbook or CSV file itself.")
        if path.exists() and not path.is_file():
            raise FileRefusedError("This is not an ordinary file.")
        with path.open("rb") as file:
            data = file.read(limits.max_file_bytes + 1)
    except FileNotFoundError:
        raise FileRefusedError("There is no such file.") from None
    except OSError as error:
        raise FileRefusedError(f"The file cannot be read ({error.strerror}).") from None
    if len(data) > limits.max_file_bytes:
        raise FileRefusedError(f"The file is larger than {limits.max_file_bytes / MEBIBYTE:.1f} MB, too large for a framework.")
    if not data:
        raise FileRefusedError("The file is empty (0 bytes).")
    return data


def source_kind(data: bytes, suffix: str) -> SourceKind:
    """Says what the bytes are, and that the file's name does not say something else; which kind of workbook it is, the bytes say alone.

    Raises:
        FileRefusedError: The file is of another kind, encrypted, or named as what it is not.
    """
    suffix = suffix.lower()
    if data.startswith((b"PK", _COMPOUND_FILE)):
        return _workbook_kind(data, suffix)
    if suffix in WORKBOOK_SUFFIXES:
        raise FileRefusedError(
            f"The file is not an Excel workbook, though its name ends in {suffix}. Open it in Excel and save it as .xlsx."
        )
    if suffix in JSON_SUFFIXES:
        return SourceKind.JSON
    if suffix not in TEXT_SUFFIXES:
        raise FileRefusedError(f"Files ending in {_shown(suffix)} are not read. Save it as an Excel workbook (.xlsx) or as CSV (.csv).")
    return SourceKind.TEXT


def _workbook_kind(data: bytes, suffix: str) -> SourceKind:
    if data.startswith(_COMPOUND_FILE) and "EncryptedPackage".encode("utf-16-le") in data:
        raise FileRefusedError("The workbook is encrypted. Remove its password in Excel (File, Info, Protect Workbook) and save it again.")
    if suffix not in WORKBOOK_SUFFIXES:
        raise FileRefusedError(
            f"The file is a zip archive or an Office file, but its name ends in {_shown(suffix)}. "
            f"Workbooks have to end in one of {', '.join(WORKBOOK_SUFFIXES)}."
        )
    return SourceKind.PACKAGE if data.startswith(b"PK") else SourceKind.OLD_WORKBOOK


def _shown(suffix: str) -> str:
    return suffix or "no file type"
