"""A person's edit is a version of its own that nothing overwrites unasked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text as sql

from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.stages.judgement import Content, Judgement, Outcome
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.requests import pending
from caseforge_assets_tests.commands.worlds import retry
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench, renamed

CURRENT = """
select c.generated_by, c.body, c.notes ->> 0 from caseforge.content c join caseforge.node n on n.id = c.node_id
where c.is_current and c.stage = 'process_details' and n.identity = 'c'
"""


@pytest.fixture
def third_stage() -> Stage:
    """A stage of texts that are made from documents; any text is good."""
    return replace(
        PROCESS,
        key="notes",
        title="Notes",
        inputs="note_inputs",
        outputs="note_outputs",
        content="notes",
        reads=PROCESS.key,
        measure=None,
        judge_text=lambda answer: Judgement(Outcome.ok, content=Content(answer.text)),
    )


def body_of(bench: Workbench) -> str:
    return str(bench.query(CURRENT)[0][1])


def edit(bench: Workbench, text: str, *, anyway: bool = False) -> int:
    with bench.store.begin() as connection:
        return edit_content(connection, bench.project, ContentOf(KEY, bench.ids("1.1.1")[0], PROCESS), text, by="Ada", anyway=anyway)


def edited(bench: OpenBench) -> tuple[Workbench, str]:
    opened = bench()
    opened.given()
    text = body_of(opened) + "\n\nAda knows better."
    edit(opened, text)
    return opened, text


def test_an_edit_is_the_current_version_and_the_old_one_is_kept(bench: OpenBench) -> None:
    opened, text = edited(bench)
    ((by, body, note),) = opened.query(CURRENT)
    assert (by, body) == ("edited by Ada", text)
    assert note.startswith("edited from content ")
    assert opened.column("select count(*) from caseforge.content where stage = 'process_details'") == [7]


@pytest.mark.slow
def test_its_use_cases_are_stale_and_made_anew_from_it(bench: OpenBench) -> None:
    opened, text = edited(bench)
    stale = {
        (status.asset, status.node.code)
        for status in read_statuses(opened.store, opened.project, KEY)
        if status.condition is Condition.STALE
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


def test_a_request_whose_batch_was_refused_or_expired_is_not_sent_again(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", "1.1.2", stages=[PROCESS])
    edit(opened, "\n\n".join(f"## {name}\n\nWritten by hand." for name in section_names()))
    opened.change("update caseforge.request set state = 'pending'")  # as when a batch sends its requests back
    opened.work()
    assert opened.stats()["requests_accepted"] == 1
    with opened.store.connect() as connection:
        assert [(row.code, row.stage) for row in pending.unapproved(connection, True)] == [("1.1.2", "usecases")]


@pytest.mark.slow
def test_a_person_who_asks_gets_another_answer(bench: OpenBench) -> None:
    opened, text = edited(bench)
    opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    ((by, body, _),) = opened.query(CURRENT)
    assert not by.startswith("edited")
    assert body != text


def test_what_lacks_a_section_is_refused_and_kept_only_if_wanted(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    with pytest.raises(ValueError, match=r"not accepted: sections absent: .*--anyway"):
        edit(opened, "## Overview\n\nShort.")
    assert edit(opened, "## Overview\n\nShort.", anyway=True)
    with pytest.raises(ValueError, match="not accepted"):
        edit(opened, "  \n", anyway=True)
    assert body_of(opened) == "## Overview\n\nShort."


def test_a_text_is_no_use_cases(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    with pytest.raises(ValueError, match="are data, not a text"), opened.store.begin() as connection:
        edit_content(connection, opened.project, ContentOf(KEY, opened.ids("1.1.1")[0], USECASES), "x", by="Ada")


def test_the_head_of_an_exported_page_is_taken_off(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
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


def edited_elsewhere(bench: OpenBench) -> tuple[Workbench, str]:
    """Simulated content, one document of it edited, and then a provider that bills."""
    _, text = edited(bench)
    return bench(bills=True, budget_usd=10), text


@pytest.mark.slow
def test_what_was_simulated_before_it_was_edited_counts_for_a_provider_that_bills(bench: OpenBench) -> None:
    opened, text = edited_elsewhere(bench)
    assert [part.states for part in opened.draft().stages] == [{"done": 1, "missing": 5}, {"missing": 1, "no_source": 5}]
    opened.generate(stages=[PROCESS])
    assert opened.stats()["requests_accepted"] == 5
    opened.generate(stages=[USECASES])
    assert opened.stats()["requests_accepted"] == 11
    assert opened.query(CURRENT)[0][:2] == ("edited by Ada", text)
    bodies = opened.column("select body from caseforge.request where is_current and stage = 'usecases' order by id")
    assert sum("Ada knows better." in body for body in bodies) == 1


def test_an_edit_is_marked_simulated_nowhere_and_what_a_simulated_provider_made_of_it_is(bench: OpenBench) -> None:
    opened, _ = edited(bench)
    opened.generate()
    marked = "select stage, simulated from caseforge.content c join caseforge.node n on n.id = c.node_id where is_current and n.identity = 'c' order by 1"
    assert opened.query(marked) == [("process_details", False), ("usecases", True)]


def test_an_edit_does_not_keep_a_new_edition_from_confirming_what_is_simulated(bench: OpenBench) -> None:
    opened, text = edited(bench)
    opened.generate()
    loaded = opened.load(renamed("1.1", "Win riders"))
    assert loaded.carried is not None
    assert loaded.carried.confirmed == {"process_details": 2, "usecases": 3}
    assert loaded.carried.stale == {"process_details": 0, "usecases": 0}
    assert opened.query(CURRENT)[0][1] == text


def test_asking_again_for_everything_leaves_what_a_person_wrote(bench: OpenBench) -> None:
    opened, text = edited(bench)
    plan = opened.draft(stages=[PROCESS], ask_again=True)
    assert [(part.nodes, part.written_kept) for part in plan.stages] == [(5, 1)]
    opened.generate(stages=[PROCESS], ask_again=True)
    assert opened.query(CURRENT)[0][1] == text


def test_a_failed_node_that_a_person_wrote_is_not_sent_again(bench: OpenBench) -> None:
    opened = bench(faults=["refusal:match=-1-1-1-r"])
    opened.generate("1.1.1", stages=[PROCESS])
    text = "\n\n".join(f"## {name}\n\nWritten by hand." for name in section_names())
    edit(opened, text)
    retry(opened)
    assert opened.stats()["requests_accepted"] == 1
    with opened.store.connect() as connection:
        assert attempts.failures(connection, KEY) == []
    assert opened.query(CURRENT)[0][1] == text


def test_a_bad_answer_that_was_under_way_is_no_failure_of_what_a_person_wrote(bench: OpenBench) -> None:
    opened = bench(faults=["refusal:match=-1-1-1-r"], latency_s=0.5)
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    edit(opened, "\n\n".join(f"## {name}\n\nWritten by hand." for name in section_names()))
    opened.work()
    assert opened.column("select outcome from caseforge.attempt") == ["refused"]
    assert opened.column("select kind from caseforge.outbox where asset = 'process_documents' order by id desc limit 1") == ["made"]
    with opened.store.connect() as connection:
        assert attempts.failures(connection, KEY) == []


def test_rows_of_a_journal_from_before_come_back_as_what_a_person_wrote(bench: OpenBench, empty_store: Engine) -> None:
    opened, _ = edited(bench)
    opened.change("update caseforge.content set simulated = true where edited_after is not null")
    write_journal(opened.store, opened.folder)
    restore(empty_store, opened.folder)
    with empty_store.connect() as connection:
        assert list(connection.scalars(sql("select simulated from caseforge.content where edited_after is not null"))) == [False]


def test_a_text_of_a_later_stage_stays_when_what_it_was_made_from_changes(bench: OpenBench, third_stage: Stage) -> None:
    opened = bench().with_stages(PROCESS, USECASES, third_stage)
    opened.generate("1.1.1", stages=opened.stages.shared)
    assert opened.column("select count(*) from caseforge.content where stage = :stage", stage=third_stage.key) == [1]
    with opened.store.begin() as connection:
        edit_content(connection, opened.project, ContentOf(KEY, opened.ids("1.1.1")[0], third_stage), "My own words.", by="Ada")
    plan = opened.approve("1.1.1", stages=opened.stages.shared, ask_again=True)
    assert [(part.nodes, part.written_kept) for part in plan.stages] == [(1, 0), (1, 0), (0, 1)]
    opened.change("update caseforge.request set question = 'about another document' where stage <> 'process_details'")
    opened.work()
    current = opened.column("select body from caseforge.content where is_current and stage = :stage", stage=third_stage.key)
    assert current == ["My own words."]
    made = "select stage, count(*) from caseforge.request where stage <> 'process_details' group by 1 order by 1"
    assert opened.query(made) == [(third_stage.key, 1), ("usecases", 2)]
