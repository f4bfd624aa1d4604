"""Processes of Dagster's runs: each says who it is when it begins, and every few seconds that it is there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.database.clock import seconds_since


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Identifies a process among all others, on this machine and on others.

    Attributes:
        host: The machine's name, for people; several may have the same.
        boot_id: Another one after each start of a machine; empty where the system has none.
        pid_namespace: In which the pid is one; each container has its own.
        pid: The process's number there.
        started: When it started, in ticks since the machine did.
    """

    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class RunProcess:
    """The process of a run, and how long ago it was last heard of, in seconds by the database's clock; `is_through` when its work had ended by then."""

    run_id: str
    identity: ProcessIdentity
    silent_s: float
    is_through: bool


_BEGIN = text("""
insert into caseforge.run_process (run_id, host, boot_id, pid_namespace, pid, started, began_at, seen_at)
values (:run_id, :host, :boot_id, :pid_namespace, :pid, :started, clock_timestamp(), clock_timestamp())
on conflict (run_id) do update set (host, boot_id, pid_namespace, pid, started, began_at, seen_at, is_through)
  = (excluded.host, excluded.boot_id, excluded.pid_namespace, excluded.pid, excluded.started, excluded.began_at, excluded.seen_at, false)
""")


def begin(connection: Connection, run_id: str, identity: ProcessIdentity) -> None:
    """A process has begun to work on a run."""
    connection.execute(_BEGIN, {"run_id": run_id, **asdict(identity)})


def beat(connection: Connection, run_id: str) -> None:
    """The process of a run is there."""
    connection.execute(text("update caseforge.run_process set seen_at = clock_timestamp() where run_id = :run_id"), {"run_id": run_id})


def end(connection: Connection, run_id: str) -> None:
    """The process of a run has ended its work; what is left to do is Dagster's."""
    query = text("update caseforge.run_process set seen_at = clock_timestamp(), is_through = true where run_id = :run_id")
    connection.execute(query, {"run_id": run_id})


_OF_RUNS = text(f"""
select run_id, host, boot_id, pid_namespace, pid, started, {seconds_since("seen_at")} as silent_s, is_through
from caseforge.run_process where run_id = any(:ids)
""")


def of_runs(connection: Connection, run_ids: Collection[str]) -> dict[str, RunProcess]:
    """Processes by run; runs that never said who they are are left out."""
    found = connection.execute(_OF_RUNS, {"ids": list(run_ids)})
    return {row.run_id: RunProcess(row.run_id, ProcessIdentity(*row[1:6]), float(row.silent_s), row.is_through) for row in found}


def forget_others(connection: Connection, run_ids: Collection[str], after_s: float) -> int:
    """Forgets the processes of all runs but these that were not heard of for so long; returns how many there were."""
    query = text(f"delete from caseforge.run_process where not run_id = any(:ids) and {seconds_since('seen_at')} > :after_s")
    return connection.execute(query, {"ids": list(run_ids), "after_s": after_s}).rowcount
