"""Vectors that came with contents are put where the search by meaning looks through them, and those that do not count any more are taken out."""

from __future__ import annotations

from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.store.database.engine import Engine, try_lock
from caseforge_assets.store.searching import meanings, near_meanings
from caseforge_assets.store.similar import similar_meanings

LOCK, SIMILAR = "refresh meanings", "refresh similar"
AT_ONCE = 500  # contents in a transaction


def refresh_meanings(store: Engine, project: Project, *, contents: int | None = None) -> bool:
    """Takes in what is new, unless another process is at it; returns whether something is behind still. Nothing is done where the database cannot.

    Args:
        contents: so many at most, or somewhat more; None: all.
    """
    stage = next((stage for stage in project.stages if stage.makes_vectors), None)
    if stage is None:
        return False
    version = stage_version(stage, project.stage_settings[stage.key])
    with store.begin() as connection:
        if meanings.why_not(connection):
            return False
        if meanings.is_ready(connection, project.stage_settings[stage.key].dimensions) and not meanings.behind(
            connection, stage.key, version
        ):
            return False
    with try_lock(store, LOCK) as alone, try_lock(store, SIMILAR) as nobody_groups:  # candidates with other vectors are grouped once more
        return not (alone and nobody_groups and _take_in(store, project, stage, version, contents))


def index_meanings(store: Engine, many: int = near_meanings.MANY) -> None:
    """Makes indexes over vectors, where there are many and all of them are taken in; another process may be at it.

    Args:
        many: so many of a kind get one.
    """
    with store.connect() as connection:
        kinds = near_meanings.missing_indexes(connection, many)
    if not kinds:
        return
    with try_lock(store, LOCK) as alone:
        if alone:
            with store.begin() as connection:
                for kind in near_meanings.missing_indexes(connection, many):
                    near_meanings.make_index(connection, kind)


def _take_in(store: Engine, project: Project, stage: Stage, version: str, most: int | None) -> bool:
    """Tells whether all is done."""
    with store.begin() as connection:
        meanings.prepare(connection, project.stage_settings[stage.key].dimensions or 0)
        meanings.remove_gone(connection, stage.key, version)
        if meanings.is_empty(connection):
            near_meanings.drop_indexes(connection)
    done = 0
    while most is None or done < most:
        with store.begin() as connection:
            found = meanings.missing(connection, stage.key, version, AT_ONCE)
            meanings.add(connection, found)
            similar_meanings.wait_again(connection, [candidate_id for meaning in found for candidate_id in meaning.candidate_ids])
        done += len(found)
        if len(found) < AT_ONCE:
            return True
    return False
