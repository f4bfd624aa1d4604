"""Named faults that a server can be started with.

Three kinds, one registry: a **line** fault changes what becomes of one request (``lines``), a **batch** fault changes the course of a batch
(``courses``), a **reply** fault changes an HTTP exchange (``replies``). Each is one small function; adding one means writing it and
decorating it. Which requests, batches or calls a fault hits is decided in ``selection``, the same way for all.
"""

from caseforge_assets.batch_server.faults import courses, lines, replies
from caseforge_assets.batch_server.faults.registry import ActiveFaults, describe_faults, read_faults
from caseforge_assets.batch_server.faults.selection import FaultSpecError

__all__ = ["ActiveFaults", "FaultSpecError", "courses", "describe_faults", "lines", "read_faults", "replies"]
