"""The third stage: what is asked, what is judged good, what is measured, and that nothing of it shows where it is not switched on."""

from dataclasses import replace
from pathlib import Path

import pytest

from caseforge_assets.settings import Configuration
from caseforge_assets.settings.configuration import StageOverrides
from caseforge_assets.settings.stages import project_stages
from caseforge_assets.stages.discovery import Asking, StageFault, find_stages, with_switches
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stage import StageSettings, StageUnknown, stage_version
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.stages.specifications import FACTS, SPECS, TITLES, answer, source, written


def test_the_request_has_document_use_cases_and_outline() -> None:
    system, user = SPECS.messages(source(*TITLES))
    assert system == SPECS.messages(source("Another one"))[0]  # providers cache it
    assert "Goods are packed." in user["content"]
    assert "*Category: automation · complexity: Medium · return on investment: High · risk: Low*" in user["content"]
    outline = user["content"].partition("<outline>\n")[2].partition("\n</outline>")[0].splitlines()
    assert outline[:4] == ["## Summary", "## Process and Pain Points", "## Recommended Use Cases", f"### {TITLES[0]}"]
    assert len(outline) == 5 + len(TITLES) * 7
    with pytest.raises(ValueError, match="chosen use cases, and there are none"):
        SPECS.messages(source())


def test_what_the_local_server_writes_is_good_and_says_what_it_is() -> None:
    judgement = SPECS.judge(answer(written()))
    assert (judgement.outcome, judgement.notes) == (Outcome.ok, ())
    assert judgement.content is not None
    assert "Simulated by the local Batch API server" in judgement.content.body
    assert written() == written()
    assert SPECS.measure is not None
    quality = SPECS.measure(judgement.content, FACTS)
    assert (quality.parts["sections"], quality.parts["use_cases"], quality.figures["use_cases"]) == (100, 100, 3)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (("## Next Steps\n", "## Afterword\n"), "sections absent: Next Steps"),
        ((f"### {TITLES[0]}\n", "### Something else\n"), f'use cases absent: "{TITLES[0]}"'),
        (("#### Integration\n", "#### Remarks\n"), f'"{TITLES[0]}" lacks Integration'),
        (("#### Risks and Controls\n", "#### Risks and Controls\n\nTBD\n\n#### Notes\n"), f'"{TITLES[0]}" lacks Risks and Controls'),
    ],
)
def test_what_is_missing_is_named(change: tuple[str, str], detail: str) -> None:
    judgement = SPECS.judge(answer(written().replace(*change, 1)))
    assert (judgement.outcome, judgement.detail) == (Outcome.sections_missing, detail)


@pytest.mark.parametrize(
    "change",
    [
        (f"### {TITLES[0]}", f"### 1. **{TITLES[0].upper()}**"),
        (f"### {TITLES[0]}", f"### Use case 1: {TITLES[0]}"),
        (f"### {TITLES[1]}", "### Detect anomalies: early"),
        ("#### Data and Systems", "#### Data & Systems:"),
        ("#### Effort and Roadmap", "**Implementation Roadmap**"),
        ("## KPIs and Benefits Tracking", "## 4. Benefits Tracking"),
    ],
)
def test_headings_are_read_as_people_read_them(change: tuple[str, str]) -> None:
    assert SPECS.judge(answer(written().replace(*change))).outcome is Outcome.ok


def test_a_cut_specification_is_truncated_and_one_of_bold_parts_is_not() -> None:
    half = written()[: len(written()) // 2]
    assert SPECS.judge(answer(half, finish_reason="length")).outcome is Outcome.truncated
    bold = "\n".join(f"**{line[5:]}**" if line.startswith("#### ") else line for line in written().splitlines())
    assert SPECS.judge(answer(bold)).outcome is Outcome.ok


def test_titles_that_hold_each_other_are_told_apart() -> None:
    alike = ("Automate intake", "Automate intake of claims")
    assert SPECS.judge(answer(written(titles=alike), titles=alike)).outcome is Outcome.ok
    without = written(titles=alike).replace("### Automate intake\n", "### Other\n", 1)
    assert SPECS.judge(answer(without, titles=alike)).detail == 'use cases absent: "Automate intake"'
    one = ("Only one",)
    assert SPECS.judge(answer(written(titles=one), titles=one)).outcome is Outcome.ok


def test_amounts_that_mark_no_assumption_cost_points() -> None:
    measure = SPECS.measure
    judged = SPECS.judge(answer(written(titles=TITLES[:1]), titles=TITLES[:1])).content
    assert measure is not None
    assert judged is not None
    bare = replace(judged, body=judged.body.replace("(assumption", "(known"))
    marked, unmarked = measure(judged, FACTS), measure(bare, FACTS)
    assert (marked.parts["assumptions"], unmarked.parts["assumptions"]) == (80, 0)
    assert any("mark an assumption" in limit for limit in unmarked.limits)
    assert unmarked.score < marked.score


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "pt", "nl", "pl"])
def test_a_specification_in_another_language_has_its_headings(language: str) -> None:
    spoken = next(stage for stage in find_stages(asking=Asking(languages=(("", language),))) if stage.key == "usecase_specs")
    assert spoken.judge(answer(written(spoken))).outcome is Outcome.ok
    assert (SPECS.judge(answer(written(spoken))).outcome is Outcome.ok) == (language == "pl")  # nobody has translated these yet
    assert stage_version(spoken, StageSettings()) != stage_version(SPECS, StageSettings())


def test_it_is_off_until_somebody_switches_it_on(tmp_path: Path) -> None:
    as_it_comes = project_stages(tmp_path, Configuration())
    assert [stage.key for stage in as_it_comes] == ["process_details", "usecases"]
    assert not any(asset.stage and asset.stage.key == "usecase_specs" for asset in all_assets(as_it_comes))
    with pytest.raises(StageUnknown, match=r"is switched off. Write enabled = true under \[stages.usecase_specs\]"):
        as_it_comes["usecase_specs"]
    on = project_stages(tmp_path, Configuration(stages={"usecase_specs": StageOverrides(enabled=True)}))
    assert [stage.key for stage in on] == ["process_details", "usecases", "usecase_specs"]
    for stage in stages_as_they_come():  # what there is stays as fresh as it was
        assert stage_version(on[stage.key], StageSettings()) == stage_version(as_it_comes[stage.key], StageSettings())


def test_a_stage_is_not_made_from_one_that_is_off() -> None:
    found = find_stages()
    assert [stage.key for stage in with_switches(found, {}, {"usecases": False})] == ["process_details"]
    with pytest.raises(StageFault, match="usecase_specs is made from usecases, which is switched off"):
        with_switches(found, {}, {"usecases": False, "usecase_specs": True})
