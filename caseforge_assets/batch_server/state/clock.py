"""The server's clock: real time, or faster. It never goes back, also not when a restart changes its speed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from caseforge_assets.batch_server.state.database import Database


@dataclass(frozen=True)
class Clock:
    """Server seconds (Unix time) as a line through one known point."""

    real_s: float
    server_s: float
    scale: float

    def now(self) -> float:
        """The server's time, in Unix seconds."""
        return self.server_s + (time.time() - self.real_s) * self.scale

    def real_wait_s(self, server_time: float) -> float:
        """Gives the real seconds that it takes until the server's clock shows ``server_time``; 0 when it is past."""
        return max(0.0, (server_time - self.now()) / self.scale)


def start_clock(database: Database, scale: float) -> Clock:
    """Continue the clock of an earlier start from where it would be now, with the scale of this start."""
    real_s = time.time()
    with database.transaction() as connection:
        row = connection.execute("SELECT real_s, server_s, scale FROM clock").fetchone()
        server_s = real_s if row is None else row["server_s"] + (real_s - row["real_s"]) * row["scale"]
        connection.execute("DELETE FROM clock")
        connection.execute("INSERT INTO clock VALUES (?, ?, ?)", (real_s, server_s, scale))
    return Clock(real_s, server_s, scale)
