"""Vectors of nodes and use cases, the whole way: planned, priced, sent in a batch, collected, searched by meaning, stale when their texts change."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_meanings import index_meanings, refresh_meanings
from caseforge_assets.commands.money.sum_budgets import budgets_left
from caseforge_assets.commands.money.sum_costs import sum_costs
from caseforge_assets.commands.providing.provider import connect_provider
from caseforge_assets.commands.searching.embed_question import QuestionRefused, embed_question
from caseforge_assets.commands.searching.search_by_meaning import FoundByMeaning, search_by_meaning
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderUnclear
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.searching import near_meanings
from caseforge_assets.store.searching.meanings import CANDIDATE, Meant, Near
from caseforge_assets.store.searching.near_meanings import is_indexed, near_candidate, near_node
from caseforge_assets.store.searching.search import KINDS
from caseforge_assets.store.serving import search_questions
from caseforge_assets_tests.choices import EMBEDDINGS
from caseforge_assets_tests.commands.worlds import everything
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

ALL = (PROCESS, USECASES, EMBEDDINGS)
NODES = ("1.1.1", "2.1.1", "2.1.2")


def opened(bench: OpenBench, **options: object) -> Workbench:
    """The small framework with documents and use cases of three nodes."""
    shop = replace(bench(**options), stages=Stages(ALL))
    shop.load()
    shop.generate(*NODES)
    return shop


def find(shop: Workbench, words: str, kinds: tuple[str, ...] = KINDS, limit: int = 5) -> FoundByMeaning:
    refresh_lists(shop.store, shop.project)
    refresh_meanings(shop.store, shop.project)
    with shop.store.connect() as connection:
        return search_by_meaning(connection, shop.project, words, kinds, None, None, limit)


def states(shop: Workbench) -> dict[str, str]:
    with shop.store.connect() as connection:
        return {row.code: str(state) for row, state in survey(connection, shop.project, KEY, EMBEDDINGS, shop.provider.simulated)}


def near_all(shop: Workbench, by: str = "") -> list[list[Near]]:
    """Finds what is near each candidate, in every framework and in one; and what is near each node.

    Args:
        by: the index that has to be used.
    """
    candidates = shop.column("select candidate_id from caseforge.candidate_row order by 1")
    with shop.store.begin() as connection:
        if by:
            connection.execute(text("set local enable_sort = off; set local enable_seqscan = off"))  # of so few, all are looked at else
        found = [near_candidate(connection, candidate_id, only, 6) for candidate_id in candidates for only in (None, [KEY], ["elsewhere"])]
        found += [near_node(connection, node_id, None, 6) for node_id in shop.ids(*NODES)]
        if by:
            assert connection.scalar(text("select pg_stat_get_xact_numscans(cast(:index as regclass))"), {"index": f"caseforge.{by}"})
        else:
            assert not is_indexed(connection, CANDIDATE)
    return found


def read_on(shop: Workbench, vector: bytes, at_once: int) -> list[Near]:
    """All that a search gives, nearest first, so many at once."""
    found: list[Near] = []
    with shop.store.begin() as connection:
        connection.execute(
            text("set local enable_sort = off; set local enable_seqscan = off")
        )  # so that an index is used where there is one
        while True:
            after = (found[-1].likeness, found[-1].id) if found else None
            part = near_meanings.nearest(connection, vector, Meant(KINDS, None, True), after, at_once)
            found += part
            if len(part) < at_once:
                return found


@pytest.mark.slow
def test_from_a_plan_to_what_is_near(bench: OpenBench, empty_store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = opened(bench)
    with pytest.raises(QuestionRefused, match="nothing has a vector yet"):
        find(shop, "bicycles")
    (part,) = shop.draft(*NODES, stages=(EMBEDDINGS,)).stages
    assert (part.now, part.batches, part.model, part.endpoint, part.output_tokens) == (3, 1, "text-embedding-3-small", "embeddings", 0)
    assert part.expected_cost_usd == part.at_most_usd == Decimal("0.0000282")  # three typical requests
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    assert set(
        shop.query(
            "select a.outcome, a.output_tokens from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where b.stage = 'embeddings'"
        )
    ) == {("ok", 0)}
    batches = shop.stats()["batches_created"]

    titles = dict(shop.query("select candidate_uid, title from caseforge.candidate where is_current"))
    found = find(shop, f"  {titles['2.1.1-UC02']}\n")
    assert (found.covered, found.nodes, found.simulated) == (3, 3, True)
    assert "".join(part.text for part in found.hits[0].title) == titles["2.1.1-UC02"]
    assert [hit.rank for hit in found.hits] == sorted((hit.rank for hit in found.hits), reverse=True)
    (node,) = find(shop, "Mend: replaces what is broken", ("node",), 1).hits
    assert (node.kind, node.name) == ("node", "2.1.2")
    asked = shop.stats()["completions_since_start"]
    assert asked == 2
    find(shop, titles["2.1.1-UC02"])
    assert shop.stats()["completions_since_start"] == asked  # what was searched for once is not asked again

    with shop.store.connect() as connection:
        candidate_id = shop.column("select id from caseforge.candidate where is_current and candidate_uid = '2.1.1-UC02'")[0]
        near = near_candidate(connection, candidate_id, None, 4)
        assert len(near) == 4
        assert not {hit.node_id for hit in near} & set(shop.ids("2.1.1"))
        (closest, *_) = near_node(connection, shop.ids("2.1.1")[0], None, 5)
        assert closest.node_id in shop.ids("2.1.2")  # both are of the workshop
        assert near_candidate(connection, candidate_id, ["elsewhere"], 4) == []

    by_looking_at_all, vector = near_all(shop), embed_question(shop.project, titles["2.1.1-UC02"])
    read = read_on(shop, vector, 1_000)
    assert {one.candidate_id is None for one in read} == {True, False}
    with shop.store.begin() as connection:
        connection.execute(text("analyze caseforge.meaning"))
    index_meanings(shop.store, many=len(NODES))
    assert near_all(shop, by="ix_meaning_near_candidate") == by_looking_at_all
    monkeypatch.setattr(near_meanings, "REACH", 5)
    for at_once in (2, 4, 1_000):  # within reach of the index, and beyond
        assert read_on(shop, vector, at_once) == read

    shop.generate(*NODES, stages=(EMBEDDINGS,))
    assert shop.stats()["batches_created"] == batches  # nothing is paid for twice
    write_journal(shop.store, shop.folder)
    problems = verify(shop.store, shop.stages, shop.folder).problems
    assert [problem.kind for problem in problems if not problem.where.startswith("workbooks/")] == []
    restore(empty_store, shop.folder)
    assert everything(empty_store) == everything(shop.store)
    again = replace(shop, store=empty_store, provider=connect_provider(empty_store, shop.provider.client))
    assert [hit.name for hit in find(again, titles["2.1.1-UC02"]).hits] == [hit.name for hit in find(shop, titles["2.1.1-UC02"]).hits]
    assert shop.stats()["completions_since_start"] == asked


@pytest.mark.slow
def test_changed_texts_are_not_found_until_they_have_vectors_of_their_own(bench: OpenBench) -> None:
    shop = opened(bench)
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    version = shop.column(
        "select version from caseforge.content where stage = 'usecases' and is_current and node_id = any(:ids)", ids=shop.ids("2.1.2")
    )
    with shop.store.begin() as connection:
        edit_item(connection, shop.project, KEY, "2.1.2-UC02", {"title": "Zeppelins over Friedrichshafen"}, version=version[0], by="Ada")
    assert (states(shop)["2.1.2"], states(shop)["2.1.1"]) == ("stale", "done")
    found = find(shop, "zeppelins over friedrichshafen", limit=50)
    assert (found.covered, found.nodes) == (2, 3)
    assert {hit.code for hit in found.hits if hit.kind == "candidate"} == {"1.1.1", "2.1.1"}
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    found = find(shop, "zeppelins over friedrichshafen")
    assert (found.hits[0].name, found.covered) == ("2.1.2-UC02", 3)

    shorter = shop.configured(
        stages={"embeddings": type(shop.configuration).model_validate({"stages": {"embeddings": {"dimensions": 64}}}).stages["embeddings"]}
    )
    assert {states(shorter)[code] for code in NODES} == {"stale"}
    with pytest.raises(QuestionRefused, match="nothing has a vector yet"):
        find(shorter, "zeppelins")
    shorter.generate(*NODES, stages=(EMBEDDINGS,))
    assert find(shorter, "zeppelins over friedrichshafen").hits[0].name == "2.1.2-UC02"
    assert find(shorter.with_stages(*ALL), "mend", ("node",)).covered == 3


@pytest.mark.slow
def test_lines_that_fail_are_asked_again_and_those_that_came_are_not(bench: OpenBench) -> None:
    shop = opened(bench, faults=["http_500:match=^embeddings-2-1-1"])
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    assert {code: states(shop)[code] for code in NODES} == {"1.1.1": "done", "2.1.1": "failed", "2.1.2": "done"}
    before = shop.stats()["requests_accepted"]
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    assert shop.stats()["requests_accepted"] == before + 1


@pytest.mark.slow
def test_a_kill_between_question_and_answer_leaves_a_cost_that_is_reckoned_with(bench: OpenBench) -> None:
    shop = opened(bench, bills=True, budget_usd=Decimal(1))
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    arguments = [shop.store.url.render_as_string(hide_password=False), str(shop.path), shop.provider.base_url]
    for cut_off in ("before it is sent", "before its answer is kept"):
        done = subprocess.run([sys.executable, "-c", KILLED, QUESTION, cut_off, *arguments], env=os.environ, timeout=120)
        assert done.returncode == 9
    assert shop.query("select vector, cost_usd, answered_at, refused from caseforge.search_question") == [(None, None, None, None)] * 2
    (expected,) = set(shop.column("select expected_cost_usd from caseforge.search_question"))
    with shop.store.connect() as connection:  # both may have been billed
        assert search_questions.spent_this_month(connection) == Cost(2 * expected, 2)
    with pytest.raises(QuestionRefused, match="have cost what they may"):
        find(shop.configured(search_usd_per_month=2 * expected), QUESTION)
    assert len(find(shop.configured(search_usd_per_month=3 * expected), QUESTION).hits) == 5
    assert shop.stats()["completions_since_start"] == 2  # the one that was sent before the kill, and this one
    write_journal(shop.store, shop.folder)
    assert [one for one in verify(shop.store, shop.stages, shop.folder).problems if not one.where.startswith("workbooks/")] == []


QUESTION = "how we send fewer wrong bills"
KILLED = """
import os, sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from caseforge_assets.commands.searching.embed_question import embed_question
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import open_store
from caseforge_assets_tests.choices import EMBEDDINGS
from caseforge_assets_tests.workbench import PROCESS, USECASES, open_workbench

question, cut_off, url, path, base_url = sys.argv[1:]
embed = BatchClient.embed
def dying(*arguments):
    if cut_off == "before its answer is kept":
        embed(*arguments)
    os._exit(9)
BatchClient.embed = dying
shop = replace(open_workbench(open_store(url), Path(path), base_url, budget_usd=Decimal(1), search_usd_per_month=Decimal(1)), stages=Stages((PROCESS, USECASES, EMBEDDINGS)))
embed_question(shop.project, question)
"""


@pytest.mark.slow
def test_questions_cost_what_is_allowed_and_no_more(bench: OpenBench) -> None:
    shop = opened(bench, bills=True, budget_usd=Decimal(1))
    shop.generate(*NODES, stages=(EMBEDDINGS,))
    with shop.store.connect() as connection:
        before = total(row.cost for row in sum_costs(connection, "stage"))
        left = budgets_left(connection, shop.project, KEY)["all frameworks"].usd
    with pytest.raises(QuestionRefused, match="search_usd_per_month in caseforge"):
        find(shop, "bicycles")
    few = shop.configured(search_usd_per_month=Decimal("0.00000008"))
    found = find(few, "bicycles")
    assert (len(found.hits), found.simulated) == (5, False)
    (tokens,) = shop.column("select input_tokens from caseforge.search_question")
    spent = tokens * Decimal("0.00000002")
    with pytest.raises(QuestionRefused, match=r"this month's searches by meaning have cost what they may \(\$0\.00000008\)"):
        find(few, "how we send fewer wrong bills to those who buy motorcycles")
    assert len(find(few, "bicycles").hits) == 5  # it is known
    with pytest.raises(QuestionRefused, match="nothing is left of the budget over all frameworks"):
        find(shop.configured(search_usd_per_month=Decimal(1), budget_usd=before.known_usd), "motorcycles")
    with shop.store.connect() as connection:
        for grouping in ("stage", "model", "day", "framework", "outcome"):
            assert total(row.cost for row in sum_costs(connection, grouping)).usd == before.known_usd + spent
        assert {row.name for row in sum_costs(connection, "stage")} == {"process_details", "usecases", "embeddings", "search"}
        assert budgets_left(connection, shop.project, KEY)["all frameworks"].usd == left - spent

    nobody = BatchClient("http://127.0.0.1:9/v1", "sk-test-0123456789", timeout_s=2)
    lost = replace(shop.configured(search_usd_per_month=Decimal(1)), provider=replace(shop.provider, client=nobody))
    with pytest.raises(ProviderUnclear, match="turning the words into a vector"):
        find(lost, "nobody hears this")
    with shop.store.connect() as connection:  # whether it is billed nobody knows
        assert total(row.cost for row in sum_costs(connection, "stage")) == Cost(before.known_usd + spent, 1)
        assert budgets_left(connection, shop.project, KEY)["all frameworks"].usd == left - spent - Decimal("0.00000008")
