"""config check --connect: whether database and provider can be reached, and who they are. Nothing is started, written or sent."""

from __future__ import annotations

from collections.abc import Iterator

from caseforge_assets.commands.configuring.check_configuration import Finding, Level, model_findings
from caseforge_assets.commands.providing.provider import make_client
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.settings import ConfigurationError, Settings, normalized_postgres_url
from caseforge_assets.settings.faults import nearest
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.store.database import embedded_postgres
from caseforge_assets.store.database.engine import HEAD, StoreUnavailable, find_revision


def check_connections(settings: Settings) -> list[Finding]:
    """What database and provider say."""
    return [*_database(settings), *_provider(settings)]


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.postgres_url is None:
        found = embedded_postgres.status(settings.home)
        yield Finding(Level.note, "database", f"embedded, {'running' if found.running else 'not running; the next command starts it'}")
        return
    try:
        revision = find_revision(normalized_postgres_url(settings.postgres_url.get_secret_value()))
    except (StoreUnavailable, ConfigurationError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield Finding(Level.error, "CASEFORGE_POSTGRES_URL", f"the database cannot be reached: {reason}")
        return
    state = (
        "up to date"
        if revision == HEAD
        else "empty so far"
        if revision is None
        else f"at revision {revision}; the next command upgrades it"
    )
    yield Finding(Level.note, "database", f"reached; its tables are {state}" if revision else f"reached, {state}")


def _provider(settings: Settings) -> Iterator[Finding]:
    if not settings.has_credentials:
        return
    try:
        client = make_client(settings)
        identity, models = client.identify(), client.models()
    except ProviderError as error:
        yield Finding(Level.error, "OPENAI_BASE_URL", str(error))
        return
    kind = "simulated, free of charge" if identity.simulated else "it bills"
    yield Finding(Level.note, "provider", f"{settings.openai_base_url} answers ({kind})")
    if not identity.simulated and settings.configuration.budget_usd is None:
        yield Finding(Level.error, "budget_usd", "is not set, and this provider bills: it gets nothing")
    for stage in settings.stages:
        yield from model_findings(settings.configuration, stage, "provider", identity.model_ends)
        model = stage_settings(settings.configuration, stage).model
        called = settings.configuration.name_at_provider(stage.key, model)
        if models and not models.keys() & {model, called}:
            says = f"stage {stage.key}: the provider does not list {model}{nearest(model, sorted(models))}"
            yield Finding(Level.warning, "provider", says)
