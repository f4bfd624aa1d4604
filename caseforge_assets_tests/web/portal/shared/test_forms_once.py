"""Forms that are sent twice, by a double click, a reload, the back button or from a second tab: what they ask for is done once, and each time leads to the same place."""

from __future__ import annotations

import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.web.app import PAGES
from caseforge_assets.web.portal.shared.rendering import FOLDER
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.portal_pages import HTML, page, words
from caseforge_assets_tests.workbench import KEY

# What changes nothing: a file is judged, and held until it is taken or a day has passed; held twice, it is the same.
LOOKS = {"judge_file", "look_at_workbook"}


def number_on(client: TestClient, path: str) -> str:
    """The number that a page has given its forms, the same for all of them."""
    (number,) = set(page(client, path).xpath("//form[@method='post']//input[@name='once']/@value"))
    return str(number)


def sent(client: TestClient, path: str, **fields: Any) -> str:
    """Sends a form; gives the address that it leads to."""
    answer = client.post(path, data=fields, headers=HTML, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def count(served: Served, table: str) -> int:
    (found,) = served.bench.column(f"select count(*) from caseforge.{table}")
    return int(found)


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve()


def test_what_a_form_makes_is_made_once(served: Served) -> None:
    served.bench.generate("1.1.1")
    planner, editor = served.client(Role.planner), served.client(Role.editor)
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    of_one = f"/use-cases/{first}"
    plans, node = count(served, "plan"), f"/frameworks/{KEY}/nodes/1.1.1"
    for client, path, form, fields, table in (
        (planner, "/plans/new", "/plans/new", {"framework": KEY, "nodes": "1.1.2"}, "plan"),
        (planner, f"{node}/ask?stage=usecases", f"{node}/ask?stage=usecases", {}, "plan"),
        (editor, "/portfolios", "/portfolios", {"name": "Next year"}, "portfolio"),
        (editor, of_one, "/portfolios/entries", {"candidate": first, "name": "Later"}, "portfolio"),
        (editor, "/use-cases", "/use-cases", {"do": "portfolio", "candidate": first, "name": "Much later"}, "portfolio"),
        (editor, of_one, f"{of_one}/comments", {"text": "Begin here."}, "use_case_comment"),
    ):
        number, before = number_on(client, path), count(served, table)
        to = sent(client, form, once=number, **fields)
        assert sent(client, form, once=number, **fields) == to, form
        assert count(served, table) == before + 1, form
        assert number_on(client, path) != number, form  # the page has changed: whoever wants another one can have it
    assert count(served, "plan") == plans + 2
    assert sent(planner, "/plans/new", framework=KEY, nodes="1.1.2", once=number_on(planner, "/plans/new"))
    assert count(served, "plan") == plans + 3


def test_who_decides_twice_by_one_form_is_not_told_that_somebody_else_was_faster(served: Served) -> None:
    served.bench.generate("1.1.1")
    editor = served.client(Role.editor)
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    of_one, edit = f"/use-cases/{first}", f"/frameworks/{KEY}/nodes/1.1.1/edit?stage=process_details"
    said = {"revision": 0, "status": "rejected", "reason": "Too early.", "once": number_on(editor, of_one)}
    assert {sent(editor, f"{of_one}/decision", **said) for _ in range(3)} == {f"{of_one}#decision"}
    shown = page(editor, edit)
    (text,), (version,) = shown.xpath("//textarea[@name='text']/text()"), shown.xpath("//input[@name='version']/@value")
    written = {"text": f"{text}\n\nOne thing more.", "version": version, "act": "save", "once": number_on(editor, edit)}
    assert len({sent(editor, edit, **written) for _ in range(2)}) == 1
    late = editor.post(edit, data=written | {"text": f"{text}\n\nAnother thing."}, headers=HTML)
    assert late.status_code == 409  # what was written is another thing, made from what does not stand there any more


def test_two_clicks_at_once_do_one_thing(served: Served) -> None:
    editor = served.client(Role.editor)
    number = number_on(editor, "/portfolios")
    others = [TestClient(served.app, base_url="http://127.0.0.1", headers=dict(editor.headers)) for _ in range(4)]
    with ThreadPoolExecutor(len(others)) as threads:
        led = list(threads.map(lambda client: sent(client, "/portfolios", name="Next year", once=number), others))
    assert len(set(led)) == 1
    assert count(served, "portfolio") == 1


def test_two_clicks_at_once_stop_a_batch_and_neither_is_told_that_the_other_is_at_it(serve: Serve) -> None:
    served = serve(latency_s=60)
    served.bench.approve("1.1.1")
    served.bench.round()
    (number,) = served.bench.column("select id from caseforge.batch where state = 'open'")
    planner = served.client(Role.planner)
    others = [TestClient(served.app, base_url="http://127.0.0.1", headers=dict(planner.headers)) for _ in range(4)]
    with ThreadPoolExecutor(len(others)) as threads:
        led = set(threads.map(lambda client: sent(client, f"/batches/{number}/cancel", sure="yes", once="a"), others))
    assert led == {f"/batches/{number}"}
    assert served.bench.column("select count(*) from caseforge.audit_entry where action = 'batch.cancelled'") == [1]


def test_a_form_that_was_refused_is_sent_again_and_other_words_are_another_form(served: Served) -> None:
    editor = served.client(Role.editor)
    number = number_on(editor, "/portfolios")
    assert editor.post("/portfolios", data={"name": " ", "once": number}, headers=HTML).status_code == 422
    assert len({sent(editor, "/portfolios", name=name, once=number) for name in ("One", "Two", "One")}) == 2
    other = served.client(Role.editor)
    assert sent(other, "/portfolios", name="One", once=number) not in {
        f"/portfolios/{row}" for row in served.bench.column("select min(id) from caseforge.portfolio")
    }


def test_who_made_a_plan_is_named_on_its_page_over_http_and_where_it_waits(served: Served) -> None:
    planner = served.client(Role.planner)
    to = sent(planner, "/plans/new", framework=KEY, nodes="1.1.1")
    shown = page(planner, to)
    (by,) = served.bench.column("select details ->> 'by whom' from caseforge.plan")
    assert by.startswith("token test-")
    assert f"made by {by}" in words(shown, "//main//ol")
    assert "The plan is made." in words(shown)
    assert "The plan is made." not in words(page(planner, to.partition("?")[0]))
    assert {"Process documents", "Use-case candidates"} <= {words(row) for row in shown.xpath("//tbody//th")}
    assert f"by {by}" in words(page(planner, "/plans"))
    over_http = planner.get(f"/api/v1{to.partition('?')[0]}").json()
    assert (over_http["by"], over_http["made_by"]) == (by, "plan")


def test_every_form_has_a_number_and_is_done_once() -> None:
    for template in Path(FOLDER).glob("*.jinja"):
        text = template.read_text()
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
            assert re.search(r"\{\{ (parts\.hidden\(guard\)|hidden\(\)) \}\}", form), f"{template.name}: {form[:120]}"
    sending = {route.endpoint for router in PAGES for route in router.routes if isinstance(route, APIRoute) and "POST" in route.methods}
    assert len(sending) > 20
    for endpoint in sending:
        if endpoint.__name__ not in LOOKS:
            assert re.search(r"pages\.once|_done\(", inspect.getsource(endpoint)), endpoint
