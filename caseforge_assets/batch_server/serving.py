"""Everything that one running server holds open: options, clock, stores, faults, upstream. Made at start, closed at the end."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from caseforge_assets.batch_server.faults import ActiveFaults, read_faults
from caseforge_assets.batch_server.likeness import Likeness
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets.batch_server.options import ServerOptions
from caseforge_assets.batch_server.state.batches import BatchStore
from caseforge_assets.batch_server.state.clock import Clock, start_clock
from caseforge_assets.batch_server.state.database import Database
from caseforge_assets.batch_server.state.files import FileStore
from caseforge_assets.batch_server.state.requests import RequestStore
from caseforge_assets.batch_server.upstream import Upstream, open_upstream


@dataclass(frozen=True)
class Serving:
    """The parts that endpoints and batches work with."""

    options: ServerOptions
    database: Database
    clock: Clock
    files: FileStore
    batches: BatchStore
    requests: RequestStore
    faults: ActiveFaults
    upstream: Upstream | None

    @property
    def likeness(self) -> Likeness:
        """The provider that is imitated."""
        return self.options.likeness

    @property
    def limits(self) -> Limits:
        """Sizes beyond which files and batches are refused."""
        return self.options.limits or self.likeness.limits

    @property
    def incoming_dir(self) -> Path:
        """Says where uploads grow until they are complete."""
        return self.options.state_dir / "incoming"

    def batch_dir(self, batch_id: str) -> Path:
        """Says where an open batch keeps its files; gone when it has ended."""
        return self.options.state_dir / "open_batches" / batch_id

    def input_path(self, batch_id: str) -> Path:
        """A batch's own name for its input file, which its owner may delete meanwhile."""
        return self.batch_dir(batch_id) / "input.jsonl"


def open_serving(options: ServerOptions) -> Serving:
    """Open the state folder and everything else.

    Raises:
        StateDirInUseError: If another server works in the folder.
        FaultSpecError: If a fault can't be read.
    """
    faults = read_faults(options.faults)
    options.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(options.state_dir / "state.sqlite3")
    serving = Serving(
        options=options,
        database=database,
        clock=start_clock(database, options.time_scale),
        files=FileStore(database, options.state_dir / "files"),
        batches=BatchStore(database),
        requests=RequestStore(database),
        faults=faults,
        upstream=open_upstream(options),
    )
    shutil.rmtree(serving.incoming_dir, ignore_errors=True)
    serving.incoming_dir.mkdir()
    return serving


async def close_serving(serving: Serving) -> None:
    """Close what was opened."""
    if serving.upstream is not None:
        await serving.upstream.close()
    serving.database.close()
