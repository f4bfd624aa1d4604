"""Tells cheaply whether anything that people read has changed: by the marks that triggers make for the journal in the transaction of each change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

# Who signs in and what listeners are told changes nothing of what was made.
OTHER_MATTERS = (
    *("account", "account_role", "api_token", "audit_entry"),
    *("event", "idempotent_call", "webhook", "webhook_delivery", "webhook_message", "work_wish"),
)
DECISIONS = ("use_case", "use_case_comment", "portfolio", "portfolio_entry")  # what people make of use cases

# Between two segments of the journal marks are only added, so that each committed change makes another count; a segment takes marks away and adds itself.
SO_FAR = """
select concat_ws('-', coalesce(max(m.id), 0), count(m.id),
                 (select concat_ws('-', count(*), extract(epoch from max(written_at))) from caseforge.journal_segment)) as changes
from caseforge.journal_mark m where m.table_name <> all(:others)
"""


def changes_so_far(connection: Connection, besides: Sequence[str] = ()) -> str:
    """A text that is another one after each change of frameworks, requests, answers or contents; the same text means that all is as it was.

    Args:
        besides: tables that do not count, such as `DECISIONS` for figures of what was made.
    """
    return str(connection.scalar(text(SO_FAR), {"others": [*OTHER_MATTERS, *besides]}))
