"""Tells cheaply whether anything that people read has changed: by the marks that triggers make for the journal in the transaction of each change."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

# Who signs in and what listeners are told changes nothing of what was made.
OTHER_MATTERS = (
    *("account", "account_role", "api_token", "audit_entry"),
    *("event", "idempotent_call", "webhook", "webhook_delivery", "webhook_message", "work_wish"),
)
DECISIONS = ("use_case", "use_case_comment", "portfolio", "portfolio_entry")  # what people make of use cases

# Between two segments of the journal marks are only added, so that each committed change makes another count; a segment takes marks away and adds itself.
SO_FAR = """
select concat_ws('-', m.last, m.count, s.said) as changes, concat_ws('-', m.last_made, m.count_made, s.said) as made
from (select coalesce(max(id), 0) as last, count(*) as count,
             coalesce(max(id) filter (where table_name <> all(:decisions)), 0) as last_made, count(*) filter (where table_name <> all(:decisions)) as count_made
      from caseforge.journal_mark where table_name <> all(:others)) m,
     (select concat_ws('-', count(*), extract(epoch from max(written_at))) as said from caseforge.journal_segment) s
"""
SO_FAR_VALUES = {"others": list(OTHER_MATTERS), "decisions": list(DECISIONS)}


@dataclass(frozen=True, slots=True)
class Changes:
    """The store's state as two texts, each of which is another one after any change of what it covers.

    Attributes:
        all: Of frameworks, requests, answers, contents, or of what people make of use cases; the same text means that all is as it was.
        made: Of all this but decisions, comments and portfolios; for figures and texts of what was made.
    """

    all: str
    made: str


def changes_so_far(connection: Connection) -> Changes:
    """Says how far the store is now."""
    return Changes(*connection.execute(text(SO_FAR), SO_FAR_VALUES).one())
