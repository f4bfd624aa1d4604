"""Every row against its newest state in the journal, in both directions."""

from __future__ import annotations

import hashlib

from caseforge_assets.artifacts import ArtifactDamaged, ArtifactFolder
from caseforge_assets.commands.journaling.read_journal import JournalBroken, Key, key_of, read_newest_states, split_line
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.journaling import journal, verifying
from caseforge_assets.store.journaling.journal import Marked
from caseforge_assets.store.schema.journal_marks import journaled_tables

Finding = tuple[str, str, str, str]
ANEW = "caseforge verify --journal-anew writes everything once more"
PRUNED = {"outbox"}  # rows that are not needed any more are removed by `dagster prune` and `restore`
LISTED = 5


def check_journal(connection: Connection, folder: ArtifactFolder) -> tuple[int, list[Finding]]:
    """Returns how many rows were compared, and (kind, where, what, advice) of what differs."""
    marked, newest = journal.marked(connection), journal.newest(connection)
    findings = _behind(marked)
    if newest is None:
        if not marked.mark_ids:
            return 0, findings
        return 0, [("not journaled", "journal", "there is no segment yet", "any caseforge command writes one; this one does, too")]
    tables = {table.name: tuple(table.primary_key.columns.keys()) for table in journaled_tables()}
    hashes: dict[str, dict[Key, bytes]] = {name: {} for name in tables}

    def keep(table: str, key: Key, row: bytes) -> None:
        hashes[table][key] = hashlib.md5(row, usedforsecurity=False).digest()

    try:
        read_newest_states(folder, newest.path, tables.get, keep)
    except (JournalBroken, ArtifactDamaged) as error:
        return 0, [*findings, ("journal broken", newest.path, str(error), f"or, where the rows are right: {ANEW}")]
    rows = 0
    for table, names in tables.items():
        count, found = _compare(connection, table, names, hashes[table], marked)
        rows += count
        findings += found
    return rows, findings


def _behind(marked: Marked) -> list[Finding]:
    if not marked.since:
        return []
    what = f"changes in {', '.join(sorted(marked.rows))} are not journaled, the first of {marked.since:%Y-%m-%d %H:%M:%S} UTC"
    return [("not journaled", "journal", what, "any caseforge command writes them; this one does, too")]


def _compare(
    connection: Connection, table: str, names: tuple[str, ...], kept: dict[Key, bytes], marked: Marked
) -> tuple[int, list[Finding]]:
    changing = marked.rows.get(table, ())
    if changing is None:
        return 0, []
    left_out, rows = set(changing), 0
    unknown: list[Key] = []
    altered: list[Key] = []
    for line in verifying.lines_of_table(connection, table):
        row = split_line(line)[1]
        if row is None:
            continue
        key = key_of(row, names)
        found = kept.pop(key, None)
        rows += 1
        if key in left_out:
            continue
        if found is None:
            unknown.append(key)
        elif found != hashlib.md5(row, usedforsecurity=False).digest():
            altered.append(key)
    gone = [] if table in PRUNED else sorted(kept, key=str)
    return rows, [
        (kind, f"table {table}", f"{what}: {_listed(keys)}", advice)
        for kind, keys, what, advice in (
            ("missing row", gone, "rows that the journal has are gone", "restore into an empty database, and compare"),
            (
                "altered row",
                altered,
                "rows are not as the journal has them, and nothing marked them",
                f"restore into an empty database; or {ANEW}",
            ),
            ("not journaled", unknown, "rows that the journal lacks", ANEW),
        )
        if keys
    ]


def _listed(keys: list[Key]) -> str:
    shown = ", ".join(str(key) if isinstance(key, int) else "/".join(map(str, key)) for key in keys[:LISTED])
    return shown + (f" and {len(keys) - LISTED:,} more" if len(keys) > LISTED else "")
