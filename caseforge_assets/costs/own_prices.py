"""Prices of one's own, the tables `[prices."MODEL"]` of caseforge.toml: for models that the price table does not know, or has wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

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
