"""The documents' figures on prompt caching in a full run follow from the prompts, the prices and the tokens of its plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from caseforge_assets.costs.estimates import count_tokens
from caseforge_assets.costs.prices import NO_OWN_PRICES, Rates, rates_on
from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.stage import Source, StageSettings, request_body
from caseforge_assets_tests.workbench import PROCESS, USECASES

SAYS = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
NODES, DOCUMENTS_IN, USECASES_IN = 1_545, 1_971_801, 6_952_500  # the plan of Cross-Industry 7.4
ALL_IN = DOCUMENTS_IN + USECASES_IN
FIXED = (1_049, 918, 350)


def rates(model: str) -> Rates:
    found = rates_on(model, date(2026, 11, 29), NO_OWN_PRICES)
    assert found is not None
    return found


def test_what_requests_begin_with_has_so_many_tokens() -> None:
    process, usecases = (request_body(stage, StageSettings(), Source("Name", "Context", (), "Document")) for stage in (PROCESS, USECASES))
    counted = (
        count_tokens(process["messages"][0]["content"]),
        count_tokens(usecases["messages"][0]["content"]),
        count_tokens(canonical_json(usecases["response_format"])),
    )
    assert counted == FIXED
    assert f"{FIXED[0]:,} tokens of\ninstructions for a document; {FIXED[1]}, and {FIXED[2]} of the schema" in SAYS
    assert NODES * USECASES.typical_input_tokens == USECASES_IN


def test_everything_written_and_nothing_read() -> None:
    sol = rates("gpt-6.1-sol")
    plain = ALL_IN * sol.input + NODES * (PROCESS.typical_output_tokens + USECASES.typical_output_tokens) * sol.output
    more = sol.cache_write - sol.input
    assert f"{ALL_IN:,} tokens in" in SAYS
    assert f"${plain:.2f} in all" in SAYS
    assert f"{ALL_IN:,} x $0.25 per million = ${ALL_IN * more:.2f} more, ${plain + ALL_IN * more:.2f}**" in SAYS
    assert f"of which ${DOCUMENTS_IN * more:.2f} are the documents'" in SAYS


def test_every_common_beginning_read() -> None:
    sol = rates("gpt-6.1-sol")
    plain = ALL_IN * sol.input + NODES * (PROCESS.typical_output_tokens + USECASES.typical_output_tokens) * sol.output
    read = (NODES - 1) * sum(FIXED)
    saved, written = read * (sol.input - sol.cached), (ALL_IN - read) * (sol.cache_write - sol.input)
    assert f"{read:,} tokens cost $0.95 per million less, which is ${saved:.2f}; the other {ALL_IN - read:,} are still written" in SAYS
    assert f"${written:.2f} more. **Then the run costs ${saved - written:.2f} less, ${plain - saved + written:.2f}.**" in SAYS


def test_what_a_setting_of_ones_own_could_change() -> None:
    sol = rates("gpt-6.1-sol")
    best, worst = (NODES - 1) * sum(FIXED) * (sol.input - sol.cached), NODES * sum(FIXED) * (sol.cache_write - sol.input)
    assert f"between ${best:.2f} less" in SAYS
    assert f"1,545 x (1,049 + 1,268) tokens x $0.25 per million = ${worst:.2f} more" in SAYS


@pytest.mark.parametrize("model", ["gpt-5"])
def test_older_models_write_for_nothing(model: str) -> None:
    old = rates(model)
    steps = sum(tokens - tokens % 128 for tokens in (FIXED[0], FIXED[1] + FIXED[2]))
    assert old.cache_write == old.input
    assert f"1,544 x {steps:,} tokens at $0.5625 per million less, ${(NODES - 1) * steps * (old.input - old.cached):.2f}" in SAYS
