"""Versions of code and schema side by side: what goes together, and the words where it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.store.database.engine import (
    HEAD,
    find_revision,
    migrate_database,
    open_store,
    refuse_other_schema,
    refuse_schema_before,
)
from caseforge_assets.store.database.revisions import Fit, SchemaNotUsable, fit_of
from caseforge_assets_tests.older_schema import take_back


def url_of(store: Engine) -> str:
    return store.url.render_as_string(hide_password=False)


@pytest.fixture
def newer(store: Engine) -> Engine:
    """A database that a version of the future has migrated."""
    with store.begin() as connection:
        connection.execute(text("update caseforge.schema_version set version_num = '9999'"))
    return store


def test_a_schema_of_a_newer_version_is_refused_by_everybody(newer: Engine) -> None:
    for migrates in (True, False):
        with pytest.raises(SchemaNotUsable, match=rf"revision 9999, which a newer CaseForge made; this one knows revisions up to {HEAD}"):
            open_store(url_of(newer), migrates=migrates)
    with pytest.raises(SchemaNotUsable, match="newer CaseForge"):
        migrate_database(url_of(newer))
    with pytest.raises(SchemaNotUsable, match="newer CaseForge"):
        refuse_other_schema(newer)
    assert find_revision(url_of(newer)) == "9999"


def test_a_schema_that_is_too_old_waits_for_a_person_and_is_migrated_once(store: Engine) -> None:
    take_back(store, "0036")
    with pytest.raises(SchemaNotUsable, match=r"at revision 0036.*`caseforge db migrate`.*Nothing was changed"):
        open_store(url_of(store), migrates=False)
    assert find_revision(url_of(store)) == "0036"
    with ThreadPoolExecutor(3) as pool:
        came_of_it = list(pool.map(lambda _: migrate_database(url_of(store)), range(3)))
    assert {now for _, now in came_of_it} == {HEAD}
    refuse_schema_before(store, "This")
    open_store(url_of(store), migrates=False).dispose()


def test_the_schema_before_is_good_enough_where_the_newest_migration_says_so(store: Engine) -> None:
    take_back(store)
    before = find_revision(url_of(store))
    assert fit_of(before) in (Fit.before, Fit.old)
    if fit_of(before) is Fit.before:
        open_store(url_of(store), migrates=False).dispose()
        assert find_revision(url_of(store)) == before
        with pytest.raises(SchemaNotUsable, match=r"Restoring needs tables that the database does not have yet.*caseforge db migrate"):
            refuse_schema_before(store, "Restoring")
    open_store(url_of(store)).dispose()  # as the embedded one
    assert find_revision(url_of(store)) == HEAD
    assert (fit_of(HEAD), fit_of(None)) == (Fit.current, Fit.none)


def test_marks_of_tables_that_a_newer_version_made_are_left_to_it(store: Engine, tmp_path: Path) -> None:
    with store.begin() as connection:
        connection.execute(text("insert into caseforge.journal_mark (table_name) values ('of_the_next_version')"))
    write_journal(store, ArtifactFolder(str(tmp_path)))
    with store.connect() as connection:
        assert list(connection.scalars(text("select table_name from caseforge.journal_mark"))) == ["of_the_next_version"]
