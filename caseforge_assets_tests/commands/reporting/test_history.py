"""The history of one node: everything that happened to it, in order."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.approving.approve_plan import approve_plan
from caseforge_assets.commands.approving.change_plan import cancel_plan
from caseforge_assets.commands.editions.accept_pair import accept_pair, forget_pair
from caseforge_assets.reports.history import Event, tell_history
from caseforge_assets.store.access.audit import entries
from caseforge_assets.store.figures.histories import history_of_node
from caseforge_assets_tests.commands.worlds import edit, eventful
from caseforge_assets_tests.workbench import KEY, OpenBench, Workbench


def history(opened: Workbench, identity: str, key: str = KEY) -> list[Event]:
    query = "select id from caseforge.node where framework_key = :key and identity = :identity"
    (node_id,) = opened.column(query, key=key, identity=identity)
    with opened.store.connect() as connection:
        return tell_history(history_of_node(connection, node_id))


def test_a_node_is_told_from_the_workbook_to_its_candidates(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    events = history(opened, "c")
    assert [event.kind for event in events] == [
        "edition", "context", "request", "sent", "answer", "content", "request", "sent", "answer", "content"
    ]  # fmt: skip
    assert "of shop.csv, place 3: 1.1.1 Advertise; the current edition" in events[0].said
    assert "Places advertisements where riders look." in events[0].details
    assert "candidates: 1.1.1-UC01" in events[-1].details[-1]
    paths = opened.column("select artifacts #>> '{output,path}' from caseforge.batch order by id")
    assert [[path in detail for detail in event.details].count(True) for event in events if event.kind == "answer" for path in paths] == [
        1,
        0,
        0,
        1,
    ]


@pytest.mark.slow
def test_failures_retries_duplicates_edits_and_editions_are_told(bench: OpenBench) -> None:
    opened = eventful(bench)
    failed = "\n".join(event.said for event in history(opened, "c"))
    assert "truncated_reasoning" in failed
    assert "the duplicate of batch" in failed
    edited = history(opened, "d")
    assert any("edited by Ada" in event.said for event in edited)
    assert any("another answer, the 2. to the same question" in event.details for event in edited)
    renamed = [event.said for event in history(opened, "e") if event.kind == "edition"]
    assert len(renamed) == 2
    assert "name changed" in renamed[1]
    reused = [event.said for event in history(opened, "h", "other") if "reused from content" in event.said]
    assert len(reused) == 2
    assert "of shop, at no cost" in reused[0]
    times = [event.at for event in edited]
    assert times == sorted(times)


def test_who_decided_what_is_told_and_in_the_audit_log(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=50)
    (node_id,), (like_id,) = opened.ids("1.1.1"), opened.ids("1.1.2")
    plan_id = opened.draft("1.1.1").id
    with opened.store.begin() as connection:
        approve_plan(connection, opened.project, plan_id, by="anna")
        accept_pair(connection, opened.stages, node_id, like_id, "token nightly")
        forget_pair(connection, opened.stages, node_id, by="cleo")
    opened.round()
    with opened.store.begin() as connection:
        cancel_plan(connection, plan_id, by="ben")
    opened.work()
    edit(opened, "1.1.1")
    assert [event.said for event in history(opened, "c") if event.kind == "decision"] == [
        f"plan {plan_id} approved by anna",
        "pair of node 1.1.1 accepted by token nightly",
        "pair of node 1.1.1 forgotten by cleo",
        f"plan {plan_id} cancelled by ben",
        "content of node 1.1.1 edited by Ada",
    ]
    assert [event.said for event in history(opened, "d") if event.kind == "decision"] == []
    with opened.store.connect() as connection:
        noted = [(entry.action, entry.actor, entry.framework_key) for entry in entries(connection)]
    assert noted[-1] == ("framework.loaded", "test", KEY)
    assert {key for _, _, key in noted} == {KEY}
