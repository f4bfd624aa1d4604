"""Nodes that are nearly the same, and those that a person accepted as the same."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.editions.accept_pair import accept_pair, forget_pair
from caseforge_assets.commands.editions.find_similar import SimilarPair, find_similar
from caseforge_assets.store.editions import pairs
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, OpenBench, Workbench, renamed

LIKE = (
    ("5", "z", "Trade", "Buys and sells."),
    ("5.1", "advert", "Advertise!", "Places advertisements where riders look."),
    ("5.2", "answer", "Answer questions", "Writes down what nobody asked for."),
    ("5.3", "j", "Hand back", "Explains what was done."),
    ("5.4", "offers", "Write an offer", "Writes offers with prices and dates"),
)
"""Another framework: 5.1 and 5.4 are nearly 1.1.1 and 1.1.3, 5.2 has only its name from 1.1.2, 5.3 is 2.1.3 itself."""


def similar(bench: Workbench, at_least: float = 0.75, key: str = "other") -> list[SimilarPair]:
    with bench.store.connect() as connection:
        return find_similar(connection, bench.project, key, at_least, simulated=bench.provider.simulated)


def accept(bench: Workbench, code: str, like: str, *, key: str = "other", like_key: str = KEY) -> None:
    with bench.store.begin() as connection:
        accept_pair(connection, bench.stages, *bench.ids(code, key=key), *bench.ids(like, key=like_key), "Ada")


def both(bench: Workbench) -> Workbench:
    bench.generate()
    bench.load(LIKE, key="other")
    return bench


def test_nodes_that_are_alike_in_name_and_description_are_listed_and_nothing_else(bench: OpenBench) -> None:
    opened = both(bench())
    found = similar(opened)
    assert [(pair.node.code, pair.like.code, pair.like.has_content) for pair in found] == [("5.1", "1.1.1", True), ("5.4", "1.1.3", True)]
    assert found[0].of_descriptions == 1
    assert 0.9 < found[0].of_names < 1
    assert [pair.node.code for pair in similar(opened, at_least=0.9)] == ["5.1"]


def test_nothing_is_reused_before_a_person_accepts_it(bench: OpenBench) -> None:
    opened = both(bench())
    assert opened.draft(key="other").stages[0].reused == {"identity": {KEY: 1}}


def test_an_accepted_pair_is_answered_from_the_store_through_all_stages(bench: OpenBench) -> None:
    opened = both(bench())
    accept(opened, "5.1", "1.1.1")
    documents, use_cases = opened.draft(key="other").stages
    assert documents.reused == use_cases.reused == {"identity": {KEY: 1}, "similar": {KEY: 1}}
    before = opened.stats()["requests_accepted"]
    opened.generate(key="other")
    assert opened.stats()["requests_accepted"] - before == 2 * 2
    reused = """
    select c.stage, c.cost_usd, c.title, c.notes ->> 0, c.version = s.version from caseforge.content c join caseforge.content s on s.id = c.reused_from
    where c.node_id = :node order by 1
    """
    rows = opened.query(reused, node=opened.ids("5.1", key="other")[0])
    assert [(row[0], row[1], row[4]) for row in rows] == [("process_details", 0, True), ("usecases", 0, True)]
    assert "Advertise!" in rows[0][2]
    assert all(row[3].endswith("shop 1.1.1 was accepted as the same by a person") for row in rows)
    assert "5.1" not in [pair.node.code for pair in similar(opened)]


def test_a_request_that_is_pending_already_takes_the_answer_too(bench: OpenBench) -> None:
    opened = both(bench())
    opened.approve("5.1", key="other", stages=[PROCESS])
    accept(opened, "5.1", "1.1.1")
    before = opened.stats()["requests_accepted"]
    opened.work()
    assert opened.stats()["requests_accepted"] == before


def test_of_two_that_are_both_to_be_asked_for_one_is_sent(bench: OpenBench) -> None:
    opened = bench()
    opened.load()
    opened.load(LIKE, key="other")
    assert [(pair.node.code, pair.like.has_content) for pair in similar(opened, key=KEY)] == [("1.1.1", False), ("1.1.3", False)]
    accept(opened, "1.1.1", "5.1", key=KEY, like_key="other")
    opened.approve("1.1.1", stages=[PROCESS])
    opened.approve("5.1", key="other", stages=[PROCESS])
    opened.work()
    assert opened.stats()["requests_accepted"] == 1
    assert opened.column("select count(*) from caseforge.content where is_current") == [2]


def test_pairs_of_one_framework_are_listed_once(bench: OpenBench) -> None:
    opened = bench()
    opened.load([*SHOP, ("2.1.4", "k", "Hand backs", "Explains what was done.")])
    assert [(pair.node.code, pair.like.code) for pair in similar(opened, key=KEY)] == [("2.1.4", "2.1.3")]


def test_a_chain_takes_the_last_ones_answer_and_a_ring_is_refused(bench: OpenBench) -> None:
    opened = both(bench())
    accept(opened, "5.4", "5.1", like_key="other")
    accept(opened, "5.1", "1.1.1")
    with pytest.raises(ValueError, match=r"shop 1\.1\.1 cannot take its answers from other 5\.4, which takes its own from it"):
        accept(opened, "1.1.1", "5.4", key=KEY, like_key="other")
    with pytest.raises(ValueError, match="which is the same node"):
        accept(opened, "5.1", "5.1", like_key="other")
    assert opened.draft(key="other").stages[0].reused == {"identity": {KEY: 1}, "similar": {KEY: 2}}


@pytest.mark.slow
def test_a_pair_lapses_when_the_node_is_renamed_and_holds_again_when_that_is_taken_back(bench: OpenBench) -> None:
    opened = both(bench())
    accept(opened, "5.1", "1.1.1")
    opened.load([(row[0], row[1], "Sponsor races", row[3]) if row[0] == "5.1" else row for row in LIKE], key="other")
    assert opened.draft("5.1", key="other").reused == 0
    with opened.store.connect() as connection:
        assert [pair.holds for pair in pairs.accepted_pairs(connection)] == [False]
    opened.load(LIKE, key="other")
    assert opened.draft("5.1", key="other").reused == 2


def test_a_pair_means_the_other_node_as_it_was_accepted(bench: OpenBench) -> None:
    opened = both(bench())
    accept(opened, "5.1", "1.1.1")
    opened.load(renamed("1.1.1", "Sponsor races"))
    opened.generate()
    assert opened.draft("5.1", key="other").reused == 2


def test_a_pair_that_is_taken_back_leaves_what_was_made_and_asks_anew_the_next_time(bench: OpenBench) -> None:
    opened = both(bench())
    accept(opened, "5.1", "1.1.1")
    opened.generate("5.1", key="other", stages=[PROCESS])
    [node] = opened.ids("5.1", key="other")
    with opened.store.begin() as connection:
        assert forget_pair(connection, opened.stages, node, by="Ada")
        assert not forget_pair(connection, opened.stages, node, by="Ada")
    assert opened.column("select count(*) from caseforge.content where node_id = :node and is_current", node=node) == [1]
    assert opened.draft("5.1", key="other", stages=[PROCESS], ask_again=True).stages[0].now == 1
