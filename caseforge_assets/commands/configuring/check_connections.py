"""config check --connect: whether database and provider can be reached, and who they are. Nothing is started, written or sent."""

from __future__ import annotations

from collections.abc import Iterator

from caseforge_assets.artifacts import ArtifactsUnavailable
from caseforge_assets.commands.configuring.check_configuration import Finding, Level, model_findings, source_findings
from caseforge_assets.commands.configuring.open_source import is_address, opened_source
from caseforge_assets.commands.providing.provider import make_client
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.settings import ConfigurationError, Settings, normalized_postgres_url
from caseforge_assets.settings.faults import nearest
from caseforge_assets.settings.inspecting import Inspection
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.store.database import embedded_postgres
from caseforge_assets.store.database.engine import StoreUnavailable, find_revision, open_store
from caseforge_assets.store.database.revisions import Fit, SchemaNotUsable, fit_of, refuse_unless_usable
from caseforge_assets.store.searching import meanings


def check_connections(inspection: Inspection, settings: Settings) -> list[Finding]:
    """Gives what the database, the buckets of workbooks and the provider say."""
    return [*_database(settings), *_sources(inspection, settings), *_provider(settings)]


def _sources(inspection: Inspection, settings: Settings) -> Iterator[Finding]:
    """Workbooks that lie elsewhere than on this machine."""
    for key, entry in settings.configuration.frameworks.items():
        if is_address(entry.source):
            try:
                with opened_source(settings, entry.source) as file:
                    yield from source_findings(inspection, key, entry, file)
            except ArtifactsUnavailable as error:
                yield Finding(Level.error, inspection.place(f"frameworks.{key}.source"), f"frameworks.{key}.source: {error}")


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
    fit = fit_of(revision)
    if fit in (Fit.old, Fit.newer):
        try:
            refuse_unless_usable(revision)
        except SchemaNotUsable as error:
            yield Finding(Level.error, "database", str(error))
    elif fit is Fit.before:
        says = (
            f"reached; its tables are at revision {revision}, which this version works with; `caseforge db migrate` brings them up to date"
        )
        yield Finding(Level.warning, "database", says)
    else:
        yield Finding(Level.note, "database", "reached, empty so far" if fit is Fit.none else "reached; its tables are up to date")
        if fit is Fit.current and any(stage.makes_vectors for stage in settings.stages):
            yield from _vectors(normalized_postgres_url(settings.postgres_url.get_secret_value()))


def _vectors(url: str) -> Iterator[Finding]:
    store = open_store(url)
    try:
        with store.connect() as connection:
            says = meanings.why_not(connection)
    finally:
        store.dispose()
    if says:
        yield Finding(Level.warning, "stages.embeddings", f"nothing can be searched by meaning: {says}")


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
