"""Addresses that were stored with user and password lose them, and what is one provider becomes one row."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from caseforge_assets.redaction import know_secrets
from caseforge_assets.settings.secrets import secrets_in
from caseforge_assets.store.database.logins import remove_logins
from caseforge_assets.store.submitting import providers
from caseforge_assets_tests.workbench import OpenBench

OLD, NEW, CLEAN = "http://anna:old-Passw0rd@host/v1", "http://anna:new-Passw0rd@host/v1", "http://host/v1"


def add_stained(engine: Engine, *urls: str) -> list[int]:
    """Rows as an older version wrote them: without a look at what is in them."""
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor:
            for url in urls:
                cursor.execute("insert into caseforge.provider (base_url, account, simulated) values (%s, 'default', false)", (url,))
        return list(connection.scalars(text("select id from caseforge.provider order by id")))


def test_another_password_is_the_same_provider(store: Engine) -> None:
    with store.begin() as connection:
        ids = {providers.provider_id(connection, url, "default", False) for url in (OLD, NEW, CLEAN)}
        assert len(ids) == 1
        assert providers.ids_at(connection, NEW, "default") == ids
        assert providers.where(connection, ids.pop()) == (CLEAN, False)


def test_an_old_database_is_cleaned(store: Engine) -> None:
    know_secrets(secrets_in({"OPENAI_BASE_URL": NEW}))  # what is masked in parameters is found in rows all the same
    first, second = add_stained(store, OLD, NEW)
    with store.begin() as connection:
        connection.execute(
            text("update caseforge.provider set enqueued_token_limits = '{\"gpt-5\": 7}', stopped_reason = base_url where id = :id"),
            {"id": second},
        )
        connection.execute(
            text("""
            insert into caseforge.batch (provider_id, submission_id, stage, model, state, reason, request_count, input_tokens, remote)
            select id, id::text, 'x', 'm', 'collected', 'it is at ' || base_url, 1, 1, jsonb_build_object('says', 'no new-Passw0rd', 'n', 1) from caseforge.provider
            """)
        )
        assert remove_logins(connection) == 2  # what the migration does, and a restore
    with store.connect() as connection:
        assert connection.execute(text("select id, base_url, account, stopped_reason from caseforge.provider")).all() == [
            (first, CLEAN, "default", CLEAN)
        ]
        rows = connection.execute(text("select provider_id, reason, remote from caseforge.batch order by id")).all()
        assert rows == [(first, f"it is at {CLEAN}", {"n": 1, "says": "no [secret]"})] * 2
        assert providers.token_limits(connection, first) == {"gpt-5": 7}
        assert "0rd" not in "".join(
            connection.scalars(text("select t::text from caseforge.batch t union all select p::text from caseforge.provider p"))
        )


def test_two_rows_with_the_same_request_under_way_stay_apart(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    add_stained(opened.store, OLD, NEW)
    first, second = opened.column("select id from caseforge.provider where base_url <> :url order by id", url=opened.provider.base_url)
    for number, provider in enumerate((first, second)):
        opened.change(
            """
            insert into caseforge.batch (provider_id, submission_id, stage, model, state, request_count, input_tokens)
            values (:provider, :name, 'process_details', 'm', 'open', 1, 1)
            """,
            provider=provider,
            name=f"made {number}",
        )
        opened.change(
            """
            insert into caseforge.attempt (batch_id, node_id, provider_id, custom_id, fingerprint, generation)
            select b.id, n.id, b.provider_id, 'x', 'same', 0 from caseforge.batch b, (select min(id) as id from caseforge.node) n where b.submission_id = :name
            """,
            name=f"made {number}",
        )
    with opened.store.begin() as connection:
        assert remove_logins(connection) == 2
        assert remove_logins(connection) == 0
    assert opened.query(
        "select id, base_url, account from caseforge.provider where id in (:first, :second) order by id", first=first, second=second
    ) == [
        (first, CLEAN, "default"),
        (second, CLEAN, f"default (provider {second})"),
    ]


@pytest.mark.parametrize("stored", ["a text with {}", '{{"in": "{}"}}'])
def test_a_secret_that_is_bound_to_any_statement_is_masked(store: Engine, stored: str) -> None:
    know_secrets(["bound-Passw0rd"])
    with store.begin() as connection:
        shown = connection.execute(
            text("select :one, cast(:many as text[])"), {"one": stored.format("bound-Passw0rd"), "many": ["x", "bound-Passw0rd"]}
        ).one()
    assert tuple(shown) == (stored.format("[secret]"), ["x", "[secret]"])
