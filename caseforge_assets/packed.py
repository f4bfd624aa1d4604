"""Unpacking what somebody else may have packed: never more than a file of its size can honestly hold, and in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

CHUNK_BYTES = 1 << 20
LARGEST_WINDOW_BYTES = 128 << 20  # what unpacking may take of the memory


class BadPacking(ValueError):
    """It cannot be unpacked, or unpacks to more than it can honestly hold; the text says which."""


@dataclass(frozen=True)
class Bound:
    """A limit on unpacked bytes: so many in any case, and so many more for each packed one."""

    free_bytes: int
    ratio: int


# Thousands of requests with the same long prompt shrink to a thousandth: what CaseForge packs itself is never refused.
OWN = Bound(256 << 20, 20_000)
OF_OTHERS = Bound(64 << 20, 2_000)


def unpacked_chunks(packed: IO[bytes], bound: Bound = OWN, *, several: bool = True) -> Iterator[bytes]:
    """Gives what a file of zstd holds, in chunks of a mebibyte at most.

    Args:
        several: whether frames that follow the first one are read, too.

    Raises:
        BadPacking: it is damaged, ends too early, or is a bomb.
    """
    import zstandard

    counted, given = _Counted(packed), 0
    unpacker = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW_BYTES)
    try:
        with unpacker.stream_reader(cast("IO[bytes]", counted), read_across_frames=several, closefd=False) as reader:
            while chunk := reader.read(CHUNK_BYTES):
                given += len(chunk)
                if given > bound.free_bytes + bound.ratio * counted.taken:
                    raise BadPacking(f"its first {counted.taken:,} bytes unpack to more than {given:,}, which nothing of CaseForge does")
                yield chunk
    except zstandard.ZstdError as error:
        raise BadPacking(str(error)) from error


def unpacked_size(header: bytes) -> int:
    """The size that the first bytes of a packed file state; -1 where they state none."""
    import zstandard

    try:
        return int(zstandard.get_frame_parameters(header).content_size)
    except zstandard.ZstdError:
        return -1


class _Counted:
    """A file that counts what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.taken = file, 0

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.taken += len(content)
        return content
