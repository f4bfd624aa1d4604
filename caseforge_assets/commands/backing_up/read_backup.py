"""The file of a backup, read as what it is: a stream that anybody may have written. Members in, each bounded before it is read.

Only what `backup` writes is read: plain files with plain names, one after the other, in a tar (POSIX.1-2001 pax, whose headers bring long
names) that is packed with zstd. Links, devices, sparse files and the like are refused, and so is what unpacks to more than it can honestly hold.
"""

from __future__ import annotations

import tarfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caseforge_assets.packed import CHUNK_BYTES, OF_OTHERS, BadPacking, unpacked_chunks
from caseforge_assets.safe_text import RESERVED_NAMES
from caseforge_assets.wording import counted

MOST_MEMBERS = 500_000
LARGEST_BYTES = 8 << 30  # of one file
LONGEST_NAME = 400
DEEPEST_NAME = 12
_BLOCK = tarfile.BLOCKSIZE
_LARGEST_HEADER_BYTES = 16_384  # a pax header holds a long name, and a size
_FILE = (tarfile.REGTYPE, tarfile.AREGTYPE)
_FORBIDDEN = frozenset('\\:*?"<>|')


class BadBackup(ValueError):
    """The file is no backup, or it is damaged; the text says how."""


@dataclass(frozen=True)
class Member:
    """One file of a backup: its name and size, and its content, which has to be read before the next member is."""

    name: str
    size_bytes: int
    content: Iterator[bytes]

    def whole(self, most_bytes: int) -> bytes:
        """All of the content.

        Raises:
            BadBackup: it is larger than this.
        """
        if self.size_bytes > most_bytes:
            raise BadBackup(f"{self.name} has {counted(self.size_bytes, 'byte')}; at most {most_bytes:,} are read of such a file")
        return b"".join(self.content)


def read_members(path: Path) -> Iterator[Member]:
    """All files of a backup, in their order.

    Raises:
        BadBackup: it cannot be read, or holds what no backup holds.
    """
    try:
        with path.open("rb") as packed:
            yield from _members(_Stream(unpacked_chunks(packed, OF_OTHERS, several=False)))
    except BadPacking as error:
        raise BadBackup(f"{path} is no backup of CaseForge, or is damaged: {error}") from error
    except BadBackup as error:
        raise BadBackup(f"{path}: {error}. Nothing was changed") from error
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or error}") from error


class _Stream:
    """Bytes by number, out of chunks; never more at once than a chunk and what was asked for."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held, self._at = chunks, b"", 0

    def take(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            BadBackup: there are fewer.
        """
        while len(self._held) - self._at < size:
            more = next(self._chunks, b"")
            if not more:
                raise BadBackup("it is damaged: it ends too early")
            self._held, self._at = self._held[self._at :] + more, 0
        self._at += size
        return self._held[self._at - size : self._at]

    def pieces(self, size: int) -> Iterator[bytes]:
        """So many bytes, and what fills their last block, in pieces."""
        left = size
        while left:
            piece = self.take(min(left, CHUNK_BYTES))
            left -= len(piece)
            yield piece
        self.take(-size % _BLOCK)


def _members(stream: _Stream) -> Iterator[Member]:
    seen: set[str] = set()
    long: dict[str, str] = {}
    while (block := stream.take(_BLOCK)) != bytes(_BLOCK):
        header = _header(block)
        if header.type == tarfile.XHDTYPE and not long:
            long = _pax(b"".join(stream.pieces(_bounded(header.size, _LARGEST_HEADER_BYTES, "a header"))))
            continue
        name, size = long.get("path", header.name), _size(long.get("size", header.size))
        long = {}
        if header.type not in _FILE:
            raise BadBackup(f"{shown(name)} is no plain file: a backup has no links, folders or devices")
        check_name(name)
        _refuse_again(name, seen)
        content = stream.pieces(_bounded(size, LARGEST_BYTES, name))
        yield Member(name, size, content)
        for _ in content:  # what nobody wanted
            pass


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError as error:
        raise BadBackup(f"it is no backup of CaseForge, or is damaged: {error}") from error


def _pax(records: bytes) -> dict[str, str]:
    """Records are `LENGTH KEY=VALUE`, each with a line's end; only a path and a size mean something here."""
    found: dict[str, str] = {}
    while records:
        digits, _, _ = records.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 8 else 0
        key, equals, value = records[len(digits) + 1 : max(length - 1, 0)].partition(b"=")
        if not equals or length > len(records):
            raise BadBackup("it is damaged: a header is not to be understood")
        if key not in (b"path", b"size", b"mtime"):
            raise BadBackup(f"a header says {shown(key.decode(errors='replace'))}, which no backup needs")
        found[key.decode()] = value.decode(errors="surrogateescape")
        records = records[length:]
    return found


def _size(found: int | str) -> int:
    size = found if isinstance(found, int) else int(found) if found.isascii() and found.isdigit() and len(found) < 16 else -1
    if size < 0:
        raise BadBackup("it is damaged: a size is no number")
    return size


def _bounded(size: int, most_bytes: int, what: str) -> int:
    if not 0 <= size <= most_bytes:
        raise BadBackup(f"{shown(what)} has {counted(size, 'byte')}, where {most_bytes:,} is the most")
    return size


def check_name(name: str) -> None:
    """A name that is the same file on every system, below the folder that it is written to.

    Raises:
        BadBackup: it is something else.
    """
    parts = name.split("/")
    if len(name) > LONGEST_NAME or len(parts) > DEEPEST_NAME:
        raise BadBackup(f"the name {shown(name[:60])} … is too long or too deep ({len(name):,} characters, {len(parts):,} parts)")
    if name.startswith("/") or ".." in parts or not all(map(_is_plain, parts)):
        raise BadBackup(f"{shown(name)} does not belong into a backup: it is no plain name below a folder")


def _is_plain(part: str) -> bool:
    odd = any(not character.isprintable() or character in _FORBIDDEN or "\ud800" <= character <= "\udfff" for character in part)
    return (
        bool(part) and part == part.strip() and not part.endswith(".") and not odd and part.partition(".")[0].lower() not in RESERVED_NAMES
    )


def _refuse_again(name: str, seen: set[str]) -> None:
    """The same name again, or one that is the same where systems do not tell large letters from small ones."""
    folded = unicodedata.normalize("NFC", name).casefold()
    if folded in seen:
        raise BadBackup(f"{shown(name)} is in it twice, or differs from another name by nothing but large and small letters")
    seen.add(folded)
    if len(seen) > MOST_MEMBERS:
        raise BadBackup(f"it holds more than {counted(MOST_MEMBERS, 'file')}")


def shown(name: str) -> str:
    """A name that may hold anything, as it can be shown."""
    return ascii(name) if not name.isprintable() or "\ufeff" in name else name
