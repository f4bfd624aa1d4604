"""A local server that speaks OpenAI's Batch API, so that everything can be tried without a key, without cost and with faults at will.

It imports nothing of the rest of the package, and nothing else imports its inner modules. ``state`` remembers, ``batches`` carries a batch through
its life, ``writer`` answers requests, ``upstream`` lets another server answer them, ``faults`` break things on purpose, ``likeness`` is what other providers do otherwise, ``api`` is HTTP.
"""

from caseforge_assets.batch_server.faults import FaultSpecError, describe_faults
from caseforge_assets.batch_server.faults.downloads import WRONG_DOWNLOADS
from caseforge_assets.batch_server.likeness import LIKENESSES
from caseforge_assets.batch_server.server import PortTakenError, RunningServer, run_server, serve_in_thread
from caseforge_assets.batch_server.state.database import StateDirInUseError

__all__ = [
    "LIKENESSES",
    "WRONG_DOWNLOADS",
    "FaultSpecError",
    "PortTakenError",
    "RunningServer",
    "StateDirInUseError",
    "describe_faults",
    "run_server",
    "serve_in_thread",
]
