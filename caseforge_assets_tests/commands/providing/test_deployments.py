"""Names of a provider's own for models, such as Azure's deployments: they are sent, and everything else goes by the model that they stand for."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.commands.providing.check_models import rule_faults
from caseforge_assets.settings import ConfigurationError, StageOverrides, load_settings
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets_tests.commands.model_changes import stale, to_send
from caseforge_assets_tests.workbench import PROCESS, USECASES, OpenBench, Workbench

SOL, TERRA = "gpt-6.1-sol", "gpt-6.1-terra"
DEPLOYED: dict[str, Any] = {"openai_model": "gpt-ours", "provider": ProviderSettings(models={"gpt-ours": SOL, "gpt-our-terra": TERRA})}


def lines_of(bench: Workbench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in (bench.path / "artifacts").rglob("*input.jsonl*"):
        found += [json.loads(line) for line in path.read_bytes().splitlines()]
    return found


def made(bench: Workbench) -> int:
    return int(bench.column("select count(*) from caseforge.content where is_current")[0])


def test_the_name_is_sent_and_the_model_is_what_is_stored_and_priced(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=Decimal(100), **DEPLOYED)
    opened.generate()
    assert opened.query("select distinct model, sent_as from caseforge.batch") == [(SOL, "gpt-ours")]
    assert {line["body"]["model"] for line in lines_of(opened)} == {"gpt-ours"}
    assert opened.column("select distinct model from caseforge.request") == [SOL]
    assert opened.column("select distinct model from caseforge.attempt") == [SOL]
    assert opened.column("select distinct model from caseforge.content") == [SOL]
    (made_by,) = opened.column("select distinct generated_by from caseforge.content")
    assert made_by == f"Batch API at {opened.provider.base_url}, as gpt-ours"
    assert opened.column("select count(*) from caseforge.attempt where cost_usd is null") == [0]
    assert opened.column("select usage_differs from caseforge.batch where usage_differs is not null") == []


def test_stages_have_deployments_of_their_own(bench: OpenBench) -> None:
    names = ProviderSettings(models={"gpt-eu": SOL, "gpt-us": SOL})
    opened = bench(openai_model="gpt-eu", provider=names, stages={"usecases": StageOverrides(model="gpt-us")})
    opened.generate()
    assert opened.query("select distinct stage, model, sent_as from caseforge.batch order by 1") == [
        ("process_details", SOL, "gpt-eu"),
        ("usecases", SOL, "gpt-us"),
    ]


def test_a_model_with_one_name_is_sent_by_it(bench: OpenBench) -> None:
    opened = bench(openai_model=SOL, provider=ProviderSettings(models={"gpt-ours": SOL}))
    opened.generate("1.1.1", stages=[PROCESS])
    assert {line["body"]["model"] for line in lines_of(opened)} == {"gpt-ours"}


@pytest.mark.parametrize("rule", ["keep", "regenerate"])
def test_a_renamed_deployment_is_the_same_model(bench: OpenBench, rule: str) -> None:
    opened = bench(when_model_changes=rule, **DEPLOYED)
    opened.generate()
    assert made(opened) == 12
    renamed = opened.configured(openai_model="gpt-2027", provider=ProviderSettings(models={"gpt-2027": SOL}))
    assert (to_send(renamed), stale(renamed)) == ([0, 0], 0)
    without = opened.configured(openai_model=SOL, provider=ProviderSettings())
    assert (to_send(without), stale(without)) == ([0, 0], 0)


@pytest.mark.parametrize("rule", ["keep", "regenerate"])
def test_saying_what_a_name_stands_for_makes_nothing_stale(bench: OpenBench, rule: str) -> None:
    """As a project that had its deployment's name as openai_model, when nothing was known of what it stands for."""
    opened = bench(openai_model="gpt-ours", when_model_changes=rule)
    opened.generate()
    assert made(opened) == 12
    known = opened.configured(**DEPLOYED)
    assert (to_send(known), stale(known)) == ([0, 0], 0)
    assert opened.column("select count(*) from caseforge.provider") == [1]


def test_another_model_is_another_model_whatever_it_is_called(bench: OpenBench) -> None:
    opened = bench(when_model_changes="regenerate", **DEPLOYED)
    opened.generate()
    assert to_send(opened.configured(openai_model="gpt-our-terra")) == [6, 6]


def test_rules_and_windows_are_those_of_the_model(bench: OpenBench) -> None:
    opened = bench(stages={"usecases": StageOverrides(model="gpt-ours", reasoning_effort="none")}, **DEPLOYED)
    (fault,) = rule_faults(opened.configuration, USECASES, {})
    assert fault.text.startswith("stages.usecases.reasoning_effort: gpt-6.1-sol does not know 'none'")
    assert stage_settings(opened.configuration, PROCESS).temperature is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[prices."gpt-ours"]\ninput = 1\noutput = 2',
            r"prices.gpt-ours: is the provider's name for gpt-6.1-sol .*write it for that model",
        ),
        ('[max_enqueued_tokens]\n"gpt-ours" = 5', r"max_enqueued_tokens.gpt-ours: is the provider's name for gpt-6.1-sol"),
        ('[provider.models]\n"a" = "b"\n"b" = "c"', r"line \d: provider.models.a: b is itself a name for c; write that"),
        ('[provider.models]\n"a" = "gpt-6.1-sol"\n"b" = "gpt-6.1-sol"', r"openai_model: gpt-6.1-sol has 2 names .*which is meant: a, b"),
        ('[provider.models]\n"a" = ""', r"provider.models.a: .*at least 1 character"),
    ],
)
def test_what_is_ambiguous_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8484/v1")
    names = "" if "[provider.models]" in text else '\n[provider.models]\n"gpt-ours" = "gpt-6.1-sol"\n'
    (project / "caseforge.toml").write_text(f'openai_model = "gpt-6.1-sol"\n{text}{names}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        load_settings(project)


def test_a_name_may_be_that_of_the_model_itself(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8484/v1")
    text = 'openai_model = "gpt-6.1-sol"\n[provider.models]\n"gpt-6.1-sol" = "gpt-6.1-sol"\n"other" = "gpt-6.1-sol"'
    (project / "caseforge.toml").write_text(text, encoding="utf-8")
    assert load_settings(project).configuration.name_at_provider("usecases", SOL) == SOL


def test_files_hold_no_more_than_the_provider_takes_and_begin_without_a_byte_order_mark(bench: OpenBench) -> None:
    opened = bench(provider=ProviderSettings(kind="custom", max_requests=2))
    opened.generate(stages=[PROCESS])
    assert opened.column("select request_count from caseforge.batch order by id") == [2, 2, 2]
    (longest,) = opened.column("select max(size_bytes) from caseforge.request")
    small = opened.configured(provider=ProviderSettings.model_construct(kind="custom", max_bytes=4 * (longest + 300)))
    small.generate(stages=[USECASES])
    files = list((opened.path / "artifacts").rglob("*input.jsonl*"))
    assert files
    assert all(path.read_bytes().startswith(b'{"custom_id"') for path in files)
    sizes = opened.column("select request_count from caseforge.batch where stage = 'usecases' order by id")
    assert sum(sizes) == 6
    assert len(sizes) > 1
    assert max(path.stat().st_size for path in files) <= 4 * (longest + 300)
