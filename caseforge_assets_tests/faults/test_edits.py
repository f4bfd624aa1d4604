"""A person's edit is kept when the command is killed and the database is lost after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.faults.world import KEY, Project, World
from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.store.database.engine import Engine

pytestmark = pytest.mark.slow

MINE = "## Overview\n\nWritten by Ada alone."
EDITS = text("select body, generated_by from caseforge.content where is_current and edited_after is not null")


def killed_edit(project: Project, moment: list[Any]) -> None:
    page = project.folder / "page.md"
    page.write_text(MINE)
    ended = project.run("edit", "1.1.1", "--framework", KEY, "--file", str(page), "--by", "Ada", "--anyway", fatal=moment)
    assert ended.killed, ended.errors
    assert "Kept as content" not in ended.output


@pytest.fixture
def in_artifacts(empty_store: Engine) -> Callable[[Project], list[Any]]:
    """The edits that come back without the database."""

    def edits(project: Project) -> list[Any]:
        restore(empty_store, ArtifactFolder(str(project.folder / "var" / "artifacts")))
        with empty_store.connect() as connection:
            return [tuple(row) for row in connection.execute(EDITS)]

    return edits


def test_killed_before_it_is_shown_in_dagster(world: World, in_artifacts: Callable[[Project], list[Any]]) -> None:
    with world.project("documents_2") as project:
        killed_edit(project, ["before", "flush", 1])
        assert in_artifacts(project) == [(MINE, "edited by Ada")]


def test_killed_between_database_and_journal(world: World, in_artifacts: Callable[[Project], list[Any]]) -> None:
    """Nothing was said to be kept yet; while the database is there, the next command journals it."""
    with world.project("documents_2") as project:
        killed_edit(project, ["after", "commit editing.edit", 1])
        project.must("flush")
        assert in_artifacts(project) == [(MINE, "edited by Ada")]
