"""Frameworks as pages: the tree, which opens by address, the heat map, editions and frameworks side by side, and files that are judged before they are taken."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.costs.sums import usd
from caseforge_assets.stages.stages import Stages
from caseforge_assets.web.portal.editions.branches import MOST_BELOW, MOST_SHOWN
from caseforge_assets_tests.choices import ALL, SPECS, decide
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.portal_pages import HTML, links, page, read, send, words
from caseforge_assets_tests.web.signed_in import add_person, sign_in
from caseforge_assets_tests.web.uploads import table
from caseforge_assets_tests.workbench import CODES, KEY, SHOP, OpenBench, renamed

ADDRESS = f"/frameworks/{KEY}"


def test_the_tree_opens_by_address_with_what_its_branches_come_to(serve: Serve) -> None:
    served = serve(given=["1.1.1", "2.1.1"])
    client = served.client(Role.reader, KEY)
    first = page(client, f"{ADDRESS}?depth=1")
    assert first.xpath("//details/@data-code") == ["1", "2"]
    assert first.xpath("//details[@open]") == []
    assert next(words(line) for line in first.xpath("//summary")).startswith("1 Sell 1 of 3 process documents")
    (to_one,) = [address for address in links(first) if address.endswith("#n-1")]
    opened = page(client, to_one)
    assert opened.xpath("//details[@open]/@data-code") == ["1"]
    assert "1.1" in opened.xpath("//details/@data-code")
    deep = page(client, f"{ADDRESS}?depth=1&open=1.1")
    assert deep.xpath("//details[@open]/@data-code") == ["1", "1.1"]
    assert f"{ADDRESS}/nodes/1.1.1" in links(deep)
    whole = page(client, f"{ADDRESS}?depth=3")
    assert {f"{ADDRESS}/nodes/{code}" for code in CODES} <= set(links(whole))
    branch = page(client, f"{ADDRESS}?under=2")
    assert words(branch, "//h1") == "2 Repair"
    assert branch.xpath("//details/@data-code") == ["2.1"]
    piece = client.get(f"{ADDRESS}/tree?under=1.1", headers=HTML)
    assert [code in piece.text for code in ("1.1.1", "1.1.3", "2.1.1", "<html")] == [True, True, False, False]
    assert words(page(client, f"{ADDRESS}?under=9", 404), "//h1") == "Nothing is found here"
    page(served.client(Role.reader, "elsewhere"), ADDRESS, 404)


@pytest.mark.slow
def test_a_stage_made_from_a_choice_is_counted_for_the_chosen_nodes_alone_wherever_it_is_counted(serve: Serve, bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages(ALL))
    shop.load()
    shop.generate("1.1.1", "1.1.2")
    decide(shop, "shortlisted", "1.1.1-UC01")
    assert _counted(serve(shop)) == _Counted(0, 1, 5, "0 of 1", "0 0 % covered", ["0 of 1", "–"], ["1 Sell 0 % 0 %", "2 Repair – –"], 0)
    shop.generate(stages=ALL[2:])
    assert _counted(serve(shop)) == _Counted(
        1, 1, 5, "1 of 1", "1 100 % covered", ["1 of 1", "–"], ["1 Sell 100 % 100 %", "2 Repair – –"], 1
    )


class _Counted(NamedTuple):
    done: int
    asked: int
    unchosen: int
    home: str
    sums: str
    tree: list[str]
    heat: list[str]
    listed: int


def _counted(served: Served) -> _Counted:
    """Gathers each place's figures of the specifications: the API, Home, the framework's sums, tree, heat map, and list of done nodes."""
    client = served.client(Role.reader)
    (told,) = [stage for stage in client.get(f"/api/v1/frameworks/{KEY}").json()["stages"] if stage["stage"] == SPECS.key]
    tree, heat = page(client, f"{ADDRESS}?depth=1"), page(client, f"{ADDRESS}?view=heat&by=coverage&stage={SPECS.key}")
    lines = [words(line, "span/span[contains(., 'specifications')]") for line in tree.xpath("//summary")]
    listed = client.get(f"/api/v1/frameworks/{KEY}/nodes", params={"stage": SPECS.key, "state": "done"}).json()["items"]
    return _Counted(
        told["states"].get("done", 0),
        told["asked"],
        told["states"]["unchosen"],
        words(page(client, "/"), "//tr[th='Specifications']/td[1]"),
        words(tree, "//dl[@class='figures']/div[dt='Specifications']/dd"),
        [line.removesuffix(" specifications") for line in lines],
        [words(row) for row in heat.xpath("//table[@class='heat']//tbody/tr")],
        len(listed),
    )


def test_a_wide_and_deep_framework_fits_on_pages(serve: Serve) -> None:
    served = serve()
    rows = [("7", "r", "Root", "")]
    rows += [(f"7.{number}", f"a{number}", f"Branch {number}", "") for number in range(1, 400)]
    rows += [(f"7.1.{number}", f"b{number}", f"Leaf {number}", "") for number in range(1, 300)]
    served.bench.load(rows, key="wide")
    client = served.client(Role.reader)
    opened = page(client, "/frameworks/wide?depth=3")
    shown = opened.xpath("//ul[contains(@class, 'tree')]//span[@class='name']")
    assert MOST_BELOW <= len(shown) <= MOST_SHOWN
    assert "Not all of it fits on a page" in words(opened)
    (more,) = [address for address in links(opened) if "after=" in address and "under=7&" in address]
    seen = set(links(opened))
    while more:
        behind = page(client, more)
        seen |= set(links(behind))
        more = next((address for address in links(behind) if "after=" in address and "under=7&" in address), "")
    assert {f"/frameworks/wide/nodes/7.{number}" for number in range(1, 400)} <= seen


def test_the_heat_map_is_a_table_with_numbers_and_links(serve: Serve) -> None:
    served = serve(given=["1.1.1", "1.1.2", "1.1.3"])
    client = served.client(Role.reader)
    covered = page(client, f"{ADDRESS}?view=heat&by=coverage")
    assert [words(row) for row in covered.xpath("//table[@class='heat']//tbody/tr")] == ["1 Sell 100 % 100 %", "2 Repair 0 % 0 %"]
    assert covered.xpath("//table[@class='heat']//tbody//td/@class") == ["h9", "h9", "h0", "h0"]
    assert words(covered, "//table[@class='heat']/thead") == "Branch Level 3 All levels"
    items = served.bench.column("select count(*) from caseforge.candidate where is_current")[0]
    counted = page(client, f"{ADDRESS}?view=heat&by=items&stage=usecases&under=1")
    assert [words(row) for row in counted.xpath("//tbody/tr")] == [f"1.1 Win customers {items} {items}"]
    for by in ("quality", "value", "cost", "stale"):
        assert len(page(client, f"{ADDRESS}?view=heat&by={by}").xpath("//tbody/tr")) == 2
    (cell,) = set(links(covered, "//tbody/tr[1]/td[1]/a/@href"))
    assert f"{ADDRESS}/nodes/1.1.1" in links(page(client, cell))
    page(client, f"{ADDRESS}?view=heat&by=colour", 422)
    page(client, f"{ADDRESS}?view=heat&stage=none", 404)


def test_cost_and_value_in_the_heat_map_are_those_of_the_stage_that_is_chosen(serve: Serve) -> None:
    served = serve(bills=True, budget_usd=Decimal(100))
    served.bench.generate("1.1.1")
    client = served.client(Role.reader)

    def row(by: str, stage: str = "") -> str:
        return words(page(client, f"{ADDRESS}?view=heat&by={by}&stage={stage}").xpath("//table[@class='heat']//tbody/tr")[0])

    costs = dict(
        served.bench.query(
            "select b.stage, sum(a.cost_usd) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id group by 1"
        )
    )
    assert costs["process_details"] != costs["usecases"] > 0
    for stage, cost in costs.items():
        assert row("cost", stage) == f"1 Sell {usd(cost)} {usd(cost)}"
    assert row("cost").split()[-1] == usd(sum(costs.values()))
    assert row("value", "process_details") == "1 Sell – –"
    assert row("value") == row("value", "usecases") != "1 Sell – –"


def test_editions_are_compared_as_people_read_it(serve: Serve) -> None:
    served = serve()
    rows = [(*row[:3], "Places advertisements where people look.") if row[0] == "1.1.1" else row for row in renamed("2.1.2", "Put right")]
    served.bench.load(rows[:-1])
    client = served.client(Role.reader)
    compared = page(client, f"{ADDRESS}/editions")
    assert [words(tab) for tab in compared.xpath("//nav[@aria-label='What differs']/a")] == ["Gone 1", "Renamed 1", "Redescribed 1"]
    before, after = (compared.xpath(f"//input[@name='{name}'][@checked]/@value")[0] for name in ("before", "after"))
    described = page(client, f"{ADDRESS}/editions?before={before}&after={after}&change=redescribed")
    assert (words(described, "//del"), words(described, "//ins")) == ("riders", "people")
    named = page(client, f"{ADDRESS}/editions?before={after}&after={before}&change=renamed")
    assert words(named, "//tbody[last()]/tr/td[1]").endswith("2.1.2 Put right")
    page(client, f"{ADDRESS}/editions?before=999999", 404)


def test_two_frameworks_are_compared(serve: Serve) -> None:
    served = serve()
    other = [
        ("5", "z", "Sell", ""),
        ("5.1", "y", "Advertise", "Something else."),
        ("5.2", "x", "Answers questions", "Answers what people ask."),
        ("5.3", "w", "Fly", "To the moon."),
        ("5.4", "h", "Bikes in", "By the same id."),
    ]
    served.bench.load(other, key="other")
    client = served.client(Role.reader)
    found = page(client, f"/compare?left={KEY}&right=other")
    rows = [words(row) for row in found.xpath("//tbody/tr")]
    assert rows == [
        "1.1.1 Advertise 5.1 Advertise both have the same name",
        "1.1.2 Answer questions 5.2 Answers questions name and description are nearly the same 97 %",
        "2.1.1 Take in bicycles 5.4 Bikes in both have the same id, under another name",
    ]
    assert [words(row, ".//td[1]") for row in page(client, f"/compare?left={KEY}&right=other&show=right").xpath("//tbody/tr")] == [
        "5.3 Fly"
    ]
    assert len(page(client, f"/compare?left={KEY}&right=other&show=left").xpath("//tbody/tr")) == 3
    page(served.client(Role.reader, KEY), f"/compare?left={KEY}&right=other", 404)
    assert "other" not in page(served.client(Role.reader, KEY), "/compare").xpath("//option/@value")


def test_a_file_is_judged_and_then_taken(serve: Serve) -> None:
    served = serve()
    add_person(served, "paul", Grant(Role.planner, KEY))
    browser, token = sign_in(served, "paul")
    form = {"csrf_token": token, "framework": KEY}
    data = table(renamed("1.1.1", "<b>Advertise</b>"))

    def upload(content: bytes, name: str = "shop 2.csv", **fields: str) -> object:
        return browser.post("/upload", data=form | fields, files={"file": (name, content)}, headers=HTML)

    judged = read(upload(data))
    assert "nothing is loaded yet" in words(judged)
    assert "1.1.1 <b>Advertise</b>" in words(judged)
    assert served.bench.column("select count(*) from caseforge.framework_version") == [1]
    (digest,) = judged.xpath("//input[@name='digest']/@value")
    (beside,) = judged.xpath("//input[@name='beside']/@value")
    assert read(upload(data, csrf_token="forged"), 403) is not None
    assert "not held here" in words(send(browser, "/upload/take", 410, **form, digest="0" * 64))
    assert "was loaded since this file was judged" in words(send(browser, "/upload/take", 409, **form, digest=digest, beside="7"))
    taken = browser.post("/upload/take", data=form | {"digest": digest, "beside": beside}, headers=HTML, follow_redirects=False)
    assert (taken.status_code, taken.headers["location"]) == (303, f"{ADDRESS}/editions")
    assert served.bench.column("select count(*) from caseforge.framework_version") == [2]
    assert served.bench.column("select count(*) from caseforge.held_file") == [0]
    faulty = read(upload(b"code,id,name,description\n1,a,Sell,\n1.1,b,,\n"), 422)
    assert words(faulty, "//table//tbody/tr[1]/td[2]") == "3"
    assert "would change nothing" in words(read(upload(data)))
    read(upload(data, framework="mine"), 403)  # a new framework takes an admin
    assert "plain name" in words(read(upload(data, "../x.csv"), 422))
    for role in (Role.reader, Role.editor):
        page(served.client(role), "/upload", 403)


def test_names_from_workbooks_do_nothing(serve: Serve) -> None:
    served = serve()
    bad = "<script>alert(1)</script> <img src=x onerror=y> \u05d0 " + "long" * 30
    served.bench.load([(row[0], row[1], f"{bad} {row[0]}", bad) for row in SHOP])
    client = served.client(Role.reader)
    for path in ("", "?view=heat", "?depth=3", "/editions", "/nodes/1.1.1", "/nodes/1.1.1/history"):
        tree = page(client, f"{ADDRESS}{path}")
        assert tree.xpath("//main//script | //main//img | //*[@onerror or @style]") == [], path
        assert "<script>alert(1)</script>" in words(tree), path
