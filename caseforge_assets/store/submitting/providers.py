"""Providers: where batches go, what was learned about their limits, and whether sending is stopped.

An address is stored without user information: with another password it is the same provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date

from sqlalchemy import Connection, text

from caseforge_assets.redaction import without_login
from caseforge_assets.store.schema.constants import PLANNED_ONCE


def provider_id(connection: Connection, base_url: str, account: str, simulated: bool) -> int:
    """The id of a provider, which is added when it is new."""
    values = {"base_url": without_login(base_url), "account": account, "simulated": simulated}
    found = connection.scalar(
        text("select id from caseforge.provider where base_url = :base_url and account = :account and simulated = :simulated"), values
    )
    if found is None:
        found = connection.scalar(
            text("""
            insert into caseforge.provider (base_url, account, simulated) values (:base_url, :account, :simulated)
            on conflict (base_url, account, simulated) do update set account = excluded.account returning id
            """),
            values,
        )
    return int(found or 0)


def ids_at(connection: Connection, base_url: str, account: str) -> set[int]:
    """The ids of a provider: one, or two if it was simulated at one time and not at another."""
    query = text("select id from caseforge.provider where base_url = :base_url and account = :account")
    return set(connection.scalars(query, {"base_url": without_login(base_url), "account": account}))


_IS_SIMULATED = text(
    "select simulated from caseforge.provider where base_url = :base_url and account = :account order by id desc limit 1"
).execution_options(**PLANNED_ONCE)


def is_simulated_at(connection: Connection, base_url: str, account: str) -> bool | None:
    """True for a provider that was simulated when it was asked last; None where it never was asked."""
    found = connection.scalar(_IS_SIMULATED, {"base_url": without_login(base_url), "account": account})
    return None if found is None else bool(found)


def where(connection: Connection, provider: int) -> tuple[str, bool]:
    """Base URL of a provider, and whether it is simulated."""
    row = connection.execute(text("select base_url, simulated from caseforge.provider where id = :id"), {"id": provider}).one()
    return row.base_url, row.simulated


def stopped_reason(connection: Connection, provider: int) -> str | None:
    """Says why nothing is sent to this provider until a person acts, or None."""
    reason = connection.scalar(text("select stopped_reason from caseforge.provider where id = :id"), {"id": provider})
    return str(reason) if reason else None


def stop_text(connection: Connection, provider: int) -> str | None:
    """Says for people since when and why nothing is sent to this provider, and what ends it; None where it is not stopped."""
    row = connection.execute(text("select stopped_reason, stopped_at from caseforge.provider where id = :id"), {"id": provider}).one()
    if not row.stopped_reason:
        return None
    since = f" since {row.stopped_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if row.stopped_at else ""
    return f"sending is stopped{since}: {row.stopped_reason}. When it is settled: `caseforge submit`, or the job submit; another key is tried by itself"


def set_stopped(connection: Connection, provider: int, reason: str | None) -> None:
    """Stops sending for a reason, under the key that was used last, or allows it again."""
    query = """
    update caseforge.provider set stopped_reason = :reason, stopped_at = case when cast(:reason as text) is not null then coalesce(stopped_at, now()) end,
        stopped_keys = case when cast(:reason as text) is null then '{}'
                            when last_key is null or last_key = any(stopped_keys) then stopped_keys else stopped_keys || last_key end
    where id = :id
    """
    connection.execute(text(query), {"id": provider, "reason": reason})


def note_key(connection: Connection, provider: int, digest: str) -> None:
    """Notes the key that a provider is asked with; one that it was not stopped under ends a stop."""
    query = text("""
    update caseforge.provider set last_key = :digest,
        stopped_reason = case when last_key is null or :digest = any(stopped_keys) then stopped_reason end,
        stopped_at = case when last_key is null or :digest = any(stopped_keys) then stopped_at end
    where id = :id and last_key is distinct from :digest
    """)
    connection.execute(query, {"id": provider, "digest": digest})


def token_limits(connection: Connection, provider: int) -> dict[str, int]:
    """Enqueued-token limits per model, as learned from refusals."""
    found = connection.scalar(text("select enqueued_token_limits from caseforge.provider where id = :id"), {"id": provider})
    return {str(model): int(limit) for model, limit in (found or {}).items()}


def learn_token_limit(connection: Connection, provider: int, model: str, limit: int) -> None:
    """Remembers what the account takes at once for a model."""
    connection.execute(
        text("""
        update caseforge.provider
        set enqueued_token_limits = enqueued_token_limits || jsonb_build_object(cast(:model as text), cast(:limit as bigint)) where id = :id
        """),
        {"id": provider, "model": model, "limit": limit},
    )


def set_refused(connection: Connection, base_url: str, account: str, reason: str | None) -> None:
    """Notes why a provider refuses the key, or that it takes it; rows that say so already are left alone."""
    query = text("""
    update caseforge.provider set refused_reason = :reason
    where base_url = :base_url and account = :account and refused_reason is distinct from :reason
    """)
    connection.execute(query, {"base_url": without_login(base_url), "account": account, "reason": reason})


def set_model_ends(connection: Connection, provider: int, ends: Mapping[str, date]) -> None:
    """Notes the days of models' ends that a provider gives; a row that says so already is left alone."""
    query = text("""
    update caseforge.provider set model_ends = cast(:ends as jsonb) where id = :id and model_ends <> cast(:ends as jsonb)
    """)
    connection.execute(query, {"id": provider, "ends": json.dumps({model: day.isoformat() for model, day in ends.items()})})


def model_ends(connection: Connection) -> dict[str, date]:
    """Days of models' ends by the models' names, as providers gave them when they were last asked; of several, the one that came last counts."""
    rows = connection.scalars(text("select model_ends from caseforge.provider order by id"))
    return {model: date.fromisoformat(day) for found in rows for model, day in found.items()}
