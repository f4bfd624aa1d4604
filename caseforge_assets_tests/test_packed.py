"""Unpacking: in pieces, never more than what a file of its size can honestly hold."""

from __future__ import annotations

import io

import pytest
import zstandard

from caseforge_assets.packed import BadPacking, Bound, unpacked_chunks, unpacked_size

SMALL = Bound(free_bytes=1 << 20, ratio=100)


def packed(content: bytes) -> io.BytesIO:
    return io.BytesIO(zstandard.ZstdCompressor().compress(content))


def test_what_was_packed_comes_back_in_pieces() -> None:
    content = bytes(range(256)) * 20_000
    pieces = list(unpacked_chunks(packed(content)))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 1 << 20


def test_what_is_small_is_no_bomb_and_what_is_large_is_one() -> None:
    assert sum(map(len, unpacked_chunks(packed(bytes(1 << 20)), SMALL))) == 1 << 20
    with pytest.raises(BadPacking, match="unpack to more"):
        list(unpacked_chunks(packed(bytes(8 << 20)), SMALL))
    with pytest.raises(BadPacking):
        list(unpacked_chunks(io.BytesIO(packed(bytes(1 << 20)).getvalue() * 100), SMALL))


def test_a_window_that_takes_the_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True, strategy=1)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    content = packer.compress(bytes(1 << 20)) + packer.flush()
    with pytest.raises(BadPacking):
        list(unpacked_chunks(io.BytesIO(content)))


@pytest.mark.parametrize("content", [b"no zstd at all", packed(b"x" * 100_000).getvalue()[:4] + b"\xff" * 30])
def test_what_cannot_be_unpacked_is_said_to_be_so(content: bytes) -> None:
    with pytest.raises(BadPacking):
        list(unpacked_chunks(io.BytesIO(content)))


def test_the_size_is_known_where_it_is_stated() -> None:
    assert unpacked_size(packed(b"x" * 1_234).getvalue()[:18]) == 1_234
    assert unpacked_size(b"nothing") == -1
