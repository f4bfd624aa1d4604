"""Tables at any width: figures whole, texts wrapped, the least important columns gone first and named."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest
from rich.cells import cell_len

from caseforge_assets.cli.shared.console import PIPE_WIDTH, SafeConsole, made_console
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets_tests.cli.conftest import OpenCommandLine

CELLS = (
    "process_details",
    "billed",
    "1,234,567",
    "9,876,543",
    "$24.41 and 3 unknown",
    "Reasoning used all tokens of the budget; no text was left.",
)


def drawn(width: int, *, plain: bool = False) -> str:
    table = FittingTable("Stage", "Kind", "Input", "Output", "Cost", "Why", drop=("Input", "Kind", "Output"), plain=plain)
    table.add_row(*CELLS)
    made = SafeConsole(width=width, markup=False, emoji=False, highlight=False)
    with made.capture() as said:
        made.print(table)
    return said.get()


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("width", range(60, 141))
def test_figures_are_whole_at_any_width(width: int, plain: bool) -> None:
    said = drawn(width, plain=plain)
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= width
    assert "$24.41 and 3 unknown" in said
    for name, figure in (("Input", "1,234,567"), ("Output", "9,876,543")):
        shown = figure in said
        assert shown != (name in said.partition("No room here for: ")[2])


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("width", range(60, 121))
def test_figures_are_whole_beside_a_long_word(width: int, plain: bool) -> None:
    table = FittingTable("Batch", "State", "Use cases", "Cost", "Expected", drop=("Use cases", "Expected"), plain=plain)
    table.add_row("2 of shop batch_77c4e75576b0de7dab798da0", "completed", "33", "$0.0815", "$0.1958")
    made = SafeConsole(width=width, markup=False, emoji=False, highlight=False)
    with made.capture() as said:
        made.print(table)
    assert "batch_77c4e75576b0de7dab798da0" in said.get()
    for name, figure in (("Use cases", "33"), ("Cost", "$0.0815"), ("Expected", "$0.1958")):
        assert (f" {figure} " in f"{said.get()} ") != (name in said.get().partition("No room here for: ")[2])


@pytest.mark.parametrize("width", range(60, 121))
def test_a_table_of_long_texts_and_long_words_is_as_wide_as_the_window(width: int) -> None:
    table = FittingTable("Node", "Name", "Failure", "Why", "So far", "Next", drop=("Name", "So far"))
    why = "reasoning used all 8,000 tokens of the budget; no text was left"
    for name in ("Advertise", "自転車を修理して返却するまでの手順"):
        table.add_row(
            "1.1.1.1", name, "process_details: truncated_reasoning", why, "1 attempt, 8,000 tokens, $0.04", "sent again with 16,000 tokens"
        )
    made = SafeConsole(width=width, markup=False, emoji=False, highlight=False)
    with made.capture() as said:
        made.print(table)
    lines = [line for line in said.get().splitlines() if line.startswith(("┏", "┃", "┡", "│", "└"))]
    assert {cell_len(line) for line in lines} == {cell_len(lines[0])}
    assert cell_len(lines[0]) <= width
    assert lines[0].endswith("┓")
    assert "truncated_reasoning" in said.get()
    assert " 1.1.1.1 " in said.get()


def test_what_matters_least_goes_first() -> None:
    missing = [drawn(width).partition("No room here for: ")[2].partition(".")[0] for width in (140, 80, 70, 60)]
    assert missing[0] == ""
    assert all(set(more.split(", ")) >= set(fewer.split(", ")) - {""} for fewer, more in pairwise(missing))
    assert missing[-1] == "Kind, Input, Output"


NAMED = (
    "`caseforge failed --framework shop`",
    "caseforge approve 3",
    "(caseforge plans cancel 12)",
    "`caseforge retry --framework shop --nodes 1.1.1,1.1.2`",
)


@pytest.mark.parametrize("width", range(30, 121))
def test_a_command_to_type_stands_on_one_line(width: int) -> None:
    made = SafeConsole(width=width, markup=False, emoji=False, highlight=False)
    text = f"Nothing new: all is there, or failed ({NAMED[0]}). Approve it with: {NAMED[1]}. Or cancel it {NAMED[2]}; {NAMED[3]} sends them again."
    with made.capture() as said:
        made.print(text, style="yellow")
    assert all(name in said.get() for name in NAMED)
    assert " ".join(said.get().split()) == text
    lines = said.get().splitlines()
    assert len(lines) == 1 or max(map(len, lines)) <= width


@pytest.mark.parametrize("stderr", [False, True])
def test_a_pipe_is_as_wide_as_columns_says(monkeypatch: pytest.MonkeyPatch, stderr: bool) -> None:
    monkeypatch.setattr(sys, "__stdout__", None)  # whoever runs this may have a terminal
    for said, width in (("80", 80), ("211", 211), ("", PIPE_WIDTH), ("wide", PIPE_WIDTH), ("0", PIPE_WIDTH)):
        monkeypatch.setenv("COLUMNS", said)
        assert made_console(stderr=stderr).width == width


def test_nobody_at_a_question_is_no_consent(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    assert "Nobody answered" in cli.run("generate", "--nodes", "1.1.1", expected=5)
    assert cli.stats()["requests_accepted"] == 0
