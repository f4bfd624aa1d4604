"""Reviews: use cases whose review date has come."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from caseforge_assets.commands.portfolios.view_portfolio import values_of
from caseforge_assets.stages.quality import RULES
from caseforge_assets.store.curating.described import count_reviews_due, reviews_due
from caseforge_assets.store.database import clock
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.wire.pages import Cursor, cursor_number, decode_cursor, encode_cursor

router = APIRouter(include_in_schema=False)
ORDER, AT_ONCE = "reviews due", 100


@router.get("/reviews")
def show_reviews(pages: PagesNow, caller: Reader, owner: Annotated[str, Query(max_length=200)] = "", cursor: Cursor = None) -> HTMLResponse:
    """Use cases that are to be looked at again, those that wait for longest first; of all owners or of one."""
    keys = decode_cursor(cursor, ORDER, 2)
    after = None if keys is None else (date.fromisoformat(str(keys[0])), cursor_number(keys[1]))
    seen = caller.seen_frameworks()
    frameworks = None if seen is None else sorted(seen)
    with pages.service.reading.connect() as connection:
        today = clock.now(connection).date()
        whose = owner.strip() or None
        rows = reviews_due(connection, today, frameworks, RULES, owner=whose, after=after, limit=AT_ONCE + 1)
        total = count_reviews_due(connection, today, frameworks, owner=whose)
    shown = [(row, values_of(pages.service.project, row)) for row in rows[:AT_ONCE]]
    last = rows[AT_ONCE - 1].use_case if len(rows) > AT_ONCE else None
    following = encode_cursor(ORDER, f"{last.decision.review_on}", last.id) if last else None
    values = {"rows": shown, "total": total, "owner": owner, "next": following, "first": cursor is not None, "today": today}
    return pages.answer("reviews.html.jinja", values, section="use-cases", keep=True)
