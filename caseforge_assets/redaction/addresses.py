"""Addresses as they may be stored and shown: without user information, and without secrets in their queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from caseforge_assets.redaction.masks import MASK, redact

_SECRET_FIELD = re.compile(r"(?i)key|token|secret|pass|pwd|sig|code|auth|credential")
# What of a database's address may be shown; https://www.postgresql.org/docs/16/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_HARMLESS = frozenset(
    [
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "sslmode",
        "connect_timeout",
        "application_name",
        "client_encoding",
        "target_session_attrs",
        "options",
    ]
)


def without_login(url: str) -> str:
    """An address without its user information; values of its query that may be secret are masked."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return redact(url)
    place, question, query = _after_login(rest).partition("?")
    return f"{scheme}://{place}{question}{_shown_query(query)}"


def login_of(url: str) -> tuple[str, str] | None:
    """User and password of an address as they are written; None where it has none."""
    rest = url.partition("://")[2]
    after = _after_login(rest)
    if after == rest:
        return None
    user, _, password = rest[: len(rest) - len(after) - 1].partition(":")
    return user, password


def query_of(url: str) -> Iterator[tuple[str, str]]:
    """Name and value (as it is written) of what stands behind the question mark of an address."""
    for part in re.split(r"[&;]", url.partition("?")[2].partition("#")[0]):
        name, separator, value = part.partition("=")
        if separator:
            yield unquote(name), value


def is_secret_field(name: str) -> bool:
    """Tells whether the value of a field with this name may be secret."""
    return bool(_SECRET_FIELD.search(name))


def shown_database(url: str) -> str:
    """A database's address with its password masked; what is no URL is not shown at all, because any part of it may be secret."""
    scheme, separator, rest = url.partition("://")
    if not separator or not re.fullmatch(r"[a-z0-9+]+", scheme):
        return "(set; not shown, because it does not begin with postgresql://)"
    after, login = _after_login(rest), login_of(url)
    place, question, query = after.partition("?")
    user = "" if login is None else re.split(r"(?i)%3a", login[0])[0]
    hidden = f":{MASK}" if login and (login[1] or user != login[0]) else ""
    shown = "&".join(_shown_pair(pair, harmless=True) for pair in query.split("&"))
    return f"{scheme}://{user}{hidden}{'@' if login else ''}{place}{question}{shown}"


def _after_login(rest: str) -> str:
    """Gives what follows the user information: it ends at the last @ before the query, because people write / and @ into passwords as they are.

    An @ in the path alone, behind a host with or without a port, ends none.
    """
    before_query = rest.partition("?")[0]
    authority = before_query.partition("/")[0]
    _, colon, after_colon = authority.rpartition("]")[2].rpartition(":")  # an IPv6 address stands in brackets
    port = after_colon if colon else ""
    if "@" not in before_query or ("@" not in authority and (not port or port.isdecimal())):
        return rest if "@" not in rest.partition("/")[0] else rest.rpartition("@")[2]
    return rest[before_query.rindex("@") + 1 :]


def _shown_query(query: str) -> str:
    return "&".join(_shown_pair(pair, harmless=False) for pair in query.split("&"))


def _shown_pair(pair: str, *, harmless: bool) -> str:
    name, separator, _ = pair.partition("=")
    plain = unquote(name).lower()
    secret = plain not in _HARMLESS if harmless else is_secret_field(plain)
    return f"{name}={MASK}" if separator and secret else pair
