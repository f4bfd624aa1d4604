"""Forms that come twice: by a double click, a reload, the back button, or from a second tab. What one asks for is done once, and each time leads to the same place.

A page gives its forms a number that no other rendering of it has; the number, the address and what is written make a form that was sent already known again. What was done
and where it led are one transaction, as for programs that send an Idempotency-Key (`wire.idempotency`). A form that was refused may be sent again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fastapi import Request
from fastapi.responses import RedirectResponse

from caseforge_assets.store.serving import idempotent_calls
from caseforge_assets.web.access.cookies import FIELD as TOKEN

if TYPE_CHECKING:
    from caseforge_assets.access.roles import Caller
    from caseforge_assets.store.database.engine import Connection, Engine

NUMBER = "once"
SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Guard:
    """The hidden fields of a page's forms: the token against forged ones, and the number by which one that is sent twice is known."""

    token: str
    number: str


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form as it came: where it was sent to, and a digest of that, its number and all that is written in it."""

    call: str
    digest: str


class Sender(Protocol):
    """The caller and the store that a form is answered with, such as `Pages`."""

    @property
    def caller(self) -> Caller: ...  # noqa: D102

    @property
    def store(self) -> Engine: ...  # noqa: D102


def new_guard(token: str) -> Guard:
    """The hidden fields for one rendering of a page."""
    return Guard(token, secrets.token_urlsafe(9))


async def sent_form(request: Request) -> SentForm | None:
    """The form that a request sends; None: it sends none, or one without a number, which is done each time."""
    if request.method != "POST":
        return None
    form = await request.form()
    if not form.get(NUMBER):
        return None
    call = f"{request.method} {request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
    said = [(name, value if isinstance(value, str) else value.filename) for name, value in form.multi_items() if name != TOKEN]
    return SentForm(call, hashlib.sha256(json.dumps([call, said]).encode()).hexdigest())


def once(sender: Sender, form: SentForm | None, act: Callable[[Connection], str]) -> RedirectResponse:
    """Does what a form asks for and leads on, or leads to where it led before.

    Args:
        act: does everything in the transaction that it is given, and returns the address to go on at.
    """
    with sender.store.begin() as connection:
        to = _led_to(connection, sender, form)
        if to is None:
            to = act(connection)
            _note(connection, sender, form, to)
    return RedirectResponse(to, SEE_OTHER)


def once_apart(sender: Sender, form: SentForm | None, act: Callable[[Connection], str]) -> RedirectResponse:
    """The same for what has transactions of its own, which come before that of the note: killed between these, it is done again, so doing it twice must do no harm.

    The form is locked meanwhile, so that one that comes a second time waits instead of finding the first one at work.

    Args:
        act: does it in transactions of its own, and in the one that it is given what may hold only when all is done.
    """
    return once(sender, form, act)


def led_before(sender: Sender, form: SentForm | None) -> RedirectResponse | None:
    """Leads to where a form led that was sent before, for what looks at more than the form before it acts; None: it is sent for the first time."""
    if form is None:
        return None
    with sender.store.begin() as connection:
        to = _led_to(connection, sender, form)
    return None if to is None else RedirectResponse(to, SEE_OTHER)


def _led_to(connection: Connection, sender: Sender, form: SentForm | None) -> str | None:
    """Gives where a form led that was sent before; one that is being answered now is waited for."""
    if form is None:
        return None
    before = idempotent_calls.find_answered(connection, sender.caller.name, _key(form))
    return None if before is None else str(before.answer["location"])


def _note(connection: Connection, sender: Sender, form: SentForm | None, to: str) -> None:
    if form is not None:
        name = sender.caller.name
        idempotent_calls.keep_answer(connection, name, _key(form), form.call, form.digest, SEE_OTHER, {"location": to})


def _key(form: SentForm) -> str:
    return f"form {form.digest}"  # programs' keys have no space
