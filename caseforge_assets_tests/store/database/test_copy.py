"""COPY: whatever is in a row goes in and comes out as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from caseforge_assets.store.database import copy
from caseforge_assets.store.database.copy import copy_json, copy_rows
from caseforge_assets.store.schema.tables import provider

ROWS = "select row_to_json(t)::text from (select * from caseforge.provider where account like %(account)s order by id) t"
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
JSON = st.dictionaries(
    TEXTS, st.recursive(TEXTS | st.integers(-(10**30), 10**30) | st.booleans() | st.none(), st.lists, max_leaves=4), max_size=3
)


def row(row_id: int, account: str, limits: Any) -> dict[str, Any]:
    return {"id": row_id, "base_url": str(row_id), "account": account, "simulated": True, "enqueued_token_limits": limits}


def read(store: Engine, account: str = "%") -> list[dict[str, Any]]:
    with store.connect() as connection:
        lines = b"".join(copy_json(connection, ROWS, {"account": account})).decode().splitlines()
    return [json.loads(line) for line in lines]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(account=TEXTS | st.sampled_from(["\\", "\\N", "\\.", "a\tb", "a\nb\r", '"', "\\\\n", "%", "\u2028", "😀"]), limits=JSON)
def test_any_text_and_any_json_comes_out_as_it_went_in(store: Engine, account: str, limits: dict[str, Any]) -> None:
    with store.begin() as connection:
        connection.execute(text("delete from caseforge.provider"))
        copy_rows(connection, provider, [row(1, account, limits)])
    with store.connect() as connection:
        stored = connection.execute(text("select account, enqueued_token_limits from caseforge.provider")).one()
        (line,) = b"".join(copy_json(connection, ROWS, {"account": "%"})).removesuffix(b"\n").split(b"\n")
    assert tuple(stored) == (account, limits)
    out = json.loads(line)
    assert (out["account"], out["enqueued_token_limits"]) == (account, limits)


def test_pieces_are_whole_lines_and_the_connection_goes_on(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "PIECE_BYTES", 500)
    with store.begin() as connection:
        copy_rows(connection, provider, [row(number, f"a{number}", {}) for number in range(100)])
        pieces = list(copy_json(connection, ROWS, {"account": "a%"}))
        assert len(pieces) > 10
        assert all(piece.endswith(b"\n") for piece in pieces)
        assert [json.loads(line)["id"] for line in b"".join(pieces).splitlines()] == list(range(100))
        assert connection.scalar(text("select count(*) from caseforge.provider")) == 100


def test_nothing_is_read_where_nothing_fits(store: Engine) -> None:
    assert read(store, "nobody") == []


def test_who_stops_reading_leaves_nothing_behind(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "PIECE_BYTES", 1)
    with store.begin() as connection:
        copy_rows(connection, provider, [row(number, "a", {"text": "x" * 10_000}) for number in range(500)])
    with store.connect() as connection:
        pieces = copy_json(connection, ROWS, {"account": "%"})
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]
    assert len(read(store)) == 500


def test_a_query_that_fails_fails_where_it_is_read(store: Engine) -> None:
    with store.connect() as connection, pytest.raises(DBAPIError, match="division by zero"):
        list(copy_json(connection, "select to_json(1 / (n - 2)) from generate_series(%(from)s, 3) as n", {"from": 1}))
