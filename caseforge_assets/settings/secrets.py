"""Finds what of the environment is secret: the one place that says so. Every text that leaves the process has these values masked.

Named so are: the key of the provider, whatever a variable calls a key, token, secret or password, the login in any variable that holds an address, and
what is secret in the addresses of alerts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, unquote_plus

from caseforge_assets.redaction.addresses import is_secret_field, login_of, query_of

ALERTS, DATABASE = "CASEFORGE_ALERT_URLS", "CASEFORGE_POSTGRES_URL"
_SECRET_VARIABLE = re.compile(r"(?i)(?:^|_)(?:(?:api|access|private|secret)?key|token|secret|password|passwd|passphrase|pass)(?:_?\d+)?$")
# password=… of libpq, with or without quotes: https://www.postgresql.org/docs/16/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
_KEYWORD = re.compile(r"(?i)\b(?:ssl)?password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s'\"&]+))")
_SHORTEST_PART = 8


def secrets_in(variables: Mapping[str, str]) -> set[str]:
    """The secret values among variables, as they are written and as they are meant."""
    found: set[str] = set()
    for name, value in variables.items():
        if _SECRET_VARIABLE.search(name) and not value.startswith(("/", "~", "./")):  # that is where a file is
            found.add(value)
        if name == ALERTS:
            found |= {part for url in value.split() for part in _alert_secrets(url)}
        elif "://" in value:
            found |= set(_address_secrets(value))
        if name == DATABASE:
            found |= set(_keyword_passwords(value))
    return {form for value in found for form in (value, unquote(value), unquote_plus(value)) if form}


def _address_secrets(url: str) -> Iterator[str]:
    """A password; the user's name as well where it may be a token, which it is never in a database's address."""
    if login := login_of(url):
        user, password = login
        yield password
        if url.lower().startswith(("http://", "https://")):
            yield user
        elif not password:  # the colon itself may be escaped
            yield re.split(r"(?i)%3a", user, maxsplit=1)[-1] if "%3a" in user.lower() else ""
    standard = url.partition("://")[2].partition("/")[0].rpartition("@")[0].partition(":")[2]
    yield standard  # where people and the standard differ about what the password is, either is masked
    for name, value in query_of(url):
        if is_secret_field(name):
            yield value


def _keyword_passwords(text: str) -> Iterator[str]:
    for quoted, plain in _KEYWORD.findall(text):
        yield re.sub(r"\\(.)", r"\1", quoted) if quoted else plain


def _alert_secrets(url: str) -> Iterator[str]:
    """An address of apprise: in many kinds of them the host and each part of the path is a token, in others it is a name that people know."""
    yield url
    yield from _address_secrets(url)
    for part in re.split(r"[/:@?&=,;]+", url.partition("://")[2]):
        if len(part) >= _SHORTEST_PART and not re.fullmatch(r"[a-z]+|\d{1,5}|[\w-]+(?:\.[\w-]+)+|#.*|.*%40.*", part):
            yield part
