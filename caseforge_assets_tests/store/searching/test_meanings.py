"""A database can be searched by meaning, or it is said what is missing."""

from __future__ import annotations

from sqlalchemy import text

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.searching import meanings


def test_what_a_database_lacks_is_said(store: Engine) -> None:
    with store.connect() as connection:
        assert meanings.why_not(connection) == ""
        assert not meanings.is_there(connection)
        connection.execute(text("create role of_somebody_else"))
        connection.execute(text("grant usage on schema caseforge to of_somebody_else"))
        connection.execute(text("set local role of_somebody_else"))
        assert "let an administrator run `create extension vector`" in meanings.why_not(connection)
        connection.execute(text("set local role none"))
        connection.execute(text("create extension vector"))
        connection.execute(text("set local role of_somebody_else"))
        assert "`grant create on schema caseforge to` it" in meanings.why_not(connection)
        connection.execute(text("set local role none"))
        meanings.prepare(connection, 16)
        connection.execute(text("set local role of_somebody_else"))
        assert meanings.why_not(connection) == ""
        connection.rollback()


def test_vectors_of_other_numbers_have_a_table_of_their_own(store: Engine) -> None:
    with store.begin() as connection:
        meanings.prepare(connection, 16)
        assert (meanings.is_ready(connection, 16), meanings.is_ready(connection, 32)) == (True, False)
        meanings.prepare(connection, 32)
        assert (meanings.is_ready(connection, 16), meanings.is_ready(connection, 32)) == (False, True)
