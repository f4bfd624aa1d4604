"""A service is killed between what a form asks for and the note that it was done: the form is sent again, and nothing is there twice or done by half."""

from __future__ import annotations

import io
import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.web.app import make_app
from caseforge_assets.web.portal.shared import once
from caseforge_assets.web.service import Service
from caseforge_assets_tests.web.conftest import NOTHING_MORE, Serve, Served, settings_for
from caseforge_assets_tests.web.portal_pages import HTML, read
from caseforge_assets_tests.web.uploads import table
from caseforge_assets_tests.workbench import PATIENCE_S, SHOP, open_workbench

pytestmark = pytest.mark.slow
KILLED = 9
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPEN_ALERT = """
insert into caseforge.alert (rule, subject, severity, text, raised_at) values ('batch_expired', 'batch 1', 'warning', 'Too late.', now())
"""


def send_until_noted(url: str, path: Path, base_url: str, headers: dict[str, str], form: str, fields: dict[str, Any]) -> None:
    """A service in a process of its own, which is sent a form and dies before it notes that this was done."""

    def die(*_: object) -> None:
        os._exit(KILLED)

    once._note = die  # type: ignore[assignment]
    service = Service(settings_for(open_workbench(open_store(url), path, base_url), NOTHING_MORE))
    TestClient(make_app(service), base_url="http://127.0.0.1", headers=headers).post(form, data=fields, headers=HTML)


def kill_at_note(served: Served, headers: Mapping[str, str], form: str, fields: dict[str, Any]) -> None:
    bench = served.bench
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    url = bench.store.url.render_as_string(hide_password=False)
    arguments = (url, bench.path, bench.provider.base_url, dict(headers), form, fields)
    child = processes.Process(target=send_until_noted, args=arguments)
    child.start()
    child.join(PATIENCE_S)
    assert child.exitcode == KILLED


def killed_and_sent_again(served: Served, client: TestClient, form: str, fields: dict[str, Any], looks: str) -> tuple[Any, Any]:
    """Looks after a kill, and after the form was sent again, twice; both times it leads on."""
    headers = {"authorization": client.headers["authorization"]}
    kill_at_note(served, headers, form, fields)
    after_kill = served.bench.query(looks)
    led = {client.post(form, data=fields, headers=HTML, follow_redirects=False).headers["location"] for _ in range(2)}
    assert len(led) == 1
    return after_kill, served.bench.query(looks)


def fields_of(tree: Any, action: str) -> dict[str, Any]:
    """The hidden fields of a page's form."""
    return {str(one.get("name")): str(one.get("value")) for one in tree.xpath(f"//form[@action='{action}']//input[@type='hidden']")}


def test_a_workbook_that_was_decided_in_is_taken_as_a_whole_or_not_at_all(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    editor = served.client(Role.editor)
    served.bench.change("insert into caseforge.portfolio (name, description, owner, is_shared) values ('All', '', 'anna', true)")
    ids = served.bench.column("select id from caseforge.candidate where is_current order by id limit 2")
    editor.post("/portfolios/entries", data={"candidate": ids, "portfolio": 1}, headers=HTML)
    book = openpyxl.load_workbook(io.BytesIO(editor.get("/portfolios/1/file?as=xlsx").content))
    names = [cell.value for cell in book["Decide"][1]]
    book["Decide"].cell(2, names.index("Status") + 1).value = "Shortlisted"
    book["Decide"].cell(3, names.index("Note") + 1).value = "Later."
    written = io.BytesIO()
    book.save(written)
    shown = read(editor.post("/decisions", files={"file": ("all.xlsx", written.getvalue(), MEDIA)}, headers=HTML))
    fields = fields_of(shown, "/decisions/take") | {"meanwhile": "refuse"}
    looks = """
    select (select count(*) from caseforge.use_case where status = 'shortlisted'), (select count(*) from caseforge.portfolio_entry where note <> ''),
      (select count(*) from caseforge.audit_entry where action = 'usecase.decided'), (select count(*) from caseforge.held_file)
    """
    after_kill, at_last = killed_and_sent_again(served, editor, "/decisions/take", fields, looks)
    assert (after_kill, at_last) == ([(0, 0, 0, 1)], [(1, 1, 1, 0)])


def test_a_file_that_was_loaded_is_loaded_once_and_declared(serve: Serve) -> None:
    served = serve()
    admin = served.client(Role.admin)
    shown = read(admin.post("/upload", data={"framework": "mine"}, files={"file": ("mine.csv", table(SHOP))}, headers=HTML))
    fields = fields_of(shown, "/upload/take")
    looks = """
    select (select count(*) from caseforge.framework_version where framework_key = 'mine'), (select count(*) from caseforge.held_file),
      (select count(*) from caseforge.audit_entry where action = 'framework.loaded' and framework_key = 'mine')
    """
    after_kill, at_last = killed_and_sent_again(served, admin, "/upload/take", fields, looks)
    assert (after_kill, at_last) == ([(1, 1, 1)], [(1, 0, 1)])


def test_a_batch_is_stopped_once(serve: Serve) -> None:
    served = serve(latency_s=PATIENCE_S)
    served.bench.approve()
    served.bench.round()
    (number,) = served.bench.column("select min(id) from caseforge.batch where state = 'open'")
    planner = served.client(Role.planner)
    looks = f"select state, reason, remote_status from caseforge.batch where id = {number}"
    fields = {"once": "a", "sure": "yes"}
    after_kill, at_last = killed_and_sent_again(served, planner, f"/batches/{number}/cancel", fields, looks)
    assert after_kill == at_last
    assert at_last[0][1] == "cancelled by a person"


def test_an_alert_is_acknowledged_once(serve: Serve) -> None:
    served = serve()
    planner = served.client(Role.planner)
    served.bench.change(OPEN_ALERT)
    (number,) = served.bench.column("select id from caseforge.alert")
    looks = "select count(*) from caseforge.audit_entry where action = 'alert.acknowledged'"
    after_kill, at_last = killed_and_sent_again(served, planner, f"/alerts/{number}/acknowledge", {"once": "a"}, looks)
    assert (after_kill, at_last) == ([(0,)], [(1,)])
