"""Rules of models, from `models.toml`: what they are and accept. A model that is not in it is no error: nothing is known of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from caseforge_assets.wording import counted

MODELS_FILE = Path(__file__).with_name("models.toml")
CHAT_COMPLETIONS = "chat/completions"
EMBEDDINGS = "embeddings"
VERBOSITIES = ("low", "medium", "high")
SOON = timedelta(days=45)  # OpenAI gives six months' notice of a model's end; by now a person should choose another one
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class ModelRules:
    """Facts about a model; None: not known, and not checked.

    Attributes:
        efforts: Values of reasoning_effort; empty for a model that does not reason and refuses the parameter.
        other_temperatures: Which efforts allow a temperature other than 1; empty: none does. "" stands for no effort given.
        takes_temperature: False for a model to which the parameter is not to be sent.
        default_temperature: What is sent where a person set none; None: nothing.
        max_completion_tokens: The largest completion, thinking included.
        context_tokens: Request and completion together.
        schemas: Whether answers can be held to a JSON schema.
        endpoint: The only one that it has, or else where its requests go unless a person says otherwise.
        dimensions: Of a model that makes vectors, how many numbers these have at most.
        shutdown: The day announced for its end.
        successor: The model that its maker names instead.
        source: Where all this is from.
        looked_up: When.
    """

    efforts: tuple[str, ...] | None = None
    other_temperatures: tuple[str, ...] | None = None
    takes_temperature: bool = True
    default_temperature: float | None = None
    max_completion_tokens: int | None = None
    context_tokens: int | None = None
    schemas: bool | None = None
    endpoint: str = CHAT_COMPLETIONS
    dimensions: int | None = None
    shutdown: date | None = None
    successor: str | None = None
    source: str = ""
    looked_up: date | None = None


MODELS = TypeAdapter(dict[str, ModelRules]).validate_python(tomllib.loads(MODELS_FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Asked:
    """The demands of a request on its model, as far as rules speak of it.

    Attributes:
        max_completion_tokens: Its budget, thinking and text together.
        schema: Whether the answer is to follow a JSON schema.
        input_tokens: Of the request; 0 where it is not known yet.
        endpoint: Where it goes.
        dimensions: How many numbers a vector is to have; None for a request for a text.
    """

    model: str
    temperature: float | None
    reasoning_effort: str | None
    verbosity: str | None
    max_completion_tokens: int
    schema: bool = False
    input_tokens: int = 0
    endpoint: str = CHAT_COMPLETIONS
    dimensions: int | None = None


@dataclass(frozen=True)
class Broken:
    """A rule that a request breaks: the setting (a field of `Asked`), and in words what the model takes instead."""

    setting: str
    says: str


def rules_of(model: str) -> ModelRules | None:
    """The rules of a model, by its dated name, too; None where they are not known."""
    return MODELS.get(model) or MODELS.get(_DATED.sub("", model))


def default_endpoint(model: str) -> str:
    """Give the endpoint that a model's requests for a text go to unless a person says otherwise: the only endpoint that it has, where that is known."""
    rules = rules_of(model)
    return CHAT_COMPLETIONS if rules is None or rules.endpoint == EMBEDDINGS else rules.endpoint


def default_temperature(model: str) -> float | None:
    """Give the temperature that is sent to a model where a person set none; None: nothing is."""
    rules = rules_of(model)
    return None if rules is None else rules.default_temperature


def taken_temperature(model: str, temperature: float | None) -> float | None:
    """The temperature that is sent of the one that a person set: 1, which all models have by themselves, is left out where the parameter is unwelcome."""
    rules = rules_of(model)
    return None if rules is not None and not rules.takes_temperature and temperature == 1 else temperature


def broken_rules(asked: Asked) -> list[Broken]:
    """List the rules of its model that a request breaks; empty also where the rules are not known."""
    rules = rules_of(asked.model)
    return (
        []
        if rules is None
        else [*_effort(asked, rules), *_temperature(asked, rules), *_verbosity(asked), *_size(asked, rules), *_kind(asked, rules)]
    )


@dataclass(frozen=True)
class Ending:
    """A model whose end is near, or past.

    Attributes:
        day: On which it ends, from midnight UTC on.
        days_left: Until then; negative when it has ended.
        refused: Whether it has ended, or ends before a batch that is sent now has had its window.
        successor: The model that its maker names instead, where that is known.
        window: How long a batch may take, in words.
    """

    model: str
    day: date
    days_left: int
    refused: bool
    successor: str | None
    window: str

    @property
    def text(self) -> str:
        """Its end, and what its maker names instead, for people."""
        instead = f"; its successor is {self.successor}" if self.successor else "; its successor is not known here"
        if self.days_left < 0:
            return f"{self.model} ended on {self.day}{instead}"
        before = f", before a batch sent now has had its {self.window}" if self.refused else f", in {counted(self.days_left, 'day')}"
        return f"{self.model} ends on {self.day}{before}{instead}"

    def advice(self, key: str) -> str:
        """The line to change, for people.

        Args:
            key: Of caseforge.toml, such as `openai_model`.
        """
        return f'write {key} = "{self.successor}"' if self.successor else f"choose another model ({key}; `caseforge models` lists them)"


def in_words(window: timedelta) -> str:
    """A batch's window for people: 24 hours, 7 days."""
    hours = window / timedelta(hours=1)
    if hours > 48 and hours % 24 == 0:
        return counted(round(hours / 24), "day")
    if hours != int(hours):
        return counted(round(window / timedelta(minutes=1)), "minute")
    return counted(round(hours), "hour")


def known_end(model: str, provider_ends: Mapping[str, date]) -> date | None:
    """The day announced for a model's end; None where none is known.

    Args:
        model: Also by a dated name.
        provider_ends: Days of ends by the names of models, as the provider itself gives them; they count before those of the table.
    """
    rules = rules_of(model)
    return provider_ends.get(model) or provider_ends.get(_DATED.sub("", model)) or (rules.shutdown if rules else None)


def ending_of(model: str, now: datetime, provider_ends: Mapping[str, date], window: timedelta) -> Ending | None:
    """A model's end, where it is near or past; None otherwise, and where none is known.

    Args:
        model: Also by a dated name.
        now: With its time zone.
        provider_ends: As for `known_end`.
        window: How long a batch that is sent now may take.
    """
    rules, day = rules_of(model), known_end(model, provider_ends)
    if day is None or now + SOON < datetime.combine(day, time(), UTC):
        return None
    refused = now + window >= datetime.combine(day, time(), UTC)
    return Ending(model, day, (day - now.date()).days, refused, rules.successor if rules else None, in_words(window))


def room_beside(model: str, tokens: int) -> int | None:
    """Count the tokens that a model's window has left beside so many, of a request or of its budget; None where the window is not known."""
    rules = rules_of(model)
    return None if rules is None or rules.context_tokens is None else rules.context_tokens - tokens


def _effort(asked: Asked, rules: ModelRules) -> Iterator[Broken]:
    effort = asked.reasoning_effort
    if effort is None or rules.efforts is None or effort in rules.efforts:
        return
    if not rules.efforts:
        yield Broken("reasoning_effort", f"{asked.model} does not reason and refuses {effort!r}; leave it out")
    else:
        yield Broken(
            "reasoning_effort", f"{asked.model} does not know {effort!r}; write one of {', '.join(rules.efforts)}, or leave it out"
        )


def _temperature(asked: Asked, rules: ModelRules) -> Iterator[Broken]:
    if asked.temperature is not None and not rules.takes_temperature:
        yield Broken("temperature", f"{asked.model} is to be sent none, not {asked.temperature:g}; leave it out")
        return
    if asked.temperature in (None, 1) or rules.other_temperatures is None or (asked.reasoning_effort or "") in rules.other_temperatures:
        return
    if rules.efforts == ():
        return
    while_none = ', or reasoning_effort = "none" beside it' if "none" in rules.other_temperatures else ""
    when = f" with reasoning_effort {asked.reasoning_effort!r}" if while_none else ""
    yield Broken("temperature", f"{asked.model} accepts 1 only{when}, not {asked.temperature:g}; write 1.0{while_none}")


def _verbosity(asked: Asked) -> Iterator[Broken]:
    if asked.verbosity is not None and asked.verbosity not in VERBOSITIES:
        yield Broken("verbosity", f"there is no {asked.verbosity!r}; write one of {', '.join(VERBOSITIES)}, or leave it out")


def _size(asked: Asked, rules: ModelRules) -> Iterator[Broken]:
    budget, most, room = asked.max_completion_tokens, rules.max_completion_tokens, rules.context_tokens
    if most is not None and budget > most:
        yield Broken("max_completion_tokens", f"{asked.model} writes {most:,} tokens at most, not {budget:,}; write {most} or less")
    elif room is not None and asked.input_tokens + budget > room:
        fits = f"write {room - asked.input_tokens} or less" if asked.input_tokens < room else "shorten what it is told"
        yield Broken(
            "max_completion_tokens",
            f"{asked.model} has room for {room:,} tokens, and a request has {asked.input_tokens:,} beside the budget of {budget:,}; {fits}",
        )


def _kind(asked: Asked, rules: ModelRules) -> Iterator[Broken]:
    if EMBEDDINGS in (rules.endpoint, asked.endpoint):
        if rules.endpoint != asked.endpoint:
            does, wanted = ("makes vectors", "a text") if rules.endpoint == EMBEDDINGS else ("writes texts", "vectors")
            yield Broken("model", f"{asked.model} {does}, and this stage needs {wanted}; choose another model")
        elif asked.dimensions is not None and rules.dimensions is not None and asked.dimensions > rules.dimensions:
            says = f"{asked.model} makes vectors of {rules.dimensions:,} numbers at most, not {asked.dimensions:,}"
            yield Broken("dimensions", f"{says}; write {rules.dimensions} or less")
    elif rules.endpoint not in (CHAT_COMPLETIONS, asked.endpoint):
        says = f"{asked.model} answers at /v1/{rules.endpoint} only, not at /v1/{asked.endpoint}"
        yield Broken("endpoint", f'{says}; write endpoint = "{rules.endpoint}", or leave it out')
    if asked.schema and rules.schemas is False:
        yield Broken("model", f"{asked.model} does not hold its answers to a JSON schema, which this stage needs; choose another model")
