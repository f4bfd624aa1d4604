"""The door to people: messages by mail, chat or webhook, through apprise. Its addresses are secrets and never leave this module.

An address is one of apprise's URLs (https://github.com/caronc/apprise/wiki): mailtos://user:password@host?to=…, slack://…,
msteams://…, json://… for a webhook of one's own, and a hundred more.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from threading import Lock
from urllib.parse import unquote

from caseforge_assets.redaction import MASK, know_secrets, redact
from caseforge_assets.safe_text import message_text
from caseforge_assets.settings import Settings
from caseforge_assets.settings.secrets import ALERTS, secrets_in

LONGEST_PROBLEM = 300
_SHORTEST_SECRET = 3
_ONE_AT_A_TIME = Lock()  # apprise's log is read for why a message failed


@dataclass(frozen=True)
class Address:
    """An address that messages go to. `name` is its scheme and a short hash, for people and for the database; `url` is secret."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"Address({self.name})"


class UnknownAddress(ValueError):
    """An address that no message can be sent to; the text does not show it."""


def read_address(url: str) -> Address:
    """An address by its URL, which may be one that apprise does not know; sending says so."""
    know_secrets(secrets_in({ALERTS: url}))
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+]{0,19})://", url)
    return Address(f"{scheme[1].lower() if scheme else 'unreadable'}-{hashlib.sha256(url.encode()).hexdigest()[:8]}", url)


def addresses_of(settings: Settings) -> tuple[Address, ...]:
    """The addresses that the environment names, each once."""
    return tuple(read_address(url) for url in dict.fromkeys(url.get_secret_value() for url in settings.alert_urls))


def check_address(address: Address) -> None:
    """Refuses an address of a kind that apprise does not know; nothing is sent.

    Raises:
        UnknownAddress: it does not.
    """
    import apprise  # not at the top: it takes a quarter of a second, and most commands have nothing to say

    with _ONE_AT_A_TIME, _Overheard():
        known = apprise.Apprise.instantiate(address.url, suppress_exceptions=True) is not None
    if not known:
        raise UnknownAddress(
            f"{address.name} is no address that a message can be sent to. Correct it in CASEFORGE_ALERT_URLS (addresses stand "
            "between spaces; those of apprise: mailtos://user:password@host?to=…, slack://…, msteams://…, json://host/path)"
        )


def send(address: Address, title: str, body: str) -> str:
    """Sends one message of plain text.

    Returns:
        Why it did not arrive, without any part of the address; empty when it was accepted.
    """
    try:
        check_address(address)
    except UnknownAddress as error:
        return str(error)
    import apprise

    with _ONE_AT_A_TIME, _Overheard() as heard:
        try:
            target = apprise.Apprise(asset=apprise.AppriseAsset(app_id="CaseForge", app_desc="CaseForge", app_url="", secure_logging=True))
            target.add(address.url)
            if target.notify(title=message_text(redact(title)), body=message_text(redact(body)), body_format=apprise.NotifyFormat.TEXT):
                return ""
            problem = "; ".join(dict.fromkeys(heard.texts)) or "it was refused without a reason"
        except Exception as error:  # noqa: BLE001 - a hundred services, each with errors of its own; none may stop the work
            problem = f"{type(error).__name__}: {error}"
    return _without_secrets(problem, address.url)[:LONGEST_PROBLEM]


class _Overheard:
    """Takes the logs of apprise and of what it calls away from everybody else for a moment, because they show addresses; keeps warnings."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._logs = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
        self._handler = _Keeping(self.texts)

    def __enter__(self) -> _Overheard:
        self._before = [(log, log.level, log.propagate) for log in self._logs]
        for log in self._logs:
            log.setLevel(logging.WARNING)
            log.propagate = False
        self._logs[0].addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        self._logs[0].removeHandler(self._handler)
        for log, level, propagate in self._before:
            log.setLevel(level)
            log.propagate = propagate


class _Keeping(logging.Handler):
    def __init__(self, texts: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(record.getMessage())


def _without_secrets(text: str, url: str) -> str:
    """Every part of an address may be a secret: in slack:// the place of the host is a token."""
    parts = {part for piece in re.split(r"[/:@?&=,;\s]+", url.partition("://")[2]) for part in (piece, unquote(piece))}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, MASK)
    return redact(" ".join(text.split()))
