"""Pages from templates: layout, navigation, filters, and a policy under which nothing but our own files is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.costs.sums import usd
from caseforge_assets.safe_text import plain_text
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.searching.matching import LONGEST_QUERY
from caseforge_assets.web.access.callers import CallerNow, ServiceNow
from caseforge_assets.web.keeping.etags import KEEP
from caseforge_assets.web.keeping.looks import SEEN, Seen
from caseforge_assets.web.portal.shared.markdown import render_markdown
from caseforge_assets.web.portal.shared.once import SentForm, led_before, new_guard, once, once_apart, sent_form
from caseforge_assets.web.portal.shared.static import static_address
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.money import CostSum, Money
from caseforge_assets.wording import counted

FOLDER = Path(__file__).parents[1] / "templates"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "private, no-cache"}


class Pages:
    """The request, the service and the recognized caller of a page, with what all pages need of them."""

    def __init__(self, request: Request, service: Service, caller: Caller, form: SentForm | None = None) -> None:
        """Takes what every page shows something of, and the form that is sent."""
        self.request, self.service, self.caller, self.form = request, service, caller, form

    @property
    def store(self) -> Engine:
        """The store, to change something in."""
        return self.service.store

    def once(self, act: Callable[[Connection], str], *, journaled: bool = False) -> RedirectResponse:
        """Does what the form asks for, once however often it is sent, and leads on.

        Args:
            act: does everything in the transaction that it is given, and returns the address to go on at.
            journaled: what people wrote or decided: it outlasts the database from now on.
        """
        answer = once(self, self.form, act)
        if journaled:
            self.service.keep()
        return answer

    def once_apart(self, act: Callable[[Connection], str]) -> RedirectResponse:
        """The same for what has transactions of its own, and does no harm when a kill has it done again."""
        return once_apart(self, self.form, act)

    def led_before(self) -> RedirectResponse | None:
        """Leads to where the form led that was sent before; None: it is sent for the first time."""
        return led_before(self, self.form)

    def answer(self, template: str, values: Mapping[str, Any], *, section: str = "", status: int = 200, keep: bool = False) -> HTMLResponse:
        """A page.

        Args:
            template: name of its file, such as `home.html.jinja`.
            section: what of the navigation it belongs to, such as `use-cases`.
            keep: it is the same as long as nothing changes in the store, nobody's rights change, and the day is the same.
        """
        page = HTMLResponse(self.render(template, values, section=section), status, dict(HEADERS))
        if keep:
            self._keep(page)
        return page

    def stage_title(self, key: str) -> str:
        """Gives a stage's title; a key that is no stage of the project, such as `search`, is given back."""
        return next((stage.title for stage in self.service.project.stages if stage.key == key), key)

    def _keep(self, page: HTMLResponse) -> None:
        """Has a page given again to the same browser, unless lists are being caught up with. Its tag is made from all of it, also from what only this session is shown."""
        seen: Seen | None = self.request.scope.get("state", {}).get(SEEN)
        if seen is not None and seen.state.holds:
            tag = f'W/"{hashlib.sha256(page.body).hexdigest()[:32]}"'
            page.headers["ETag"], page.headers["Vary"] = tag, "Authorization, Cookie"
            self.request.scope["state"][KEEP] = tag

    def render(self, template: str, values: Mapping[str, Any], *, section: str = "") -> str:
        """The same as a text."""
        of_all = {
            "caller": self.caller,
            "Role": Role,
            "section": section,
            "address": self.request.url,
            "guard": new_guard(getattr(self.request.state, "csrf_token", "")),
            "local": self.service.local_user is not None,
            "stage_title": self.stage_title,
        }
        return templates().get_template(template).render({**of_all, **values})


async def _pages(request: Request, service: ServiceNow, caller: CallerNow) -> Pages:
    return Pages(request, service, caller, await sent_form(request))


PagesNow = Annotated[Pages, Depends(_pages)]


@cache
def templates() -> Environment:
    """The templates with their filters. Every value is shown as text: no markup, no character that steers or hides."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    environment.filters |= {
        "when": when,
        "day": day,
        "money": money,
        "duration": duration,
        "number": number,
        "percent": percent,
        "markdown": render_markdown,
        "counted": counted,
        "query": query,
    }
    environment.globals |= {"static": static_address, "longest_query": LONGEST_QUERY}
    return environment


def read_templates() -> None:
    """Reads all templates, which takes a tenth of a second for the larger ones and would be waited for by whoever opens the first page of a kind."""
    for name in templates().list_templates():
        templates().get_template(name)


def template_module(name: str) -> Any:
    """The macros of a template, to render a part of a page by itself."""
    return templates().get_template(name).module


def _shown(value: object) -> object:
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def when(time: datetime | None) -> str | Markup:
    """A time to the minute, in UTC."""
    if time is None:
        return "–"
    utc = time.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M} UTC")


def day(time: date | None) -> str:
    """A day; a dash where there is none."""
    return "–" if time is None else f"{time:%Y-%m-%d}"


def money(amount: Decimal | Money | CostSum | None) -> str:
    """An amount in USD; "unknown" where it is not known. A sum says what it lacks."""
    if isinstance(amount, CostSum):
        known = usd(Decimal(amount.known.amount))
        return f"{known} and {counted(amount.unknown, 'unknown cost')}" if amount.unknown else known
    return usd(Decimal(amount.amount) if isinstance(amount, Money) else amount)


def duration(seconds: float | None) -> str:
    """A time span as people say it, such as `3 h 20 min`; a dash where it is not known."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def number(value: float | Decimal | None) -> str:
    """A number with its thousands apart; a dash where it was not measured."""
    return "–" if value is None else f"{value:,}"


def percent(part: float | None, whole: float | None) -> str:
    """A share in whole percent, never 100 % where something is left, nor 0 % where there is something."""
    if not whole or part is None:
        return "–"
    share = round(100 * part / whole)
    return f"{min(max(share, 1 if part else 0), 99 if part < whole else 100)} %"


def query(values: Mapping[str, Any], **changed: Any) -> str:
    """Gives what stands behind the question mark of an address: values with some changed; empty ones and None are left out, lists are repeated."""
    kept = {name: value for name, value in {**values, **changed}.items() if value not in (None, "", [], ())}
    return f"?{urlencode(kept, doseq=True)}" if kept else "?"
