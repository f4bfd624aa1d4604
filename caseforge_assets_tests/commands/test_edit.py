"""What a person wrote: a version of its own that nothing overwrites unasked."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.edit_content import edit_content
from caseforge_assets.commands.station_statuses import read_statuses
from caseforge_assets.reports.freshness import Condition
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench, renamed

CURRENT = """
select c.generated_by, c.body, c.notes ->> 0 from caseforge.content c join caseforge.node n on n.id = c.node_id
where c.is_current and c.stage = 'process_details' and n.identity = 'c'
"""


def body_of(bench: Workbench) -> str:
    return str(bench.query(CURRENT)[0][1])


def edit(bench: Workbench, text: str, *, anyway: bool = False) -> int:
    with bench.store.begin() as connection:
        return edit_content(connection, bench.configuration, KEY, bench.ids("1.1.1")[0], PROCESS, text, by="Ada", anyway=anyway)


def edited(bench: OpenBench) -> tuple[Workbench, str]:
    opened = bench()
    opened.generate()
    text = body_of(opened) + "\n\nAda knows better."
    edit(opened, text)
    return opened, text


def test_an_edit_is_the_current_version_and_the_old_one_is_kept(bench: OpenBench) -> None:
    opened, text = edited(bench)
    ((by, body, note),) = opened.query(CURRENT)
    assert (by, body) == ("edited by Ada", text)
    assert note.startswith("edited from content ")
    assert opened.column("select count(*) from caseforge.content where stage = 'process_details'") == [7]


def test_its_use_cases_are_stale_and_made_anew_from_it(bench: OpenBench) -> None:
    opened, text = edited(bench)
    stale = {
        (one.station, one.node.code) for one in read_statuses(opened.store, opened.configuration, KEY) if one.condition is Condition.STALE
    }
    assert stale == {("usecase_batch_inputs", "1.1.1")}
    assert [part.states for part in opened.draft().stages] == [{"done": 6}, {"done": 5, "stale": 1}]
    before = opened.stats()["requests_accepted"]
    opened.generate()
    assert opened.stats()["requests_accepted"] - before == 1
    assert (
        "Ada knows better."
        in opened.column(
            "select body from caseforge.request where is_current and stage = 'usecases' and node_id = :id", id=opened.ids("1.1.1")[0]
        )[0]
    )
    assert opened.query(CURRENT)[0][1] == text


@pytest.mark.parametrize("change", ["ancestor", "settings"])
def test_nothing_overwrites_it_unasked(bench: OpenBench, change: str) -> None:
    opened, text = edited(bench)
    if change == "ancestor":
        opened.load(renamed("1.1.1", "Advertise more"))
    else:
        opened = opened.configured(openai_model="gpt-5-mini")
    opened.generate(stages=[PROCESS])
    assert opened.query(CURRENT)[0][1] == text


def test_an_answer_that_was_under_way_does_not_hide_it(bench: OpenBench) -> None:
    opened = bench(latency_s=0.5)
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    text = "\n\n".join(f"## {name}\n\nWritten by hand." for name in section_names())
    edit(opened, text)
    opened.work()
    assert opened.column("select outcome from caseforge.attempt") == ["ok"]
    assert opened.query(CURRENT)[0][:2] == ("edited by Ada", text)


def test_a_request_that_was_not_sent_yet_is_not_sent(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    edit(opened, "\n\n".join(f"## {name}\n\nWritten by hand." for name in section_names()))
    opened.work()
    assert opened.stats()["requests_accepted"] == 0


def test_a_person_who_asks_gets_another_answer(bench: OpenBench) -> None:
    opened, text = edited(bench)
    opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    ((by, body, _),) = opened.query(CURRENT)
    assert not by.startswith("edited")
    assert body != text


def test_what_lacks_a_section_is_refused_and_kept_only_if_wanted(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1", stages=[PROCESS])
    with pytest.raises(ValueError, match=r"not accepted: sections absent: .*--anyway"):
        edit(opened, "## Overview\n\nShort.")
    assert edit(opened, "## Overview\n\nShort.", anyway=True)
    with pytest.raises(ValueError, match="not accepted"):
        edit(opened, "  \n", anyway=True)
    assert body_of(opened) == "## Overview\n\nShort."


def test_data_are_not_edited_as_a_text(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1")
    with pytest.raises(ValueError, match="are data, not a text"), opened.store.begin() as connection:
        edit_content(connection, opened.configuration, KEY, opened.ids("1.1.1")[0], USECASES, "x", by="Ada")


def test_the_head_of_an_exported_page_is_taken_off(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1", stages=[PROCESS])
    body = body_of(opened).replace("## Overview", "## Overview\n\nNew words.", 1)
    edit(opened, f"# Process Details - Advertise\n\n*1.1.1 · shop file 1 · gpt-5 (simulated) · 2026-11-24 · batch x*\n\n{body}\n")
    assert body_of(opened) == body.strip()


def section_names() -> list[str]:
    from caseforge_assets.stages.process_details.sections import BUILT_IN

    return [section.name for section in BUILT_IN.entries]


def test_edits_go_with_a_node_that_moves(bench: OpenBench) -> None:
    opened, text = edited(bench)
    opened.load([("1.1.9", *row[1:]) if row[1] == "c" else row for row in SHOP])
    assert opened.query(CURRENT)[0][1] == text
