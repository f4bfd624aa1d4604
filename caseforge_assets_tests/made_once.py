"""Makes what tests start from once in a session, to be copied: answering, judging and storing the same again takes longer than what most of them are about."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets_tests.databases import copy_database, execute, url_of

ARTIFACTS = "artifacts"


@dataclass(frozen=True)
class MadeOnce:
    """Databases and artifacts, by what was asked for.

    Attributes:
        postgres_url: The server.
        folder: For their artifacts.
        template: Name of the database that each begins as.
    """

    postgres_url: str
    folder: Path
    template: str
    _names: dict[str, str] = field(default_factory=dict)

    def give(self, asked: str, make: Callable[[Engine, Path], object], store: Engine, artifacts: Path) -> None:
        """Gives a store and a folder what was made for somebody who asked the same.

        Args:
            asked: All that it depends on, in words.
            make: Makes it in another store and in a folder with `artifacts` in it, where nobody has asked yet.
            store: Is replaced. Only this engine is connected to its database.
            artifacts: Gets the artifacts.
        """
        if asked not in self._names:
            name = f"made_once_{len(self._names)}"
            copy_database(self.postgres_url, self.template, name)
            engine = open_store(url_of(self.postgres_url, name))
            make(engine, self.folder / name)
            engine.dispose()
            self._names[asked] = name
        name, database = self._names[asked], str(store.url.database)
        store.dispose()
        execute(self.postgres_url, f"DROP DATABASE {database} WITH (FORCE)")
        copy_database(self.postgres_url, name, database)
        shutil.copytree(self.folder / name / ARTIFACTS, artifacts, dirs_exist_ok=True)
