"""The service's secret, compared with the one that all services of a database have: with two of them, forms and signatures of one do not fit the other."""

from __future__ import annotations

import socket
from datetime import UTC

from caseforge_assets.settings import ConfigurationError, Settings
from caseforge_assets.settings.service_secret import ServiceSecret, find_service_secret
from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import known_secrets


def find_known_secret(store: Engine, settings: Settings) -> ServiceSecret:
    """The service's secret, see `find_service_secret`; whoever asks for one first says which one the database knows.

    Raises:
        ConfigurationError: it cannot be had, or the database knows another one.
    """
    secret = find_service_secret(settings)
    refuse_other_secret(store, secret)
    return secret


def refuse_other_secret(store: Engine, secret: ServiceSecret) -> None:
    """Looks whether it is the secret that the database knows.

    Raises:
        ConfigurationError: it is another one.
    """
    with store.begin() as connection:
        known = known_secrets.known_or_this(connection, secret.fingerprint, socket.gethostname())
    if known is None or known.fingerprint == secret.fingerprint:
        return
    raise ConfigurationError(
        f"{secret.place} holds another secret than the services of this database have had since {known.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC "
        f"(first used on {known.host}): what one of them signs, the other would refuse. Give this process the same secret. Where it was changed on "
        "purpose, `caseforge config take-secret`, run once with the new one, has the services go on with that."
    )


def take_secret(store: Engine, settings: Settings, *, by: str) -> ServiceSecret:
    """Knows the secret that is set here from now on, in place of the one before.

    Raises:
        ConfigurationError: it cannot be had.
        SchemaNotUsable: the database has no place for it yet.
    """
    secret = find_service_secret(settings)
    with store.begin() as connection:
        known_secrets.take(connection, secret.fingerprint, socket.gethostname())
        audit.note(connection, by, "secret.taken", "the secret of the service")
    return secret
