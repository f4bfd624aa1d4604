"""Tokens that end, such as those of Entra: from a command or a file, renewed before they end and when one is refused, and secret by their value."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caseforge_assets.batches.provider_objects import unix_seconds
from caseforge_assets.batches.results.response_body import as_object, as_text
from caseforge_assets.openai_batch.errors import ProviderStopped, ProviderUnclear
from caseforge_assets.redaction import know_secrets, redact

COMMAND_TIMEOUT_S = 60.0
UNKNOWN_LIFETIME_S = 300.0  # of a token that does not say when it ends
LEAST_PAUSE_S = 10.0  # between two looks for a token that may be the same still
MAX_CHARACTERS = 100_000
_TOKENS = ("accessToken", "access_token", "token")
_ENDS = ("expires_on", "expires_at")  # not expiresOn of az, which is in local time without a zone
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenOrigin:
    """The origin of tokens: a command that prints one, run in a folder, or a file that holds one.

    What is printed is the token itself, or JSON such as `az account get-access-token` prints.

    Attributes:
        lifetime_s: How long one lasts that does not say when it ends.
        renew_before_s: So long before its end there is a new one.
    """

    command: Sequence[str] = ()
    file: Path | None = None
    folder: Path | None = None
    lifetime_s: float | None = None
    renew_before_s: float = 300.0

    def __str__(self) -> str:
        return (
            f"the command of provider.token_command ({self.command[0]})"
            if self.command
            else f"the file of provider.token_file ({self.file})"
        )


@dataclass(frozen=True)
class _Token:
    value: str
    due: float
    ends: float
    modified_ns: int | None


class Tokens:
    """The token of one origin, for all threads of a process; each process has its own."""

    def __init__(self, origin: TokenOrigin, clock: Callable[[], float] = time.time) -> None:
        self._origin, self._clock = origin, clock
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def __str__(self) -> str:
        return str(self._origin)

    def current(self) -> str:
        """The token to be sent now.

        Raises:
            ProviderStopped: there is no such command or file, or what it gives is no token.
            ProviderUnclear: the command failed; it may be tried again later.
        """
        with self._lock:
            token = self._token
            if token is None or self._clock() >= token.due or token.modified_ns != self._modified_ns():
                token = self._token = self._obtained(token)
            return token.value

    def renewed(self, refused: str) -> str:
        """A token after one was refused: the one that another thread has got meanwhile, or a new one; the same where there is no other.

        Raises:
            ProviderError: as for `current`.
        """
        with self._lock:
            if self._token is None or self._token.value == refused:
                self._token = self._read()
            return self._token.value

    def _obtained(self, before: _Token | None) -> _Token:
        """A new token; where none can be had and the one before has not ended yet, that one for a while."""
        try:
            return self._read()
        except ProviderUnclear as error:
            if before is None or self._clock() >= before.ends:
                raise
            log.warning("%s; the token that is there is used as long as it lasts", error)
            return replace(before, due=self._clock() + LEAST_PAUSE_S)

    def _read(self) -> _Token:
        modified_ns, now = self._modified_ns(), self._clock()
        value, ends = _parsed(self._text(), str(self._origin))
        know_secrets({value})
        lasts = (ends - now) if ends is not None else self._origin.lifetime_s or UNKNOWN_LIFETIME_S
        margin = min(self._origin.renew_before_s, lasts / 2)
        due = now + max(lasts - margin, 0.0 if lasts > 0 else LEAST_PAUSE_S)  # one that has ended already is judged by the provider
        return _Token(value, due, now + lasts, modified_ns)

    def _modified_ns(self) -> int | None:
        try:
            return None if self._origin.file is None else self._origin.file.stat().st_mtime_ns
        except OSError:
            return None

    def _text(self) -> str:
        try:
            if self._origin.file is not None:
                return self._origin.file.read_text(encoding="utf-8-sig")[:MAX_CHARACTERS]
            done = subprocess.run(
                self._origin.command,
                cwd=self._origin.folder,
                capture_output=True,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise ProviderUnclear(f"{self._origin} gave no token within {COMMAND_TIMEOUT_S:.0f} s") from error
        except (OSError, ValueError) as error:
            raise ProviderStopped(f"{self._origin} cannot be used: {redact(str(error))}") from error
        if done.returncode:
            said = redact(" ".join(done.stderr.decode(errors="replace").split()))[:300]
            raise ProviderUnclear(f"{self._origin} failed with exit code {done.returncode}: {said or 'it said nothing'}")
        return done.stdout.decode(errors="replace")[:MAX_CHARACTERS]


def _parsed(text: str, origin: str) -> tuple[str, float | None]:
    """A token and when it ends, in Unix seconds, as far as it says.

    Raises:
        ProviderStopped: there is none in it.
    """
    plain = text.strip()
    stated: Mapping[str, object] = {}
    if plain.startswith(("{", '"')):
        try:
            found = json.loads(plain)
        except ValueError:
            found = None
        stated = as_object(found)
        named = (as_text(stated.get(name)) for name in _TOKENS)
        plain = found if isinstance(found, str) else next((text for text in named if text), "")
    if not plain or any(character.isspace() for character in plain) or not plain.isascii():
        raise ProviderStopped(f"{origin} gives no token: one line with nothing else in it is wanted, or JSON with accessToken")
    ends = next((seconds for name in _ENDS if (seconds := unix_seconds(stated.get(name))) is not None), None)
    return plain, float(ends) if ends is not None else _end_of_jwt(plain)


def _end_of_jwt(token: str) -> float | None:
    """Says when a JSON Web Token ends (RFC 7519, claim exp); None for other tokens."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return unix_seconds(as_object(claims).get("exp"))
