"""An answer that stands alone needs no taking out: the short way and the long one give the same answer."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from caseforge_assets.stages.texts.characters import SEEN, visible
from caseforge_assets.stages.texts.plain_answers import stands_alone, take_out
from caseforge_assets_tests.stages.answers import answer, document, use_cases

BEGINNINGS = ("# ", "## ", "\n\n# ", "#", "# The ", "{", '{"', '{\n  "', "\u2003## ", "###### ", "####### ")
PIECES = (
    *(
        "think",
        "Thinking",
        "the ",
        "my ",
        "here is ",
        "reasoning",
        "thought process",
        "Final answer",
        ":",
        " ",
        "\n",
        "\n\n",
        "…",
        "*",
        "_",
        "> ",
    ),
    *(
        "<",
        ">",
        "</",
        "<think>",
        "</think>",
        "<|",
        "|>",
        "<|channel|>final<|message|>",
        "[think]",
        "[/think]",
        "◁think▷",
        "◁/think▷",
        "<unused95>",
    ),
    *("<answer>", "</answer>", "<|im_end|>", "[|x|]", "<s>", "'''", "```think\n", "\n```", ":::", "analysis", "assistantfinal", "\\boxed{"),
    *("{", "}", "[", "]", '"', "(thinking)", "{think}", "{/think}", "<!-- a\n-->", "&lt;think&gt;", "&lt;/think&gt;", "x" * 70, " " * 300),
    *("\ufeff", "\u200b", "ï»¿", "\ufffd", "\x1b[1m", "\x00", "\xa0", "\u2028", "\u3164"),
)
Texts = some.builds("{}{}".format, some.sampled_from(BEGINNINGS), some.lists(some.sampled_from(PIECES), max_size=12).map("".join))


@given(Texts)
@settings(max_examples=250, deadline=None)
def test_what_stands_alone_is_left_as_it_is(text: str) -> None:
    assume(stands_alone(text))
    came = answer(text)
    assert take_out(came) == (came, ())


@given(some.lists(some.sampled_from(PIECES)).map("".join))
def test_a_text_without_a_character_that_is_seen_says_nothing(text: str) -> None:
    assert bool(SEEN.search(text)) == bool(visible(text).strip())


@pytest.mark.parametrize(
    "text", [document(), f"# Shipping\n\n{document()}\n", use_cases(), f"{use_cases()}\n"], ids=["sections", "title", "JSON", "end"]
)
def test_answers_as_they_were_asked_for_stand_alone(text: str) -> None:
    assert stands_alone(text)


@pytest.mark.parametrize(
    "text", ["# Thinking\n\nSo.\n\n# Answer\n\nYes", "# A\n\nso</think> B", '{"a": 1}</answer>', f"# A{' ' * 500}B", "\ufeff# A", "A"]
)
def test_answers_with_something_around_them_do_not(text: str) -> None:
    assert not stands_alone(text)


@pytest.mark.parametrize(("begins", "ends"), [("<think>", "</think>"), ("[think]", "[/think]")])
def test_marks_that_a_text_speaks_of_take_nothing_out_of_it(begins: str, ends: str) -> None:
    came = answer(f"# A\n\nThe mark {begins} begins a thought and {ends} ends it.\n\nMore.")
    assert take_out(came) == (came, ())


def test_a_backslash_before_the_end_of_thinking_keeps_none_of_it_in() -> None:
    plain, _ = take_out(answer("It splits at \\s and goes on.[/think]\n# A\n\nYes"))
    assert plain.text.strip() == "# A\n\nYes"
