"""config check: everything about a configuration that can be known before money is spent, without database and network."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from caseforge_assets.batches.provider_kinds import ListKind
from caseforge_assets.commands.configuring.open_source import is_address
from caseforge_assets.commands.providing.check_models import rule_faults, stage_ending
from caseforge_assets.costs.prices import has_batch_price, own_price
from caseforge_assets.frameworks import read_framework, select_targets
from caseforge_assets.redaction import is_masked_everywhere, login_of
from caseforge_assets.settings import Configuration, ConfigurationError, FrameworkSettings, Settings, normalized_postgres_url
from caseforge_assets.settings.faults import nearest
from caseforge_assets.settings.inspecting import Inspection
from caseforge_assets.settings.provider import misplaced
from caseforge_assets.settings.stage_settings import setting_key, stage_settings
from caseforge_assets.stages.languages import language_name
from caseforge_assets.stages.measuring.word_lists import has_words
from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS, MODELS, rules_of
from caseforge_assets.stages.stage import Stage
from caseforge_assets.wording import counted


class Level(StrEnum):
    """The gravity of a finding: an error is refused sooner or later, a warning is probably not meant, a note is good to know."""

    error = "error"
    warning = "warning"
    note = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        level: How much it matters.
        place: A line of caseforge.toml, a variable, or a file; a key where it stands nowhere, because it is a default.
        says: What it is, and what to do.
    """

    level: Level
    place: str
    says: str


def check_configuration(inspection: Inspection) -> list[Finding]:
    """Everything that is to be said, errors first.

    Args:
        inspection: what was read of a project.
    """
    findings = [Finding(Level.error, place, says) for place, says in inspection.faults]
    findings += _unknown_variables(inspection)
    if inspection.settings is not None:
        findings += _check_settings(inspection, inspection.settings)
    return sorted(dict.fromkeys(findings), key=lambda finding: list(Level).index(finding.level))


def _check_settings(inspection: Inspection, settings: Settings) -> Iterator[Finding]:
    for stage in inspection.stages:
        yield from _own_files(stage)
        yield from _model(inspection, settings, stage)
    for key, stages in inspection.asked_for.of_frameworks.items():
        for stage in stages:
            yield from _of_framework(inspection, key, stage)
    yield from _limited_models(inspection, settings)
    yield from _own_prices(inspection, settings)
    for key, entry in settings.configuration.frameworks.items():
        yield from _framework(inspection, settings, key, entry)
    yield from _provider(inspection, settings.configuration)
    yield from _surroundings(settings)
    yield from _money(settings)


def _unknown_variables(inspection: Inspection) -> Iterator[Finding]:
    for name in inspection.unknown_variables:
        yield Finding(
            Level.warning, name, f"begins like a variable of CaseForge and is none{nearest(name, inspection.known_variables).upper()}"
        )


def _own_files(stage: Stage) -> Iterator[Finding]:
    for place, names in _by_folder(stage).items():
        yield Finding(Level.note, str(place), f"{', '.join(names)} of the stage {stage.key} are your own")


def _by_folder(stage: Stage) -> dict[Path, list[str]]:
    found: dict[Path, list[str]] = {}
    for name in stage.files:
        if stage.templates and stage.templates.is_own(name):
            found.setdefault(stage.templates.place(name).parent, []).append(name)
    return found


def _of_framework(inspection: Inspection, key: str, stage: Stage) -> Iterator[Finding]:
    """Gives what of a stage is a framework's own: its files, and its language, as far as more is to be said of it than that it is asked for."""
    shared = {folder for stage in inspection.stages for folder in _by_folder(stage)}
    for place, names in _by_folder(stage).items():
        if place not in shared:
            yield Finding(Level.note, str(place), f"{', '.join(names)} of the stage {stage.key} are those of the framework {key}")
    if stage.language:
        place_of_language, said = (
            inspection.place(f"frameworks.{key}.language"),
            f"the stage {stage.key} is asked for in {language_name(stage.language)}",
        )
        words = "" if has_words(stage.language) else "; quality leaves out what takes lists of words (docs/quality.md)"
        says = "its templates say it" if not stage.language_line else "a last line of the instructions says it"
        yield Finding(Level.note, place_of_language, f"framework {key}: {said}: {says}{words}")


def _model(inspection: Inspection, settings: Settings, stage: Stage) -> Iterator[Finding]:
    made_with = stage_settings(settings.configuration, stage)
    model, endpoint = made_with.model, made_with.endpoint
    key = setting_key(settings.configuration, stage, "model")
    for fault in rule_faults(settings.configuration, stage, {}):
        yield Finding(Level.error, inspection.place(fault.key), f"{fault.text} (stage {stage.key})")
    rules, place = rules_of(model), inspection.place(key)
    if rules is None:
        yield Finding(
            Level.note, place, f"{key}: the rules of {model!r} are not known{nearest(model, list(MODELS))}; its provider will judge"
        )
    elif rules.endpoint == endpoint != CHAT_COMPLETIONS:
        yield Finding(Level.note, place, f"{key}: {model} answers at /v1/{endpoint} only; the requests of the stage {stage.key} go there")
    yield from model_findings(settings.configuration, stage, place, {})
    today = datetime.now(UTC).date()
    if own_price(settings.configuration.prices, model, today) is None and not has_batch_price(model, today.isoformat()):
        allowed = settings.configuration.allow_unknown_cost
        then = "its costs stay unknown" if allowed else "nothing is sent to a provider that bills, unless allow_unknown_cost = true"
        then = f'{then}. A price of your own, [prices."{model}"], makes it known'
        yield Finding(
            Level.note if allowed else Level.warning, place, f"{key}: {model} has no known batch price; {then} (stage {stage.key})"
        )


def model_findings(configuration: Configuration, stage: Stage, place: str, provider_ends: Mapping[str, date]) -> Iterator[Finding]:
    """Says that a stage's model ends within 45 days, and what to do. One that gets nothing any more is refused by its rules, unless these are off.

    Args:
        place: where that is known from.
        provider_ends: days of models' ends, as far as the provider gives them.
    """
    ending = stage_ending(configuration, stage, provider_ends)
    if ending is not None and not (ending.refused and configuration.check_model_rules):
        key = setting_key(configuration, stage, "model")
        yield Finding(Level.warning, place, f"{key}: {ending.text}; {ending.advice(key)}")


def _limited_models(inspection: Inspection, settings: Settings) -> Iterator[Finding]:
    used = sorted({stage_settings(settings.configuration, stage).model for stage in inspection.stages})
    for model in settings.configuration.max_enqueued_tokens:
        if model not in used:
            says = f"max_enqueued_tokens: no stage uses {model}{nearest(model, used)}"
            yield Finding(Level.warning, inspection.place(f"max_enqueued_tokens.{model}"), says)


def _own_prices(inspection: Inspection, settings: Settings) -> Iterator[Finding]:
    today, used = datetime.now(UTC).date(), sorted({stage_settings(settings.configuration, stage).model for stage in inspection.stages})
    for model, price in settings.configuration.prices.items():
        key = f'prices."{model}"'
        place = inspection.place(f"prices.{model}.input")
        if price.valid_from is not None and price.valid_from > today:
            yield Finding(Level.note, place, f"{key}: counts from {price.valid_from} on; until then the price table does")
        elif has_batch_price(model, today.isoformat()):
            yield Finding(Level.note, place, f"{key}: is your own and counts before the price table, which knows {model}, too")
        if model not in used:
            yield Finding(Level.note, place, f"{key}: no stage uses {model}{nearest(model, used)}")


def _framework(inspection: Inspection, settings: Settings, key: str, entry: FrameworkSettings) -> Iterator[Finding]:
    if is_address(entry.source):
        return  # it is read with --connect
    file = settings.project_folder / entry.source
    if not file.is_file():
        yield Finding(
            Level.error, inspection.place(f"frameworks.{key}.source"), f"frameworks.{key}.source: there is no file {entry.source}"
        )
        return
    yield from source_findings(inspection, key, entry, file)


def source_findings(inspection: Inspection, key: str, entry: FrameworkSettings, file: Path) -> Iterator[Finding]:
    """Gives what a framework's file is worth."""
    result = read_framework(file, form=entry.form)
    if result.edition is None:
        first = result.problems[0].message if result.problems else "it cannot be read"
        more = f", and {len(result.problems) - 1:,} more (`caseforge load FILE --check` lists them)" if len(result.problems) > 1 else ""
        yield Finding(Level.error, entry.source, f"framework {key}: {first}{more}")
        return
    if result.edition.codes_are_made and entry.targets != "leaf":
        yield Finding(
            Level.note,
            entry.source,
            f"framework {key}: {counted(len(result.edition.nodes), 'node')}, with the codes that they have in the store",
        )
        return
    try:
        targets = select_targets(result.edition.nodes, entry.targets)
    except ValueError as error:
        yield Finding(Level.error, inspection.place(f"frameworks.{key}.targets"), f"frameworks.{key}.targets: {error}")
    else:
        yield Finding(
            Level.note, entry.source, f"framework {key}: {counted(len(result.edition.nodes), 'node')}, {len(targets):,} of them get content"
        )


def _provider(inspection: Inspection, configuration: Configuration) -> Iterator[Finding]:
    """Says which kind of provider it is, and what of it is good to know before something is sent."""
    given, holds = configuration.provider, configuration.provider_kind
    place = inspection.place("provider.kind")
    if place != "provider.kind":
        yield Finding(Level.note, place, f"provider: {holds.name}")
    elif given.kind:
        yield Finding(Level.note, "OPENAI_BASE_URL", f"provider: {holds.name}, by the address in OPENAI_BASE_URL")
    if says := misplaced(given, inspection.settings.openai_base_url if inspection.settings else ""):
        yield Finding(Level.error, place, f"provider.kind: {says}")
    if holds.max_files and holds.file_expiry_days is None:
        few, many = holds.max_files
        says = f"provider.file_expiry_days: without it, this provider keeps {counted(few, 'file')} at most, and {many:,} with it"
        yield Finding(Level.warning, inspection.place("provider.file_expiry_days"), says)
    if holds.batch_list in (ListKind.unreliable, ListKind.none):
        says = f"provider.batch_list: is {holds.batch_list}: a batch whose creation was not answered, and which is not found, is not created again by itself"
        yield Finding(Level.note, inspection.place("provider.batch_list"), says)


def _surroundings(settings: Settings) -> Iterator[Finding]:
    if settings.postgres_url is not None:
        try:
            normalized_postgres_url(settings.postgres_url.get_secret_value())
        except ConfigurationError as error:
            yield Finding(Level.error, "CASEFORGE_POSTGRES_URL", str(error))
    if not settings.openai_base_url.startswith(("http://", "https://")):
        yield Finding(Level.error, "OPENAI_BASE_URL", "must begin with http:// or https://")
    if not settings.has_credentials:
        says = "is not set: nothing can be sent. Set it in the environment or in .env; `caseforge batch-server` needs no real one"
        yield Finding(Level.warning, "OPENAI_API_KEY", says)
    for name, address in (("CASEFORGE_POSTGRES_URL", settings.postgres_url), ("OPENAI_BASE_URL", settings.openai_url)):
        _, password = (login_of(address.get_secret_value()) if address else None) or ("", "")
        if password and not is_masked_everywhere(unquote(password)):
            says = "its password is so short or plain a word that it is masked in messages only (docs/security.md); a longer one is masked everywhere"
            yield Finding(Level.warning, name, says)
    above = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        yield Finding(Level.error, "CASEFORGE_HOME", f"nothing can be written to {settings.home}")


def _money(settings: Settings) -> Iterator[Finding]:
    configuration = settings.configuration
    if configuration.budget_usd is None:
        yield Finding(Level.note, "budget_usd", "is not set: a provider that bills gets nothing; the local server needs none")
        return
    shares = {key: entry.budget_usd for key, entry in configuration.frameworks.items() if entry.budget_usd is not None}
    together = sum(shares.values(), Decimal(0))
    if together > configuration.budget_usd:
        says = f"the budgets of {_names(list(shares))} come to ${together}, the one over all is ${configuration.budget_usd}: it holds first"
        yield Finding(Level.note, "budget_usd", says)


def _names(keys: Sequence[str]) -> str:
    return ", ".join(keys)


def relative_place(finding: Finding, project: Path) -> str:
    """A finding's place as a person writes it: below the project's folder."""
    return finding.place.replace(f"{project}/", "")
