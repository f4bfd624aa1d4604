"""Specifications of chosen use cases, the whole way: asked for where something is chosen, judged by it, stale when something else is chosen."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from caseforge_assets.commands.approving.plan_retry import plan_retry
from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.commands.planning.preview_request import preview_request
from caseforge_assets.commands.requests.shorten_request import shortened_requests
from caseforge_assets.commands.surveying.explain_node import explain_node
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.requests import pending, requests
from caseforge_assets_tests.choices import ALL, SPECS, decide
from caseforge_assets_tests.workbench import KEY, USECASES, OpenBench, Workbench, renamed


def states(bench: Workbench) -> Mapping[str, str]:
    """The states of nodes in the third stage, by code."""
    with bench.store.connect() as connection:
        return {row.code: str(state) for row, state in survey(connection, bench.project, KEY, SPECS, bench.provider.simulated)}


def reasons(bench: Workbench, code: str) -> list[str]:
    """Lists the reasons why a node's specification would be another one now, as `stale` says them."""
    with bench.store.connect() as connection:
        found = asset_statuses(connection, bench.project, KEY, bench.ids(code))
    return [reason.text for status in found if status.asset == SPECS.content for reason in status.not_current]


def specs(bench: Workbench) -> Mapping[str, str]:
    """Bodies of current specifications by code."""
    query = """
    select nv.code, c.body from caseforge.content c join caseforge.target_node nv using (node_id)
    where c.is_current and c.stage = 'usecase_specs' order by nv.code
    """
    return dict(bench.query(query))


def asked(bench: Workbench) -> list[list[str]]:
    """Titles that current requests for specifications were made from."""
    return bench.column("select choice -> 'titles' from caseforge.request where stage = 'usecase_specs' and is_current order by id")


def test_what_is_lacking_is_said_with_what_to_do(bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1", stages=ALL)
    decide(shop, "shortlisted", "1.1.1-UC01")

    def said(stage: Stage, code: str) -> str:
        with shop.store.connect() as connection:
            standings = explain_node(connection, shop.project, KEY, shop.ids(code)[0], simulated=False)
        (told,) = [standing for standing in standings if standing.stage == stage.key]
        return told.meaning

    made_up = "is simulated: made up to try things out, so that it does not count here"
    document, candidates = "“Process documents”", "“Use-case candidates”"
    assert said(USECASES, "1.1.2") == f"it is made from what stands under {document}, and there is nothing yet; ask for that first"
    assert said(SPECS, "1.1.1") == f"what stands under {document}, from which it is made, {made_up}; ask for a real one first"
    with shop.store.begin() as connection:
        connection.execute(text("update caseforge.content set simulated = false where stage = 'process_details'"))
    assert said(SPECS, "1.1.1") == f"what is chosen under {candidates} {made_up}; ask for real ones first, and choose among them"


def test_a_specification_follows_what_is_chosen_all_the_way(bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1", "2.1.1", "2.1.2", stages=ALL)
    assert set(states(shop).values()) == {"unchosen"}  # never asked for by itself
    assert specs(shop) == {}

    decide(shop, "shortlisted", "1.1.1-UC01", "1.1.1-UC03", "2.1.2-UC02")
    assert {code: state for code, state in states(shop).items() if state != "unchosen"} == {"1.1.1": "missing", "2.1.2": "missing"}
    (part,) = shop.draft(stages=ALL[2:]).stages
    assert (part.now, part.later, part.batches) == (2, 0, 1)
    assert part.expected_cost_usd == Decimal("0.107")  # two typical requests and answers
    shop.generate(stages=ALL[2:])
    titles = dict(shop.query("select candidate_uid, title from caseforge.candidate where is_current"))
    assert asked(shop) == [[titles["1.1.1-UC01"], titles["1.1.1-UC03"]], [titles["2.1.2-UC02"]]]
    assert f"### {titles['1.1.1-UC03']}\n\n" in specs(shop)["1.1.1"]
    assert titles["1.1.1-UC02"] not in specs(shop)["1.1.1"]
    assert shop.column(
        "select count(*) from caseforge.quality q join caseforge.content c on c.id = q.content_id where c.stage = 'usecase_specs'"
    ) == [2]

    version = shop.column(
        "select version from caseforge.content where stage = 'usecases' and is_current and node_id = any(:ids)", ids=shop.ids("2.1.2")
    )
    with shop.store.begin() as connection:
        edit_item(connection, shop.project, KEY, "2.1.2-UC02", {"success_metrics": "Fewer returns."}, version=version[0], by="Ada")
    assert reasons(shop, "2.1.2") == ["the text or the order of the chosen use-case candidates changed"]
    decide(shop, "approved", "1.1.1-UC01")  # further on the way, and the same choice
    assert states(shop)["1.1.1"] == "done"
    decide(shop, "shortlisted", "1.1.1-UC04")
    decide(shop, "idea", "1.1.1-UC03")
    decide(shop, "rejected", "2.1.2-UC02", reason="Another project does it.")
    change = f'the choice of use-case candidates changed: added "{titles["1.1.1-UC04"]}"; taken out "{titles["1.1.1-UC03"]}"'
    assert (states(shop)["1.1.1"], reasons(shop, "1.1.1")) == ("stale", [change])
    assert (states(shop)["2.1.2"], reasons(shop, "2.1.2")) == ("unchosen", ["none of its use-case candidates is chosen any more"])
    with shop.store.connect() as connection:
        assert change in explain_node(connection, shop.project, KEY, shop.ids("1.1.1")[0], True)[2].differences
        assert titles["1.1.1-UC04"] in str(preview_request(connection, shop.project, KEY, shop.ids("1.1.1")[0], SPECS).body)
        with pytest.raises(LookupError, match=r"none of the use-case candidates of 2\.1\.2 is chosen"):
            preview_request(connection, shop.project, KEY, shop.ids("2.1.2")[0], SPECS)

    before = specs(shop)["1.1.1"]
    shop.generate(stages=ALL[2:])
    assert (states(shop)["1.1.1"], reasons(shop, "1.1.1")) == ("done", [])
    assert titles["1.1.1-UC04"] in specs(shop)["1.1.1"]

    decide(shop, "idea", "1.1.1-UC04")
    decide(shop, "shortlisted", "1.1.1-UC03")
    (part,) = shop.draft(stages=ALL[2:]).stages
    assert (part.now, dict(part.reused)) == (0, {"exact": {KEY: 1}})  # what was paid for once is not paid for again
    assert specs(shop)["1.1.1"] == before
    assert [stage for stage in states_of_others(shop) if stage != "done"] == []


def states_of_others(bench: Workbench) -> list[str]:
    """The states of the nodes that were generated in the stages that every project has."""
    with bench.store.connect() as connection:
        return [
            str(state)
            for stage in ALL[:2]
            for _, state in survey(connection, bench.project, KEY, stage, True, bench.ids("1.1.1", "2.1.1", "2.1.2"))
        ]


@pytest.mark.slow
def test_a_new_document_makes_the_specification_follow_only_in_a_plan_that_has_it(bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1", "2.1.1", stages=ALL)
    decide(shop, "shortlisted", "1.1.1-UC01")
    shop.generate(stages=ALL[2:])
    shop.load(renamed("1.1.1", "Advertise abroad"))
    shop.generate("1.1.1", "2.1.1", stages=ALL[:2])
    assert states(shop)["1.1.1"] == "stale"
    assert shop.column("select count(*) from caseforge.request where stage = 'usecase_specs'") == [1]
    shop.load(renamed("1.1.1", "Advertise nearby"))
    plan = shop.approve("1.1.1", "2.1.1", stages=ALL)
    assert [(part.now, part.later) for part in plan.stages] == [(1, 0), (0, 1), (0, 1)]
    shop.work()
    assert states(shop)["1.1.1"] == "done"
    # The use cases are others now; what was chosen stays as it was chosen, and is what the specification is made from.
    assert shop.column("select k.is_current from caseforge.candidate k join caseforge.use_case u on u.candidate_id = k.id") == [False]


def test_an_answer_without_a_chosen_use_case_is_asked_for_again(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1", stages=ALL)
    decide(shop, "shortlisted", "1.1.1-UC01", "1.1.1-UC02")
    shop.approve(stages=ALL[2:])
    shop.change(
        "update caseforge.request set choice = jsonb_set(choice, '{titles, 1}', '\"Weigh the parcels\"') where stage = 'usecase_specs'"
    )
    shop.round()
    shop.round()
    outcomes = shop.query(
        "select outcome, detail from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where b.stage = 'usecase_specs'"
    )
    assert outcomes == [("sections_missing", 'use cases absent: "Weigh the parcels"')]
    assert states(shop)["1.1.1"] == "failed"

    decide(shop, "idea", "1.1.1-UC01", "1.1.1-UC02")
    with shop.store.begin() as connection:
        plan = plan_retry(connection, shop.project, Scope(KEY, ALL[2:], True))
    assert (plan.nodes, states(shop)["1.1.1"]) == (0, "unchosen")  # what nobody wants any more is not asked for again


def test_a_specification_that_is_too_long_is_made_from_half(bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1", stages=ALL)
    decide(shop, "shortlisted", "1.1.1-UC01", "1.1.1-UC02")
    shop.approve(stages=ALL[2:])
    with shop.store.begin() as connection:
        (pending_row,) = pending.of_nodes(connection, "usecase_specs", shop.ids("1.1.1"))
        whole = requests.as_new(connection, [pending_row.id])
        (half,) = shortened_requests(connection, shop.stages, KEY, SPECS, list(whole.values())).values()
    assert half.input_tokens < whole[pending_row.id].input_tokens
    assert half.choice == whole[pending_row.id].choice
    assert all(f"### {title}" in half.body for title in half.choice["titles"])
