"""Portfolios: named collections of use cases, somebody's own or shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """A portfolio; `entries` is how many there are, whoever may see them."""

    id: int
    name: str
    description: str
    owner: str
    is_shared: bool
    revision: int
    created_at: datetime
    changed_at: datetime
    entries: int


def subject_of_portfolio(portfolio_id: int) -> str:
    """Gives what the audit log and events call a portfolio."""
    return f"portfolio {portfolio_id}"


_ROW = """
select p.id, p.name, p.description, p.owner, p.is_shared, p.revision, p.created_at, p.changed_at,
       (select count(*) from caseforge.portfolio_entry e where e.portfolio_id = p.id)
from caseforge.portfolio p where p.removed_at is null
"""


def portfolio(connection: Connection, portfolio_id: int) -> PortfolioRow | None:
    """A portfolio that is there; None: there is none of this number, or it was removed."""
    row = connection.execute(text(f"{_ROW} and p.id = :id"), {"id": portfolio_id}).one_or_none()
    return None if row is None else PortfolioRow(*row)


def lock_portfolio(connection: Connection, portfolio_id: int) -> None:
    """Holds a portfolio until the transaction ends, so that of two who change it at once the second sees what the first has made of it."""
    connection.execute(text("select id from caseforge.portfolio where id = :id for update"), {"id": portfolio_id})


_PAGE = text(f"""
{_ROW} and (:everybodys or p.owner = :owner or p.is_shared) and (cast(:after_name as text) is null or (p.name, p.id) > (:after_name, :after_id))
order by p.name, p.id limit :limit
""")


def portfolios_seen(
    connection: Connection, owner: str, *, everybodys: bool = False, after: tuple[str, int] | None = None, limit: int | None = None
) -> list[PortfolioRow]:
    """Somebody's own portfolios and shared ones, by name.

    Args:
        everybodys: private ones of others, too.
        after: name and number of the last one that is known already.
    """
    after_name, after_id = after or (None, 0)
    values = {"owner": owner, "everybodys": everybodys, "after_name": after_name, "after_id": after_id, "limit": limit}
    return [PortfolioRow(*row) for row in connection.execute(_PAGE, values)]


def make(connection: Connection, name: str, description: str, owner: str, *, is_shared: bool) -> int | None:
    """Makes one and returns its number; None: the owner has one of this name."""
    query = text("""
    insert into caseforge.portfolio (name, description, owner, is_shared) values (:name, :description, :owner, :is_shared)
    on conflict (owner, name) where removed_at is null do nothing returning id
    """)
    values = {"name": name, "description": description, "owner": owner, "is_shared": is_shared}
    found: int | None = connection.scalar(query, values)
    return found


def is_name_taken(connection: Connection, owner: str, name: str, portfolio_id: int) -> bool:
    """Tells whether somebody has another portfolio of this name."""
    query = text(
        "select exists (select 1 from caseforge.portfolio where owner = :owner and name = :name and id <> :id and removed_at is null)"
    )
    return bool(connection.scalar(query, {"owner": owner, "name": name, "id": portfolio_id}))


def change(connection: Connection, portfolio_id: int, name: str, description: str, *, is_shared: bool) -> None:
    """Gives it another name or description, or shares it or not."""
    query = text("update caseforge.portfolio set name = :name, description = :description, is_shared = :is_shared where id = :id")
    connection.execute(query, {"id": portfolio_id, "name": name, "description": description, "is_shared": is_shared})


def raise_revision(connection: Connection, portfolio_id: int) -> None:
    """Says that something of it was changed."""
    query = text("update caseforge.portfolio set revision = revision + 1, changed_at = clock_timestamp() where id = :id")
    connection.execute(query, {"id": portfolio_id})


def remove(connection: Connection, portfolio_id: int) -> None:
    """Takes it away; its row and entries stay for the audit log."""
    connection.execute(text("update caseforge.portfolio set removed_at = now() where id = :id"), {"id": portfolio_id})
