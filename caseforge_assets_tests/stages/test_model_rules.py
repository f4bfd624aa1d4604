"""Rules of models: what is refused before it is sent, and what is said to do instead."""

from __future__ import annotations

import pytest

from caseforge_assets.stages.model_rules import MODELS, Asked, broken_rules, default_temperature, rules_of, taken_temperature

FINE = Asked("gpt-5", 1.0, None, None, 8_000)


def said(asked: Asked) -> dict[str, str]:
    return {broken.setting: broken.says for broken in broken_rules(asked)}


@pytest.mark.parametrize(
    ("asked", "setting", "instead"),
    [
        (Asked("gpt-5", 0.5, None, None, 8_000), "temperature", "gpt-5 accepts 1 only, not 0.5; write 1.0"),
        (Asked("gpt-5-mini-2025-08-07", 0, None, None, 8_000), "temperature", "accepts 1 only, not 0"),
        (Asked("o3", 0.2, "low", None, 8_000), "temperature", "o3 accepts 1 only"),
        (Asked("gpt-5.1", 0.2, "low", None, 8_000), "temperature", """write 1.0, or reasoning_effort = "none" beside it"""),
        (Asked("gpt-5", 1, "none", None, 8_000), "reasoning_effort", "does not know 'none'; write one of minimal, low, medium, high"),
        (Asked("gpt-5.1", 1, "minimal", None, 8_000), "reasoning_effort", "write one of none, low, medium, high"),
        (Asked("gpt-4o", 0.3, "low", None, 8_000), "reasoning_effort", "does not reason"),
        (Asked("gpt-5", 1, None, "lots", 8_000), "verbosity", "write one of low, medium, high"),
        (
            Asked("gpt-4o", 0.3, None, None, 30_000),
            "max_completion_tokens",
            "writes 16,384 tokens at most, not 30,000; write 16384 or less",
        ),
        (Asked("gpt-5", 1, None, None, 128_000, input_tokens=300_000), "max_completion_tokens", "write 100000 or less"),
        (Asked("gpt-5", 1, None, None, 8_000, input_tokens=400_000), "max_completion_tokens", "shorten what it is told"),
        (Asked("gpt-6.1-sol", 0.2, None, None, 8_000), "temperature", "is to be sent none, not 0.2; leave it out"),
        (Asked("gpt-6.1-sol", None, "none", None, 8_000), "reasoning_effort", "write one of low, medium, high, xhigh, max"),
        (Asked("gpt-6.1-sol", None, "minimal", None, 8_000), "reasoning_effort", "does not know 'minimal'"),
        (Asked("gpt-6.1-terra", None, "minimal", None, 8_000), "reasoning_effort", "does not know 'minimal'"),
        (
            Asked("gpt-5.5-pro", None, None, None, 8_000),
            "endpoint",
            'at /v1/responses only, not at /v1/chat/completions; write endpoint = "resp',
        ),
        (Asked("gpt-4-turbo", 1, None, None, 4_000, schema=True), "model", "does not hold its answers to a JSON schema"),
    ],
)
def test_what_a_model_refuses_is_said_with_what_to_write_instead(asked: Asked, setting: str, instead: str) -> None:
    found = said(asked)
    assert list(found) == [setting]
    assert instead in found[setting]


@pytest.mark.parametrize(
    "asked",
    [
        FINE,
        Asked("gpt-5", None, "minimal", "low", 128_000, schema=True, input_tokens=4_000),
        Asked("gpt-5.1", 0.2, None, None, 8_000),  # its effort is none by default
        Asked("gpt-5.2", 0.2, "none", None, 8_000),
        Asked("gpt-4o-2024-08-06", 0.2, None, None, 16_384, schema=True),
        Asked("gpt-6.1-terra", None, "none", None, 128_000, schema=True),
        Asked("gpt-6.2-astra", None, "extreme", None, 900_000),  # little is known of it, and nothing of this
        Asked("gpt-5.5-pro", None, "high", "low", 8_000, schema=True, endpoint="responses"),
        Asked("gpt-6.1-sol", None, None, None, 8_000, schema=True, endpoint="responses"),
        Asked("a-model-of-our-own", 1.7, "tremendous", None, 10_000_000, schema=True),
    ],
)
def test_what_is_allowed_or_not_known_passes(asked: Asked) -> None:
    assert said(asked) == {}


def test_several_rules_are_named_at_once() -> None:
    assert set(said(Asked("gpt-5", 0.5, "max", None, 200_000))) == {"temperature", "reasoning_effort", "max_completion_tokens"}


def test_dated_names_have_the_rules_of_their_model_unless_they_have_their_own() -> None:
    assert rules_of("gpt-5-2025-08-07") is MODELS["gpt-5"]
    assert rules_of("gpt-4o-2024-05-13") is MODELS["gpt-4o-2024-05-13"]
    assert rules_of("gpt-5-chat-latest") is None


def test_temperature_is_sent_where_it_is_welcome_and_somebody_set_it() -> None:
    assert [default_temperature(model) for model in ("gpt-5", "gpt-5-2025-08-07", "gpt-6.1-sol", "a-model-of-our-own")] == [
        1.0,
        1.0,
        None,
        None,
    ]
    assert taken_temperature("gpt-6.1-sol", 1.0) is None, "all models have 1 by themselves"
    assert taken_temperature("gpt-6.1-sol", 0.2) == 0.2, "refused by its rules, and not left out in silence"
    assert taken_temperature("gpt-5", 1.0) == 1.0
    assert taken_temperature("a-model-of-our-own", 1.0) == 1.0


def test_every_entry_says_where_it_is_from() -> None:
    assert [name for name, rules in MODELS.items() if not rules.source or rules.looked_up is None] == []
    assert [rules.successor for rules in MODELS.values() if rules.successor and rules.successor not in MODELS] == []
