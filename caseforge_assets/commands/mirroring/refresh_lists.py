"""Lists and the search are brought up to date with what was made: a little in passing, before they are read, and the rest beside it.

What was made is not kept waiting for it: splitting texts into words takes longer than storing them.
"""

from __future__ import annotations

from collections.abc import Mapping

from caseforge_assets.settings.project import Project
from caseforge_assets.stages.languages import ENGLISH, primary
from caseforge_assets.stages.measuring.word_lists import language_of
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting.quality_scores import words_of
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.reading import due, upkeep
from caseforge_assets.store.reading.due import Behind
from caseforge_assets.store.reading.upkeep import NODES, ListedStage
from caseforge_assets.store.similar import similar_due

IN_PASSING_NODES, IN_PASSING_TEXTS = 60, 150
TEXTS_AT_ONCE = 200
LOCK = "refresh lists"
# Of languages by their tags; PostgreSQL knows the words of these, and takes those of others as they are.
_CONFIGS: Mapping[str, str] = {
    **{"ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "eu": "basque"},
    **{
        "fi": "finnish",
        "fr": "french",
        "ga": "irish",
        "hi": "hindi",
        "hu": "hungarian",
        "hy": "armenian",
        "id": "indonesian",
        "it": "italian",
    },
    **{"lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese"},
    **{"ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish"},
}
_OTHERS = "simple"


def refresh_lists(store: Engine, project: Project, *, nodes: int | None = None, texts: int | None = None) -> Behind:
    """Makes rows anew that are due, unless another process is at it; returns what is behind still.

    Args:
        nodes: of so many nodes at most, or somewhat more; None: of all.
        texts: so many texts at most are split into words; None: all.
    """
    with try_lock(store, LOCK) as alone:
        if alone:
            _note_new_languages(store, project)
            _remake(store, project, nodes)
            _split(store, texts)
    with store.connect() as connection:
        return due.behind(connection)


def refresh_in_passing(store: Engine, project: Project, connection: Connection) -> Behind:
    """Looks whether lists are behind what was made, and catches up where that is little: somebody waits for an answer."""
    found = due.behind(connection)
    if not (found.lists or found.texts):
        return found
    return refresh_lists(store, project, nodes=IN_PASSING_NODES, texts=IN_PASSING_TEXTS)


def _remake(store: Engine, project: Project, most: int | None) -> None:
    done = 0
    stages = [_listed(stage) for stage in project.stages if not stage.makes_vectors]
    while most is None or done < most:
        with store.begin() as connection:
            found = due.take(connection)
            if found is None:
                return
            languages = _languages(connection, project, found.framework_key)
            upkeep.remake_rows(connection, found.framework_key, found.node_ids, stages, RULES, languages)
            similar_due.note(connection, found.framework_key, found.node_ids)
        done += len(found.node_ids)


def _split(store: Engine, most: int | None) -> None:
    done = 0
    while most is None or done < most:
        with store.begin() as connection:
            split = upkeep.split_texts(connection, TEXTS_AT_ONCE if most is None else min(TEXTS_AT_ONCE, most - done))
        done += split
        if not split:
            break
    if done:
        with store.begin() as connection:
            upkeep.sort_in(connection)


def _listed(stage: Stage) -> ListedStage:
    """Gives what lists have to know of a stage: its columns, and the names of levels that are kept as numbers."""
    scales = {column: list(shares) for column, shares in stage.level_shares.items()}
    return ListedStage(stage.key, stage.is_list, stage.item_columns, scales)


def _note_new_languages(store: Engine, project: Project) -> None:
    """A language that was set since is one in which all texts of the framework are split anew."""
    with store.begin() as connection:
        for key, known in upkeep.known_languages(connection).items():
            if not _of_stages(project, key).items() <= known.items():
                due.note_framework(connection, key)


def _languages(connection: Connection, project: Project, key: str) -> dict[str, str]:
    """By stage, PostgreSQL's configuration for a framework's texts; that of its nodes is found from their words."""
    return _of_stages(project, key) | {NODES: _config(language_of(" ".join(words_of(connection, key))))}


def _of_stages(project: Project, key: str) -> dict[str, str]:
    return {stage.key: _config(project.stages.in_framework(stage, key).language) for stage in project.stages}


def _config(tag: str) -> str:
    """Without a language, texts are asked for in that of the templates, which is English."""
    return _CONFIGS.get(primary(tag or ENGLISH), _OTHERS)
