"""A journal of many segments becomes one that holds everything as it is now."""

from __future__ import annotations

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.journaling.read_journal import read_backwards
from caseforge_assets.commands.journaling.write_journal import LOCK, write_segment
from caseforge_assets.store.database.engine import Engine, wait_for_lock
from caseforge_assets.store.journaling import journal
from caseforge_assets.store.schema import journal_marks


def fold_journal(store: Engine, folder: ArtifactFolder) -> list[str]:
    """Writes the segment, reads it back, and only then removes those that it replaces; returns their paths.

    Raises:
        JournalBroken: what was written is not what is read; nothing was removed.
    """
    with wait_for_lock(store, LOCK):
        with store.begin() as connection:
            journal_marks.mark_everything(connection)
        write_segment(store, folder, whole=True)
        with store.connect() as connection:
            *old, new = [segment.path for segment in journal.segments(connection)]
        read_backwards(folder, new, lambda *_: None)
        for path in old:
            folder.remove_any(path)
        with store.begin() as connection:
            journal.forget_segments(connection, old)
    return old
