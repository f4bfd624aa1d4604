"""From a choice to a specification on pages: asked for at a price, approved, read where it belongs; and said what to do where the stage is off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.planning import plans
from caseforge_assets_tests.choices import ALL, SPECS, decide
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.portal_pages import HTML, links, page, read, send, words
from caseforge_assets_tests.workbench import KEY, SHOP, OpenBench, serving


@pytest.mark.slow
def test_a_specification_is_asked_for_approved_and_read(serve: Serve, bench: OpenBench) -> None:
    made = bench()
    shop = replace(made, stages=Stages(ALL))
    shop.load()
    shop.load([*SHOP[:3]], key="other")
    shop.generate("1.1.1", "2.1.1")
    served = serve(shop)
    planner, editor = served.client(Role.planner, KEY), served.client(Role.editor)
    uids = dict(shop.query("select candidate_uid, id from caseforge.candidate where is_current"))
    first, second, other = uids["1.1.1-UC01"], uids["2.1.1-UC01"], uids["1.1.1-UC02"]
    ask = f"/specifications?candidate={first}"
    assert "none of these use cases is shortlisted" in words(page(planner, ask))
    assert "there is nothing to ask for" in words(send(planner, "/specifications", 422, candidate=first))
    assert ask not in links(page(editor, f"/use-cases/{first}"))

    decide(shop, "shortlisted", "1.1.1-UC01", "2.1.1-UC01")
    assert ask in links(page(planner, f"/use-cases/{first}"))
    chosen = planner.post("/use-cases", data={"do": "specify", "candidate": [first, second, other]}, headers=HTML, follow_redirects=False)
    tree = page(planner, chosen.headers["location"])
    assert "shop: 2 processes" in words(tree)
    assert {f"/frameworks/{KEY}/nodes/1.1.1", f"/frameworks/{KEY}/nodes/2.1.1"} <= set(links(tree))
    assert "1 use case takes no part" in words(tree)
    price = tree.xpath("//tbody/tr/td")[-2].text
    assert shop.column("select count(*) from caseforge.plan where 'usecase_specs' = any(stages)") == [0]
    for client in (editor, served.client(Role.planner, "other")):
        assert client.get(ask, headers=HTML).status_code in (403, 404)
    plan = send(planner, "/specifications", candidate=[first, second, other])
    assert f"Approve at {price}" in words(plan)  # one price on both pages, also where what is read is simulated
    (number,) = shop.column("select id from caseforge.plan where 'usecase_specs' = any(stages)")
    with shop.store.begin() as connection:
        plans.decide(connection, number, True)

    decide(shop, "rejected", "2.1.1-UC01", reason="Nobody wants it.")
    standing = words(page(planner, f"/plans/{number}"), "//dl")
    assert "Requests to send now 1" in standing  # what nobody wants any more is not sent
    shop.work()
    assert shop.column("select count(*) from caseforge.content where stage = 'usecase_specs'") == [1]
    tree = page(editor, f"/use-cases/{first}")
    assert "a text on 1 chosen use case; this one is among them" in words(tree, "//section[@id='specification']")
    assert "this one is not among them" in words(page(editor, f"/use-cases/{other}"), "//section[@id='specification']")
    (file,) = [link for link in links(tree, "//section[@id='specification']//a/@href") if "as=docx" in link]
    assert editor.get(file).content[:2] == b"PK"
    assert tree.xpath("//section[@id='specification']//article//h3 | //section[@id='specification']//article//h4")
    node = page(editor, f"/frameworks/{KEY}/nodes/1.1.1")
    assert "Recommended Use Cases" in words(node, f"//section[@aria-labelledby='s-{SPECS.key}']")


@pytest.mark.slow
def test_it_is_said_that_a_process_has_a_simulated_document_only(serve: Serve, bench: OpenBench, tmp_path: Path) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1")
    decide(shop, "shortlisted", "1.1.1-UC01")
    (first,) = shop.column("select id from caseforge.candidate where candidate_uid = '1.1.1-UC01'")
    with serving(tmp_path / "billed", bills=True) as url:
        planner = serve(shop, variables={"OPENAI_BASE_URL": url}).client(Role.planner)
        asked = page(planner, f"/specifications?candidate={first}")
        says = "is simulated: made up to try things out, so that it does not count here; ask for a real one first"
        assert f"Not asked for in 1 process: what stands under “Process documents”, from which it is made, {says}." in words(asked)
        assert f"/frameworks/{KEY}/nodes/1.1.1" in links(asked)
        assert f"/frameworks/{KEY}/nodes/1.1.1" in links(asked)
        for path in (f"/use-cases/{first}", f"/frameworks/{KEY}/nodes/1.1.1"):
            assert says in words(page(planner, path)), path


@pytest.mark.slow
def test_where_the_stage_is_off_it_is_said_how_to_switch_it_on(serve: Serve, bench: OpenBench) -> None:
    made = bench()
    served = serve(replace(made, stages=Stages(ALL[:2], off=ALL[2:])))
    made.generate("1.1.1")
    decide(made, "shortlisted", "1.1.1-UC01")
    (first,) = made.column("select id from caseforge.candidate where candidate_uid = '1.1.1-UC01'")
    planner, reader = served.client(Role.planner), served.client(Role.reader)
    says = "Write enabled = true under [stages.usecase_specs] in caseforge.toml"
    for path in (f"/specifications?candidate={first}", f"/use-cases/{first}", f"/frameworks/{KEY}/nodes/1.1.1"):
        assert says in words(page(planner, path)), path
    assert says not in words(page(reader, f"/use-cases/{first}"))
    assert says in words(read(planner.post("/specifications", data={"candidate": first}, headers=HTML), 404))


def test_what_is_chosen_counts_at_once_where_a_stage_is_asked_for_it(serve: Serve, bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.given("1.1.1", "2.1.1")
    client = serve(shop).client()
    assert _of_specifications(page(client, "/")) == "–"
    decide(shop, "shortlisted", "1.1.1-UC01")
    assert "0 of 1" in _of_specifications(page(client, "/"))


def _of_specifications(home: Any) -> str:
    (row,) = home.xpath(f"//tr[th='{SPECS.title}']/td[1]")
    return " ".join(row.text_content().split())
