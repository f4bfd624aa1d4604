"""Prices tokens at batch rates, in USD: prices of one's own, else those of the table that genai-prices brings along. Nothing is looked up online.

What is asked at once, and not in a batch, has the standard price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.batches.results.response_body import MAX_TOKENS, Usage

# The table's batch prices begin here. At an earlier date it would bill the full price without a word.
FIRST_BATCH_PRICES = datetime(2026, 10, 14, tzinfo=UTC)

PROVIDER = "openai"
_BATCH = {"processing": "batch"}
_SAMPLE = Usage(1_000, 0, 1_000, 0)
# Models for vectors, for which the table has the standard price alone. OpenAI's guide Batch API says that a batch costs half of it; so do lists of
# prices that name OpenAI's page of prices as their source (embeddingcost.com, read on 2026-11-29: $0.01 and $0.065 per million tokens).
_AT_HALF_PRICE = frozenset({"text-embedding-3-small", "text-embedding-3-large"})
_SIZES = (10_000_000, 100_000)  # tokens of a call up to which prices may be the same; larger ones than the first do not exist
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_MOST_USD = 10_000  # per million tokens; more is a slip, such as a price per billion, and no answer's cost would have room for it
_MILLION = 1_000_000


class OwnPrice(BaseModel):
    """The price of a model at batch rates, in USD per million tokens. Cached and written input costs what other input does where it has no price."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Decimal = Field(ge=0, le=_MOST_USD)
    cached_input: Decimal | None = Field(default=None, ge=0, le=_MOST_USD)
    cache_write: Decimal | None = Field(default=None, ge=0, le=_MOST_USD)
    output: Decimal = Field(ge=0, le=_MOST_USD)
    valid_from: date | None = Field(default=None, description="until then the price table counts; always where there is none")
    source: str = Field(default="", description="where the price is from, for people")

    def usd_per_token(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """USD for a token that is read, that came from the cache, that went into it, and that is written."""
        cached = self.input if self.cached_input is None else self.cached_input
        cache_write = self.input if self.cache_write is None else self.cache_write
        return self.input / _MILLION, cached / _MILLION, cache_write / _MILLION, self.output / _MILLION


OwnPrices = Mapping[str, OwnPrice]
NO_OWN_PRICES: OwnPrices = MappingProxyType({})


def own_price(own: OwnPrices, model: str, day: date) -> OwnPrice | None:
    """The price of one's own that counts for a model on a day; None where there is none, or not yet.

    Args:
        own: Prices by model.
        model: The model. By a dated name, such as `gpt-6.2-sol-2027-01-15`, its own price counts before that of the name without a date.
        day: When what is priced was answered.
    """
    for name in (model, _DATED.sub("", model)):
        price = own.get(name)
        if price is not None and (price.valid_from is None or price.valid_from <= day):
            return price
    return None


def priced_as(own: OwnPrices, answered: str | None, asked: str, day: date) -> str:
    """The model whose price an answer has: the one that answered, unless only the one that was asked has a price of one's own.

    Providers of their own call the model that answers otherwise than the one that is asked for; who gives a price gives that of what they ask.
    """
    if answered is None or (own_price(own, answered, day) is None and own_price(own, asked, day) is not None):
        return asked
    return answered


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per token at batch prices: what is read, what of it came from the cache, what of it went into the cache, what is written.

    Where the table has no price for going into the cache, it is that of what is read. They hold for calls of up to `up_to` input tokens; larger ones have other prices.
    """

    input: Decimal
    cached: Decimal
    cache_write: Decimal
    output: Decimal
    up_to: int


def cost_usd(usage: Usage | None, model: str, on: datetime | None = None, own: OwnPrices = NO_OWN_PRICES) -> Decimal | None:
    """Price one response of a batch. Prices go by the size of a call: price each response, never a sum of several.

    Args:
        usage: Its tokens; reasoning tokens are part of the output tokens.
        model: The model, also by a dated name such as `gpt-5-2025-08-07`.
        on: The date of the price list, with its time zone; now if None, and never before batch prices are listed.
        own: Prices that count before the table's, by model.

    Returns:
        The cost; None, which is unknown and not nothing, where the usage is unknown or the model has no batch price.
    """
    if usage is None:
        return None
    now = on or datetime.now(UTC)
    if own and (of_own := own_rates(own, model, now.date())) is not None:
        return _multiplied(usage, of_own)
    at = max(now, FIRST_BATCH_PRICES)
    day = at.date().isoformat()
    if not has_batch_price(model, day):
        return None
    if (rates := batch_rates(model, day)) is None or usage.input_tokens > rates.up_to:
        return _batch_price(usage, model, at)
    return _multiplied(usage, rates)


def _multiplied(usage: Usage, rates: Rates) -> Decimal:
    cached = min(usage.cached_tokens, usage.input_tokens)
    cost = rates.input * (usage.input_tokens - cached) + rates.cached * cached + rates.output * usage.output_tokens
    return cost + (rates.cache_write - rates.input) * min(usage.cache_write_tokens, usage.input_tokens - cached)


def own_rates(own: OwnPrices, model: str, day: date) -> Rates | None:
    """The rates of a price of one's own that counts for a model on a day; None where there is none. They hold for calls of any size."""
    price = own_price(own, model, day)
    return None if price is None else Rates(*price.usd_per_token(), up_to=MAX_TOKENS)


def rates_on(model: str, day: date, own: OwnPrices) -> Rates | None:
    """The rates of a model on a day, those of one's own before the table's; None where there are none."""
    of_own = own_rates(own, model, day)
    return of_own if of_own is not None else batch_rates(model, max(day, FIRST_BATCH_PRICES.date()).isoformat())


@lru_cache(maxsize=256)
def has_batch_price(model: str, day: str) -> bool:
    """Say whether the table has a batch price for a model, seen by its being below the standard price.

    Asking for the price is not enough: for a model without one, the table gives the standard price.

    Args:
        model: The model.
        day: The date of the price list, such as `2026-11-23`.
    """
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    batch, standard = _price(_SAMPLE, model, at, batch=True), _price(_SAMPLE, model, at, batch=False)
    return batch is not None and standard is not None and (batch < standard or model in _AT_HALF_PRICE)


@lru_cache(maxsize=256)
def batch_rates(model: str, day: str) -> Rates | None:
    """The rates of a model, so that thousands of answers are multiplied, not looked up.

    Args:
        model: The model.
        day: The date of the price list, such as `2026-11-23`.

    Returns:
        None where the model has no batch price, or where even calls of usual size are not priced by the token.
    """
    if not has_batch_price(model, day):
        return None
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return next((rates for size in _SIZES if (rates := _rates_up_to(size, model, at)) is not None), None)


def _rates_up_to(size: int, model: str, at: datetime) -> Rates | None:
    """None where so many tokens cost anything else than so many times one."""
    found: list[Decimal] = []
    for single, many in (
        (Usage(1, 0, 0, 0), Usage(size, 0, 0, 0)),
        (Usage(1, 1, 0, 0), Usage(size, size, 0, 0)),
        (Usage(1, 0, 0, 0, 1), Usage(size, 0, 0, 0, size)),
        (Usage(0, 0, 1, 0), Usage(size, 0, size, 0)),
    ):
        rate, sum_ = _batch_price(single, model, at), _batch_price(many, model, at)
        if rate is None or sum_ is None:
            return None
        if many.output_tokens:
            sum_ -= found[0] * size
        if rate * size != sum_:
            return None
        found.append(rate)
    input_rate, cached_rate, write_rate, output_rate = found
    return Rates(input_rate, cached_rate, write_rate, output_rate, size)


def priced_models(day: str) -> list[str]:
    """Names of the provider's models that the table has a batch price for."""
    from genai_prices import data_snapshot  # not at the top: it reads its whole table

    (provider,) = (provider for provider in data_snapshot.get_snapshot().providers if provider.id == PROVIDER)
    return [model.id for model in provider.models if has_batch_price(model.id, day)]


def price_at_once_usd(usage: Usage, model: str, own: OwnPrices = NO_OWN_PRICES) -> Decimal | None:
    """Price a call that is answered at once.

    Args:
        usage: Its tokens.
        model: The model.
        own: Prices that count before the table's; they are at batch rates, which are half.

    Returns:
        The cost; None where the model has no price.
    """
    now = datetime.now(UTC)
    if (of_own := own_rates(own, model, now.date())) is not None:
        return 2 * _multiplied(usage, of_own)
    return _price(usage, model, now, batch=False)


def _batch_price(usage: Usage, model: str, at: datetime) -> Decimal | None:
    price = _price(usage, model, at, batch=True)
    if price is None or model not in _AT_HALF_PRICE or price < (_price(usage, model, at, batch=False) or price):
        return price  # also once the table has it
    return price / 2


def _price(usage: Usage, model: str, at: datetime, *, batch: bool) -> Decimal | None:
    import genai_prices  # not at the top: it reads its whole table

    cached = min(usage.cached_tokens, usage.input_tokens)
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=cached,
        cache_write_tokens=min(usage.cache_write_tokens, usage.input_tokens - cached),
        output_tokens=usage.output_tokens,
    )
    try:
        price = genai_prices.calc_price(
            tokens, model, provider_id=PROVIDER, genai_request_timestamp=at, price_context=_BATCH if batch else None
        )
    except (LookupError, ValueError):
        return None
    return Decimal(price.total_price)
