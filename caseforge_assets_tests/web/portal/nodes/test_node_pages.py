"""Nodes as pages: what was made for them, its versions, edits that lose nothing, and asking that spends nothing before somebody approves it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.portal_pages import HTML, links, page, read, send, words
from caseforge_assets_tests.web.signed_in import add_person, sign_in
from caseforge_assets_tests.workbench import KEY, PROCESS, renamed

NODE = f"/frameworks/{KEY}/nodes/1.1.1"
EDIT = f"{NODE}/edit?stage=process_details"


def body_of(served: Served, code: str = "1.1.1") -> str:
    (text,) = served.bench.column(
        "select c.body from caseforge.content c join caseforge.current_node n on n.node_id = c.node_id "
        "where n.code = :code and c.stage = 'process_details' and c.is_current",
        code=code,
    )
    return str(text)


def test_a_node_is_shown_with_all_that_belongs_to_it(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client(Role.reader, KEY)
    shown = page(client, NODE)
    assert words(shown, "//h1") == "1.1.1 Advertise"
    assert [words(step) for step in shown.xpath("//nav[@class='crumbs']//li")] == [
        "Home",
        "shop",
        "1 Sell",
        "1.1 Win customers",
        "1.1.1 Advertise",
    ]
    for address in links(shown, "//nav[@class='toc']//a/@href"):
        assert len(shown.xpath(f"//*[@id='{address[1:]}']")) == 1, address
    assert len(links(shown, "//nav[@class='toc']//a[starts-with(@href, '#process_details-h')]/@href")) >= 5
    ids = served.bench.column("select id from caseforge.candidate where is_current order by position")
    assert [address for address in links(shown) if address.startswith("/use-cases/")] == [f"/use-cases/{case_id}" for case_id in ids]
    (batch,) = {address for address in links(shown, "//section[1]//a/@href") if address.startswith("/batches/")}
    assert batch == f"/batches/{served.bench.column('select min(id) from caseforge.batch')[0]}"
    assert "Process: Advertise" in words(shown, "//pre")
    assert "/ask" not in str(links(shown))
    assert "/edit" not in str(links(shown))
    assert {address for address in links(shown) if "rel" not in address and address.endswith("/nodes/1.1.2")}
    for name in ("1.1.1", "c", "1"):
        page(client, f"/frameworks/{KEY}/nodes/{name}")
    assert words(page(client, f"/frameworks/{KEY}/nodes/1.1"), "//h2[@id='children']/..").count("of 1 process documents") == 3
    page(client, f"/frameworks/{KEY}/nodes/9.9", 404)
    page(served.client(Role.reader, "elsewhere"), NODE, 404)
    assert "Ask for it" in words(page(served.client(Role.planner), f"/frameworks/{KEY}/nodes/1.1.2"))


def test_stages_are_those_of_the_project_and_what_others_left_stays(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    risks = replace(PROCESS, key="risks", title="Risk notes", inputs="risk_inputs", outputs="risk_outputs", content="risk_notes")
    opened = serve(served.bench.with_stages(PROCESS, risks))
    shown = page(opened.client(Role.reader), NODE)
    assert [words(heading) for heading in shown.xpath("//section/h2[starts-with(@id, 's-')]")][1].startswith("Risk notes missing")
    assert "no stage of this name any more" in words(shown, "//section[h2[@id='s-usecases']]")


@pytest.mark.slow
def test_an_edit_is_looked_at_and_saved_and_its_versions_are_compared(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    add_person(served, "edda", Grant(Role.editor, KEY))
    browser, token = sign_in(served, "edda")
    form = page(browser, EDIT)
    body = body_of(served)
    assert form.xpath("//textarea[@name='text']")[0].text.removeprefix("\n") == body
    fields = {"csrf_token": token, "version": form.xpath("//input[@name='version']/@value")[0]}
    mine = body.replace("\n", "\r\n") + "\r\n\r\nCall the shop before <b>noon</b>."
    looked = send(browser, EDIT, **fields, text=mine, act="preview")
    assert "Use-case candidates of this node would be stale then. Asking for that anew would cost about $0." in words(looked)
    assert "Call the shop before <b>noon</b>." in words(looked, "//ins")
    assert body_of(served) == body
    assert served.bench.column("select count(*) from caseforge.plan where made_by = 'what if'") == [0]
    refused = send(browser, EDIT, 422, **fields, text="no sections", act="save")
    assert refused.xpath("//textarea[@name='text']")[0].text.strip() == "no sections"
    assert read(browser.post(EDIT, data=fields | {"text": mine, "act": "save", "csrf_token": ""}, headers=HTML), 403) is not None
    saved = browser.post(EDIT, data=fields | {"text": mine, "act": "save"}, headers=HTML, follow_redirects=False)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{NODE}?saved=process_details")
    assert body_of(served).endswith("\n\nCall the shop before <b>noon</b>.")
    assert served.bench.column("select actor from caseforge.audit_entry where action = 'content.edited'") == ["edda"]
    assert "stale" in words(page(browser, NODE), "//h2[@id='s-usecases']")
    versions = page(browser, f"{NODE}/versions?stage=process_details")
    assert next(words(row, ".//td[4]") for row in versions.xpath("//tbody/tr")) == "edited by edda"
    assert "Call the shop before <b>noon</b>." in words(versions, "//div[@class='difference']//ins")
    older, newer = sorted(int(value) for value in versions.xpath("//input[@name='before']/@value"))
    back = page(browser, f"{NODE}/versions?stage=process_details&before={newer}&after={older}&whole=true")
    assert "noon" in words(back, "//div[@class='difference']//del")
    page(browser, f"{NODE}/versions?stage=process_details&before=999999", 404)
    assert "edited by edda" in words(page(browser, f"{NODE}/history"))


@pytest.mark.slow
def test_who_was_slower_sees_both_texts(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    anna, ben = served.client(Role.editor), served.client(Role.editor)
    body = body_of(served)
    fields = {"version": page(anna, EDIT).xpath("//input[@name='version']/@value")[0], "act": "save"}
    first = anna.post(EDIT, data=fields | {"text": f"{body}\n\nOnly on Mondays."}, headers=HTML, follow_redirects=False)
    assert first.status_code == 303
    for act in ("preview", "save"):
        told = send(ben, EDIT, 409, **(fields | {"text": f"{body}\n\nNever on Mondays.", "act": act}))
        assert "Somebody was faster: edited by token test-" in words(told)
        mine, theirs = (told.xpath(f"//textarea[@id='{name}']")[0].text for name in ("text", "theirs"))
        assert ("Never on Mondays." in mine, "Only on Mondays." in theirs) == (True, True)
        assert (words(told, "//del"), words(told, "//ins")) == ("Only", "Never")
    again = fields | {"version": told.xpath("//input[@name='version']/@value")[0], "text": f"{body}\n\nNever on Mondays."}
    assert ben.post(EDIT, data=again, headers=HTML, follow_redirects=False).status_code == 303
    assert body_of(served).endswith("Never on Mondays.")
    assert len(page(anna, f"{NODE}/versions?stage=process_details").xpath("//tbody/tr")) == 3  # theirs is kept


@pytest.mark.slow
def test_a_list_is_edited_as_a_page(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client(Role.editor)
    address = f"{NODE}/edit?stage=usecases"
    form = page(client, address)
    text, version = form.xpath("//textarea")[0].text.removeprefix("\n"), form.xpath("//input[@name='version']/@value")[0]
    same = client.post(address, data={"text": text, "version": version, "act": "save"}, headers=HTML, follow_redirects=False)
    assert (same.status_code, served.bench.column("select count(*) from caseforge.audit_entry where action = 'content.edited'")) == (
        303,
        [0],
    )
    first = text.splitlines()[0]
    send(client, address, 422, text=text.replace("risk: ", "risk: enormous, "), version=version, act="save")
    done = client.post(
        address,
        data={"text": text.replace(first, "## 1. Sort the mail"), "version": version, "act": "save"},
        headers=HTML,
        follow_redirects=False,
    )
    assert done.status_code == 303
    assert "Sort the mail" in served.bench.column("select title from caseforge.candidate where is_current")


@pytest.mark.slow
def test_asking_shows_its_price_and_makes_a_draft_that_somebody_approves(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    planner = served.client(Role.planner, KEY)
    before = served.bench.query("select count(*), max(id) from caseforge.plan")
    follows = page(served.client(Role.reader), f"{NODE}/follows?stage=process_details")
    assert "Use-case candidates , made from process documents: would be stale; asking for it anew costs about $0." in words(follows)
    shown = page(planner, f"{NODE}/ask?stage=process_details&with_readers=true")
    assert [words(row, "./th | ./td[2] | ./td[3]") for row in shown.xpath("//table//tbody/tr")] == [
        "Process documents 1 0",
        "Use-case candidates 0 1",
        "Together 2",
    ]
    assert served.bench.query("select count(*), max(id) from caseforge.plan") == before  # looking keeps nothing
    made = planner.post(f"{NODE}/ask?stage=process_details", headers=HTML, follow_redirects=False)
    plan_id, state, requests = served.bench.query("select id, state, node_count from caseforge.plan order by id desc limit 1")[0]
    assert (made.status_code, made.headers["location"], state, requests) == (303, f"/plans/{plan_id}?made=yes", "draft", 1)
    for role in (Role.reader, Role.editor):
        other = served.client(role)
        page(other, f"{NODE}/ask?stage=process_details", 403)
        assert other.post(f"{NODE}/ask?stage=process_details", headers=HTML).status_code == 403
    for role in (Role.reader, Role.planner):
        page(served.client(role), EDIT, 403)
        send(served.client(role), EDIT, 403, text="x", version="y", act="save")


def test_what_is_stale_failed_or_gone_says_so(serve: Serve) -> None:
    served = serve()
    served.bench.generate("1.1.1", stages=(PROCESS,))
    served.bench.load(renamed("1.1.1", "Advertise loudly"))
    client = served.client(Role.reader)
    stale = page(client, NODE)
    assert "what the model is told of the node" in words(stale, "//section[1]")
    assert "+Process: Advertise loudly" in words(stale, "//section[1]//pre")
    served.bench.load([row for row in renamed("1.1.1", "Advertise loudly") if row[0] != "1.1.1"])
    gone = page(client, NODE)
    assert "does not have this node any more" in words(gone)
    assert gone.xpath("//a[contains(@href, '/ask') or contains(@href, '/edit')]") == []


def test_what_models_and_people_write_does_nothing(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    hostile = (
        "\n\n<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) ![x](https://elsewhere.example/x.png)\n\n"
        "### <svg onload=alert(1)> \u202eevil\u202c " + "W" * 3_000 + "\n\n</textarea><script>alert(2)</script>"
    )
    client = served.client(Role.editor)
    fields = {"version": page(client, EDIT).xpath("//input[@name='version']/@value")[0], "text": body_of(served) + hostile}
    looked = send(client, EDIT, **fields, act="preview")
    assert client.post(EDIT, data=fields | {"act": "save"}, headers=HTML, follow_redirects=False).status_code == 303
    assert body_of(served).endswith(hostile.strip()[-40:])  # kept to the letter
    served.bench.change("update caseforge.candidate set title = :title", title="<script>alert(3)</script>\u202e" + "T" * 5_000)
    pages = [page(client, address) for address in (NODE, EDIT, f"{NODE}/versions?stage=process_details", f"{NODE}/history")]
    for shown in [looked, *pages]:
        assert shown.xpath("//main//script | //main//img | //main//svg | //*[@onerror or @onload or @style]") == []
        assert {address for address in links(shown) if not address.startswith(("/", "#", "?"))} <= {"https://elsewhere.example/x.png"}
    assert "\u202e" not in words(pages[0])
    assert pages[1].xpath("//textarea")[0].text.endswith("</textarea><script>alert(2)</script>")
