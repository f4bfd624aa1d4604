"""Gets a file's bytes within bounds and says by its content which kind of file it is. What is inside is read elsewhere."""

from enum import StrEnum
from pathlib import Path

from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import MEBIBYTE, Limits

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
# First bytes of the container that old Excel files and encrypted new ones are kept in ([MS-CFB] 2.2).
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")


class SourceKind(StrEnum):
    """The two kinds of files that are read."""

    WORKBOOK = "workbook"
    TEXT = "text"


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
    """Says whether the bytes are a workbook or text, and that the file's name agrees.

    Raises:
        FileRefusedError: The file is of another kind, encrypted, or named as what it is not.
    """
    suffix = suffix.lower()
    if data.startswith(_COMPOUND_FILE):
        raise FileRefusedError(_compound_file_text(data))
    if data.startswith(b"PK"):
        if suffix not in WORKBOOK_SUFFIXES:
            raise FileRefusedError(
                f"The file is a zip archive or a newer Office file, but its name ends in {_shown(suffix)}. "
                "Excel workbooks have to end in .xlsx or .xlsm."
            )
        return SourceKind.WORKBOOK
    if suffix in WORKBOOK_SUFFIXES:
        raise FileRefusedError(
            f"The file is not an Excel workbook, though its name ends in {suffix}. Open it in Excel and save it as .xlsx."
        )
    if suffix not in TEXT_SUFFIXES:
        raise FileRefusedError(f"Files ending in {_shown(suffix)} are not read. Save it as an Excel workbook (.xlsx) or as CSV (.csv).")
    return SourceKind.TEXT


def _compound_file_text(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "The workbook is encrypted. Remove its password in Excel (File, Info, Protect Workbook) and save it again."
    return "The file is in the old Excel format (.xls) or another old Office format. Save it in Excel as .xlsx."


def _shown(suffix: str) -> str:
    return suffix or "no file type"
