"""models: which models there are, until when, and what the frameworks would cost with them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.cli.shared.console import console, errors, print_json, usd
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable

if TYPE_CHECKING:
    from datetime import date

    from caseforge_assets.commands.providing.list_models import ModelFacts

MILLION = 1_000_000
UNKNOWN = "unknown"
PRICES = "In / cached / to cache / out"


@click.command()
@click.option("--all", "with_all", is_flag=True, help="Also those of which nothing but the provider's list is known.")
@click.option("--offline", is_flag=True, help="Do not ask the provider which models it lists.")
@json_option
@pass_session
def models(session: Session, with_all: bool, offline: bool, as_json: bool) -> None:
    """List the models that prices, rules and the provider know: price, sizes, end, successor, and what the frameworks would cost.

    Prices are USD per million tokens at batch rates; costs are those of whole frameworks, with typical requests and answers as
    long as `plan` expects them: as those that came so far, before there are enough as typical ones. `plan` counts the requests themselves.
    """
    from caseforge_assets.commands.planning.survey_models import survey_models

    offered = None if offline or not session.settings.has_credentials else _offered(session)
    with session.store.connect() as connection:
        surveyed = survey_models(connection, session.project, offered, datetime.now(UTC))
    found = surveyed.models
    shown = found if with_all or as_json else [facts for facts in found if facts.is_known]
    if as_json:
        print_json([_json(facts) for facts in shown])
        return
    _print(shown, surveyed.loaded)
    if len(shown) < len(found):
        console.print(f"The provider lists {len(found) - len(shown):,} more, of which nothing else is known (--all).")
    if surveyed.not_loaded:
        console.print(f"Not loaded yet, so without a cost: {', '.join(surveyed.not_loaded)}.")


def _offered(session: Session) -> dict[str, date | None] | None:
    """The provider's models; None where it cannot be asked now, which is said."""
    from caseforge_assets.openai_batch.errors import ProviderError

    try:
        return session.provider.client.models()
    except ProviderError as error:
        errors.print(f"The provider could not be asked which models it lists: {error}", style="yellow")
        return None


def _print(found: list[ModelFacts], frameworks: list[str]) -> None:
    table = FittingTable(
        "Model",
        PRICES,
        "Price from",
        "Window",
        "Completion",
        "Schema",
        "Endpoint",
        "Ends",
        "Successor",
        *frameworks,
        drop=("Schema", "Endpoint", "Completion", "Window", "Price from", "Successor", PRICES, *reversed(frameworks[1:])),
    )
    for facts in found:
        rules = facts.rules
        table.add_row(
            f"{facts.name} ({', '.join(facts.stages)})" if facts.stages else facts.name,
            _price(facts),
            facts.price_from or UNKNOWN,
            _count(rules.context_tokens if rules else None),
            _count(rules.max_completion_tokens if rules else None),
            UNKNOWN if rules is None or rules.schemas is None else "yes" if rules.schemas else "no",
            _endpoint(facts),
            _end(facts),
            (rules.successor if rules else None) or "",
            *(usd(facts.costs_usd[key]) for key in frameworks),
            style=_style(facts),
        )
    console.print(table)
    console.print("Prices are USD per million tokens at batch prices; efforts, temperatures and sources: docs/models.md.")


def _price(facts: ModelFacts) -> str:
    rates = facts.rates
    return (
        UNKNOWN
        if rates is None
        else " / ".join(f"{_amount(rate)}" for rate in (rates.input, rates.cached, rates.cache_write, rates.output))
    )


def _amount(rate: Decimal) -> str:
    return f"{(rate * MILLION).normalize():f}"


def _endpoint(facts: ModelFacts) -> str:
    """Say where its stages send to; of a model that none uses, where requests would go by themselves."""
    used = dict.fromkeys(facts.stages.values())
    return ", ".join(used) if used else facts.rules.endpoint if facts.rules else UNKNOWN


def _count(tokens: int | None) -> str:
    return UNKNOWN if tokens is None else f"{tokens:,}"


def _end(facts: ModelFacts) -> str:
    absent = facts.offered is False and facts.is_known
    return " ".join(part for part in (str(facts.end or ""), "(not listed)" if absent else "") if part)


def _style(facts: ModelFacts) -> str | None:
    if facts.ending is not None:
        return "red" if facts.stages else "dim"
    return "bold" if facts.stages else None


def _json(facts: ModelFacts) -> dict[str, Any]:
    """The same for scripts; what is not known is null."""
    rates, rules = facts.rates, facts.rules
    prices = (
        {"input": rates.input, "cached_input": rates.cached, "cache_write": rates.cache_write, "output": rates.output} if rates else None
    )
    return {
        "model": facts.name,
        "stages": list(facts.stages),
        "usd_per_million_tokens": prices and {name: rate * MILLION for name, rate in prices.items()},
        "price_from": facts.price_from,
        "context_tokens": rules.context_tokens if rules else None,
        "max_completion_tokens": rules.max_completion_tokens if rules else None,
        "schemas": rules.schemas if rules else None,
        "efforts": rules.efforts if rules else None,
        "takes_temperature": rules.takes_temperature if rules else None,
        "endpoint": rules.endpoint if rules else None,
        "endpoints_used": facts.stages,
        "ends": facts.end,
        "days_left": facts.ending.days_left if facts.ending else None,
        "refused": facts.ending is not None and facts.ending.refused,
        "successor": rules.successor if rules else None,
        "listed_by_provider": facts.offered,
        "costs_usd": facts.costs_usd,
        "source": rules.source if rules else None,
        "looked_up": rules.looked_up if rules else None,
    }
