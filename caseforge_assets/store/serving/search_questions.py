"""Questions that were asked of the search by meaning: the vector that each was turned into, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, insert, text

from caseforge_assets.costs.sums import Cost
from caseforge_assets.store.schema.provider_table import IS_BILLED
from caseforge_assets.store.schema.reading_tables import search_question


@dataclass(frozen=True, slots=True)
class Question:
    """The words that are to be turned into a vector, as they are known by: at which provider, by which model, of how many numbers."""

    provider_id: int
    model: str
    dimensions: int
    digest: str


_VECTOR = text("""
select vector from caseforge.search_question
where digest = :digest and provider_id = :provider_id and model = :model and dimensions = :dimensions and vector is not null order by id limit 1
""")


def known_vector(connection: Connection, question: Question) -> str | None:
    """The vector of a question that was asked before; None: it was not, or not answered."""
    found: str | None = connection.scalar(_VECTOR, _values(question))
    return found


def begin(connection: Connection, question: Question, expected_cost_usd: Decimal | None) -> int:
    """Notes that a question is asked, before it is: what it costs is unknown until there is an answer."""
    row = insert(search_question).values(**_values(question), expected_cost_usd=expected_cost_usd).returning(search_question.c.id)
    return int(connection.execute(row).scalar_one())


def answered(connection: Connection, question_id: int, vector: str | None, input_tokens: int | None, cost_usd: Decimal | None) -> None:
    """Keeps what a question was answered with."""
    query = text("""
    update caseforge.search_question set vector = :vector, input_tokens = :tokens, cost_usd = :cost, answered_at = now() where id = :id
    """)
    connection.execute(query, {"id": question_id, "vector": vector, "tokens": input_tokens, "cost": cost_usd})


def refused(connection: Connection, question_id: int, why: str) -> None:
    """Notes that a question was refused, and so cost nothing."""
    query = text("update caseforge.search_question set refused = :why, cost_usd = 0, answered_at = now() where id = :id")
    connection.execute(query, {"id": question_id, "why": why})


def spent_this_month(connection: Connection) -> Cost:
    """The costs of this month's questions at providers that bill; what is unknown is in the sum at what it was expected to be, and counted."""
    query = text(f"""
    select coalesce(sum(coalesce(q.cost_usd, q.expected_cost_usd)), 0), count(*) filter (where q.cost_usd is null)
    from caseforge.search_question q join caseforge.provider p on p.id = q.provider_id and {IS_BILLED}
    where q.asked_at >= date_trunc('month', now(), 'UTC')
    """)
    return Cost(*connection.execute(query).one())


def _values(question: Question) -> Mapping[str, object]:
    return {name: getattr(question, name) for name in ("provider_id", "model", "dimensions", "digest")}
