"""Named faults that a server can be started with.

Five kinds, one registry: a **line** fault changes what becomes of one request (``lines``, ``contents``), a **file** fault how a result file
is written (``files``), a **batch** fault changes the course of a batch
(``courses``), a **reply** fault changes an HTTP exchange (``replies``, ``downloads``, ``objects``), a **message** fault what is told of the end of a batch (``messages``). Each is one small function; adding one means writing it and
decorating it. Which requests, batches or calls a fault hits is decided in ``selection``, the same way for all.
"""

from caseforge_assets.batch_server.faults import contents, courses, downloads, files, lines, messages, objects, replies
from caseforge_assets.batch_server.faults.registry import ActiveFaults, describe_faults, read_faults
from caseforge_assets.batch_server.faults.selection import FaultSpecError

__all__ = [
    "ActiveFaults",
    "FaultSpecError",
    "contents",
    "courses",
    "describe_faults",
    "downloads",
    "files",
    "lines",
    "messages",
    "objects",
    "read_faults",
    "replies",
]
