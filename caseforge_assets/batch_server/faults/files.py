"""Faults of whole result files: how a file may be written without any line of it being wrong, and where it may end."""

from __future__ import annotations

from caseforge_assets.batch_server.faults.registry import file_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@file_fault()
def windows_lines(content: bytes, _spec: FaultSpec) -> bytes:
    """A byte order mark, line ends of Windows, and blank lines between."""
    return BYTE_ORDER_MARK + content.replace(b"\n", b"\r\n\r\n")


@file_fault()
def cut_file(content: bytes, _spec: FaultSpec) -> bytes:
    """The file ends in the middle of its last line."""
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    return content[: last + (len(content) - last) // 2]
