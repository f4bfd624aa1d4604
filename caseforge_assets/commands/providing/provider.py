"""The provider that commands work with: its client, and its row in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caseforge_assets.batches.provider_kinds import ProviderKind
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderError, ProviderStopped, ProviderUnclear
from caseforge_assets.openai_batch.tokens import TokenOrigin, Tokens
from caseforge_assets.settings import ConfigurationError, Settings
from caseforge_assets.settings.project import OPENAI_URL
from caseforge_assets.settings.provider import misplaced
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.submitting import providers

UNAUTHORIZED = 401  # about the key; a 403 may be about one thing alone


@dataclass(frozen=True)
class Provider:
    """A reachable provider."""

    client: BatchClient
    id: int
    base_url: str
    simulated: bool

    @property
    def kind(self) -> ProviderKind:
        """Gives what it takes, and how it answers."""
        return self.client.kind


@contextmanager
def noting_refusal(store: Engine, client: BatchClient) -> Iterator[None]:
    """Notes for the alerts when a call is refused for the key or the account; sending is stopped by submit alone."""
    try:
        yield
    except ProviderStopped as error:
        with store.begin() as connection:
            providers.set_refused(connection, client.base_url, client.account, str(error))
        raise


def raise_unless_alone(client: BatchClient, error: ProviderError) -> None:
    """For a call about one thing that failed: raises if nothing else would succeed either; otherwise everything else goes on.

    Raises:
        ProviderError: the provider cannot be reached, or refuses the key.
    """
    if isinstance(error, ProviderStopped) and error.status_code == UNAUTHORIZED:
        raise error
    try:
        client.probe()
    except ProviderUnclear:
        raise error from None


def make_client(settings: Settings) -> BatchClient:
    """The client of the configured provider.

    Raises:
        ConfigurationError: OPENAI_API_KEY is not set, or the address is that of another kind of provider than is configured.
    """
    if not settings.has_credentials:
        raise ConfigurationError(
            "OPENAI_API_KEY is not set. Set it in the environment or in .env; to try without a key and free of charge, start the local server "
            "with `caseforge batch-server` and set OPENAI_BASE_URL=http://127.0.0.1:8484/v1 and OPENAI_API_KEY=local"
        )
    url = settings.openai_url.get_secret_value()
    given = settings.configuration.provider
    if says := misplaced(given, settings.openai_base_url):
        raise ConfigurationError(f"provider.kind: {says}")
    key: str | Tokens = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if given.has_tokens:
        file = settings.project_folder / Path(given.token_file).expanduser() if given.token_file else None
        key = Tokens(
            TokenOrigin(given.token_command or (), file, settings.project_folder, given.token_lifetime_s, given.token_renew_before_s)
        )
    return BatchClient(url, key, settings.openai_account, kind=settings.configuration.provider_kind)


def accepts_simulated(connection: Connection, settings: Settings) -> bool:
    """Tells whether simulated content counts as there: it does for a simulated provider. Nobody is asked; it is as known from when one was asked last.

    One that was never asked is taken for one that bills where it is OpenAI itself and a key is set.
    """
    url = settings.openai_url.get_secret_value()
    known = providers.is_simulated_at(connection, url, settings.openai_account)
    return known if known is not None else not settings.has_credentials or url != OPENAI_URL


def connect_provider(store: Engine, client: BatchClient) -> Provider:
    """Asks the provider who it is and finds or adds its row; notes that it takes the key, and which one that is.

    Raises:
        ProviderError: it does not answer, or refuses the key.
    """
    with noting_refusal(store, client):
        identity = client.identify()
    with store.begin() as connection:
        row_id = providers.provider_id(connection, identity.base_url, identity.account, identity.simulated)
        providers.set_refused(connection, identity.base_url, identity.account, None)
        providers.note_key(connection, row_id, client.key_digest)
        providers.set_model_ends(connection, row_id, identity.model_ends)
    return Provider(client, row_id, identity.base_url, identity.simulated)
