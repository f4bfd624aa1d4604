"""What models of OpenAI are known to accept in a chat completion. A model that is not in the table is no error: its rules are not known.

Every line was looked up on 2026-11-24; a value that no source gives is None and is not checked. Sources:

- Efforts: OpenAI's API description of `reasoning_effort` (none from gpt-5.1 on, whose default it is; xhigh after
  gpt-5.1-codex-max) and its reasoning guide; max for gpt-5.6: opencode issue 36141, quoting the API reference; gpt-6-sol: LiteLLM's
  model map.
- Temperature: OpenAI's guides "Reasoning models" and "Parameter compatibility": gpt-5 and the o-series refuse any but 1; from gpt-5.1
  on others are accepted only while the effort is none. What a model does by default from gpt-5.4 on was not found.
- Largest completions: OpenAI's model pages, as read off by llmr 0.2 (gpt-5.6) and Vercel's and Oxen's model lists (the others).
- Context windows: genai-prices 0.2.3.
- JSON schemas: OpenAI's guide "Structured outputs": from gpt-4o-2024-08-06 on, not before.
- Shutdowns: announced dates as listed with the model names of the openai SDK 3.54.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_OLD_EFFORTS = ("low", "medium", "high")
_GPT5_EFFORTS = ("minimal", *_OLD_EFFORTS)
_GPT51_EFFORTS = ("none", *_OLD_EFFORTS)
_GPT52_EFFORTS = (*_GPT51_EFFORTS, "xhigh")
_GPT56_EFFORTS = (*_GPT52_EFFORTS, "max")
VERBOSITIES = ("low", "medium", "high")


@dataclass(frozen=True)
class ModelRules:
    """What is known of a model.

    Attributes:
        efforts: Values of reasoning_effort; empty for a model that does not reason and refuses the parameter; None: not known.
        other_temperatures: Which efforts allow a temperature other than 1; empty: none does. "" stands for no effort given.
            None: not known.
        max_completion_tokens: The largest completion, thinking included.
        context_tokens: Request and completion together.
        schemas: Whether answers can be held to a JSON schema.
        shutdown: The day announced for its end.
    """

    efforts: tuple[str, ...] | None = None
    other_temperatures: tuple[str, ...] | None = None
    max_completion_tokens: int | None = None
    context_tokens: int | None = None
    schemas: bool | None = None
    shutdown: date | None = None


_GPT5 = ModelRules(_GPT5_EFFORTS, (), 128_000, 400_000, True, date(2026, 12, 11))
_GPT54 = ModelRules(_GPT52_EFFORTS, ("", "none"), 128_000, 1_050_000, True)
_GPT56 = replace(_GPT54, efforts=_GPT56_EFFORTS)
_O = ModelRules(_OLD_EFFORTS, (), 100_000, 200_000, True, date(2026, 10, 23))
_EVERY = ("", "none")
_GPT41 = ModelRules((), _EVERY, 32_768, 1_000_000, True, date(2027, 1, 14))
_GPT4O = ModelRules((), _EVERY, 16_384, 128_000, True, date(2027, 1, 14))
_GPT4_TURBO = ModelRules((), _EVERY, 4_096, 128_000, False, date(2026, 10, 23))

MODELS: dict[str, ModelRules] = {
    "gpt-5": _GPT5,
    "gpt-5-mini": _GPT5,
    "gpt-5-nano": _GPT5,
    "gpt-5.1": ModelRules(_GPT51_EFFORTS, _EVERY, 128_000, 400_000, True, date(2027, 4, 1)),
    "gpt-5.2": ModelRules(_GPT52_EFFORTS, _EVERY, 128_000, 400_000, True),
    "gpt-5.4": _GPT54,
    "gpt-5.4-mini": replace(_GPT54, max_completion_tokens=None, context_tokens=400_000),
    "gpt-5.4-nano": replace(_GPT54, max_completion_tokens=None, context_tokens=400_000, shutdown=date(2027, 4, 1)),
    "gpt-5.5": replace(_GPT54, context_tokens=1_000_000),
    "gpt-5.6-sol": _GPT56,
    "gpt-5.6-terra": _GPT56,
    "gpt-5.6-luna": _GPT56,
    "gpt-6-sol": ModelRules(_GPT56_EFFORTS, context_tokens=1_050_000),
    "gpt-6-luna": ModelRules(context_tokens=1_050_000),
    "gpt-6.1-sol": ModelRules(context_tokens=1_050_000),
    "gpt-6.1-terra": ModelRules(context_tokens=1_050_000),
    "o1": _O,
    "o3": replace(_O, shutdown=date(2026, 12, 11)),
    "o3-mini": _O,
    "o4-mini": _O,
    "gpt-4.1": _GPT41,
    "gpt-4.1-mini": _GPT41,
    "gpt-4.1-nano": replace(_GPT41, shutdown=date(2026, 10, 23)),
    "gpt-4o": _GPT4O,
    "gpt-4o-2024-05-13": replace(_GPT4O, max_completion_tokens=4_096, schemas=False, shutdown=date(2026, 10, 23)),
    "gpt-4o-mini": _GPT4O,
    "gpt-4-turbo": _GPT4_TURBO,
}


@dataclass(frozen=True)
class Asked:
    """What a request asks of its model, as far as rules speak of it.

    Attributes:
        max_completion_tokens: Its budget, thinking and text together.
        input_tokens: Of the request; 0 where it is not known yet.
        schema: Whether the answer is to follow a JSON schema.
    """

    model: str
    temperature: float | None
    reasoning_effort: str | None
    verbosity: str | None
    max_completion_tokens: int
    schema: bool = False
    input_tokens: int = 0


@dataclass(frozen=True)
class Broken:
    """A rule that a request breaks: the setting (a field of `Asked`), and in words what the model takes instead."""

    setting: str
    says: str


def rules_of(model: str) -> ModelRules | None:
    """The rules of a model, by its dated name, too; None where they are not known."""
    return MODELS.get(model) or MODELS.get(_DATED.sub("", model))


def broken_rules(asked: Asked) -> list[Broken]:
    """Which of its model's rules a request breaks; empty also where the rules are not known."""
    rules = rules_of(asked.model)
    return [] if rules is None else [*_effort(asked, rules), *_temperature(asked, rules), *_verbosity(asked), *_size(asked, rules)]


def room_beside(model: str, tokens: int) -> int | None:
    """How many tokens a model's window has left beside so many, of a request or of its budget; None where the window is not known."""
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
    if asked.schema and rules.schemas is False:
        yield Broken("model", f"{asked.model} does not hold its answers to a JSON schema, which this stage needs; choose another model")
