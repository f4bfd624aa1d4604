"""The secret of the service, from which others are derived: what signs webhooks, what protects forms. It is in the environment or in a file, never in the database."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from caseforge_assets.redaction import know_secrets
from caseforge_assets.settings.configuration import ConfigurationError
from caseforge_assets.settings.project import Settings

FILE_NAME = "service.key"
SHORTEST = 32
VARIABLE = "CASEFORGE_SERVICE_SECRET"


@dataclass(frozen=True)
class ServiceSecret:
    """A secret that is itself used for nothing but deriving others.

    Attributes:
        place: Where it is from, in words: a variable, or a file.
    """

    _value: str = field(repr=False)
    place: str = VARIABLE

    def derive(self, purpose: str) -> bytes:
        """The 256 bits for a purpose: always the same ones, from which those for another purpose cannot be found."""
        return hmac.digest(self._value.encode(), f"caseforge {purpose}".encode(), hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """By which it is known again; from it, neither the secret nor any that was derived can be found."""
        return self.derive("fingerprint").hex()[:32]


def find_service_secret(settings: Settings) -> ServiceSecret:
    """The service's secret: as the environment says, or from a file in the project's home, which is made once.

    Raises:
        ConfigurationError: it is too short to be one, or the file cannot be written or read.
    """
    if settings.service_secret is not None:
        value, place = settings.service_secret.get_secret_value(), VARIABLE
    else:
        value, place = _read_or_make(settings.home / FILE_NAME), str(settings.home / FILE_NAME)
    if len(value) < SHORTEST:
        raise ConfigurationError(
            f"{place} holds {len(value)} characters, which is too short for a secret: it has to have {SHORTEST} random ones or more, such as "
            'python -c "import secrets; print(secrets.token_urlsafe(32))" prints'
        )
    know_secrets([value])
    return ServiceSecret(value, place)


def _read_or_make(path: Path) -> str:
    """Of several processes that make it at once, one wins, and all read the same."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{path}: cannot be written or read: {error}. {VARIABLE} in the environment stands for it") from error


def _make(path: Path) -> None:
    """Appears as a whole, or not at all; only its owner may read it."""
    with NamedTemporaryFile("w", encoding="ascii", dir=path.parent, prefix=f"{FILE_NAME}.") as made:  # made with mode 0600
        made.write(secrets.token_urlsafe(32) + "\n")
        made.flush()
        os.fsync(made.fileno())
        try:
            path.hardlink_to(made.name)
        except FileExistsError:
            return
