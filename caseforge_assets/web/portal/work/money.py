"""Pages of costs and answers: sums, what is left of budgets, and a chart of the last days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import BeforeValidator, Field

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.money.sum_budgets import Left, all_budgets_left
from caseforge_assets.commands.money.sum_costs import sum_costs
from caseforge_assets.commands.reporting.summarize_run import summarize_since
from caseforge_assets.costs.sums import total
from caseforge_assets.reports.trends import DayFigures
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import known_keys
from caseforge_assets.web.access.callers import Reader, see_framework
from caseforge_assets.web.portal.shared.charts import Bar, bar_chart
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.wording import counted

router = APIRouter(include_in_schema=False)
Framework = Annotated[str | None, Query(max_length=40)]
LONGEST_DAYS = 3_650
# A form sends an empty value where all time is chosen.
Days = Annotated[Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None, BeforeValidator(lambda days: days or None), Query()]


def frameworks_to_choose(connection: Connection, caller: Caller) -> list[str]:
    """Keys of the frameworks that a caller sees, sorted."""
    seen = caller.seen_frameworks()
    return [key for key in sorted(known_keys(connection)) if seen is None or key in seen]


def framework_meant(connection: Connection, caller: Caller, framework: str | None) -> str | None:
    """The framework that a page is about; None: all. Who doesn't see all of them is shown one after the other.

    Raises:
        LookupError: the caller sees none, or not this one.
    """
    if framework:
        see_framework(caller, framework)
        return framework
    if caller.seen_frameworks() is None:
        return None
    keys = frameworks_to_choose(connection, caller)
    if not keys:
        raise LookupError("there is no framework that you may see")
    return keys[0]


@router.get("/money")
def show_money(
    pages: PagesNow,
    caller: Reader,
    by: Literal["stage", "model", "day", "branch", "framework", "outcome"] = "stage",
    framework: Framework = None,
    days: Days = None,
) -> HTMLResponse:
    """Costs by what is asked for, and what is left of the budgets."""
    start = None if days is None else datetime.now(UTC) - timedelta(days=days)
    with pages.service.reading.connect() as connection:
        key = framework_meant(connection, caller, framework)
        keys = frameworks_to_choose(connection, caller)
        says = ""
        if by == "branch" and key is None:
            says = "Branches are those of one framework: choose one."
        rows = [] if says else sum_costs(connection, by, key, start)
        left = _budgets(connection, pages, caller)
    kinds = dict.fromkeys(row.kind for row in rows)
    together = {kind: total(row.cost for row in rows if row.kind == kind) for kind in kinds}
    values = {"rows": rows, "together": together, "by": by, "key": key, "keys": keys, "days": days, "left": left, "says": says}
    return pages.answer("money.html.jinja", values, section="runs", keep=days is None)


def _budgets(connection: Connection, pages: Pages, caller: Caller) -> dict[str, Left]:
    """Gives what is left of budgets of frameworks that the caller sees; that of all is for those who see all."""
    seen = caller.seen_frameworks()
    return {name: left for name, left in all_budgets_left(connection, pages.service.project).items() if seen is None or name in seen}


@router.get("/report")
def show_report(
    pages: PagesNow, caller: Reader, framework: Framework = None, days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = 14
) -> HTMLResponse:
    """Show what came back lately, day by day, and what went wrong most often."""
    with pages.service.reading.connect() as connection:
        key = framework_meant(connection, caller, framework)
        keys = frameworks_to_choose(connection, caller)
        trend = summarize_since(connection, datetime.now(UTC), timedelta(days=days), key)
    answers, costs = _answers(trend.periods), _costs(trend.periods)
    charts = [
        ("Answers", bar_chart("Answers by day or week", answers), "without content" if any(bar.second for bar in answers) else ""),
        (
            "Cost in USD",
            bar_chart("Known cost by day or week, in USD", costs),
            "simulated, never paid for" if any(bar.second for bar in costs) else "",
        ),
    ]
    values = {"trend": trend, "charts": charts, "key": key, "keys": keys, "days": days}
    return pages.answer("report.html.jinja", values, section="runs")


def _answers(periods: Sequence[DayFigures]) -> list[Bar]:
    bars = []
    for day in sorted({row.day for row in periods}):
        of_day = [row for row in periods if row.day == day]
        attempts, good = sum(row.attempts for row in of_day), sum(row.good for row in of_day)
        bars.append(Bar(f"{day:%m-%d}", attempts, attempts - good, f"{counted(attempts, 'answer')}, {good:,} of them good"))
    return bars


def _costs(periods: Sequence[DayFigures]) -> list[Bar]:
    bars = []
    for day in sorted({row.day for row in periods}):
        of_day = [row for row in periods if row.day == day]
        known = float(sum(row.cost.known_usd for row in of_day))
        simulated = float(sum(row.cost.known_usd for row in of_day if row.kind == "simulated"))
        unknown = sum(row.cost.unknown for row in of_day)
        says = (
            f"${known:,.2f}" + (f", ${simulated:,.2f} of it simulated" if simulated else "") + (f"; {unknown} unknown" if unknown else "")
        )
        bars.append(Bar(f"{day:%m-%d}", known, simulated, says))
    return bars
