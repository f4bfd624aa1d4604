"""Result files that are not in UTF-8: told by their first bytes, and read as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

# UTF-32 first: its little-endian mark begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Without a mark: which of the first four bytes are NUL, where the text begins with two ASCII characters (RFC 4627, section 3).
_NULS = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


def encoding_of(start: bytes) -> str | None:
    """Tell the encoding of a file that is not in UTF-8.

    Args:
        start: Its first bytes, four or more where there are as many.

    Returns:
        A codec's name; None where it may be UTF-8.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    return _NULS.get(tuple(byte == 0 for byte in start[:4]))  # type: ignore[arg-type]


def as_utf_8(chunks: Iterable[bytes]) -> tuple[Iterator[bytes], str | None]:
    """Give a file's bytes as UTF-8, and the name of its own encoding; None where it was that already.

    Args:
        chunks: The file's bytes. One chunk is held at a time.
    """
    rest = iter(chunks)
    start = b""
    for chunk in rest:
        start += chunk
        if len(start) >= 4:
            break
    encoding = encoding_of(start)
    whole = chain([start], rest)
    return (whole, None) if encoding is None else (_recoded(whole, encoding), encoding.upper().removesuffix("-LE").removesuffix("-BE"))


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", errors="replace")
    yield decoder.decode(b"", final=True).encode("utf-8", errors="replace")
