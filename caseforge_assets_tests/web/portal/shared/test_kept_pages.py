"""Pages that are kept: given again while nothing has changed, to the browser or program that asked alone, and never when what they say, or who may see it, is otherwise."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.portal_pages import HTML
from caseforge_assets_tests.web.queries import queries
from caseforge_assets_tests.web.signed_in import add_person, sign_in
from caseforge_assets_tests.workbench import KEY

AT = f"/frameworks/{KEY}"


def cost(served: Served, client: TestClient, address: str) -> int:
    """Counts the queries that a page takes."""
    with queries(served) as asked:
        answer = client.get(address, headers=HTML)
    assert answer.status_code == 200, answer.text
    return len(asked)


def up_to_date(served: Served) -> None:
    refresh_lists(served.bench.store, served.bench.project)
    refresh_similar(served.bench.store, served.bench.project)


@pytest.mark.slow
def test_pages_are_given_again_until_anything_changes(serve: Serve) -> None:
    served = serve()
    served.bench.generate("1.1.1", "1.1.2")
    up_to_date(served)
    add_person(served, "anna", Grant(Role.editor))
    add_person(served, "ben", Grant(Role.reader, KEY))
    (anna, token), (ben, _) = sign_in(served, "anna"), sign_in(served, "ben")
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    addresses = ("/", AT, f"{AT}?view=heat", f"{AT}/tree?under=1", f"{AT}/nodes/1.1.1", f"{AT}/nodes/1", "/use-cases", "/matrix")
    for address in (*addresses, f"/use-cases/{first}", "/search?q=offers", "/reviews", "/plans", "/alerts", "/portfolios"):
        before = anna.get(address, headers=HTML)
        assert cost(served, anna, address) == 3, address  # the session, its roles, the state
        again = anna.get(address, headers=HTML)
        assert (again.content, again.headers["etag"]) == (before.content, before.headers["etag"])
        known = anna.get(address, headers={**HTML, "if-none-match": before.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert cost(served, ben, address) > 3, address
    page = anna.get(f"/use-cases/{first}", headers=HTML)
    assert "shortlisted</span>" not in page.text
    decided = anna.post(f"/use-cases/{first}/decision", data={"revision": 0, "status": "shortlisted", "csrf_token": token})
    assert decided.status_code == 200
    for client in (anna, ben):
        assert "shortlisted</span>" in client.get(f"/use-cases/{first}", headers=HTML).text
        assert 'value="shortlisted"' in client.get("/use-cases", headers=HTML).text


def test_what_is_kept_is_of_one_session_and_ends_with_its_rights(serve: Serve) -> None:
    served = serve()
    served.bench.generate("1.1.1")
    up_to_date(served)
    add_person(served, "anna", Grant(Role.editor))
    (one, _), (other, _) = sign_in(served, "anna"), sign_in(served, "anna")
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    address = f"/use-cases/{first}"

    def shown(client: TestClient) -> set[str]:
        return set(re.findall(r'name="csrf_token" value="(\w+)"', client.get(address, headers=HTML).text))

    assert len(shown(one)) == len(shown(other)) == 1
    assert shown(one) != shown(other)
    assert shown(one) == shown(one)
    assert cost(served, one, address) == 3
    assert f'action="{address}/decision"' in one.get(address, headers=HTML).text
    served.bench.change("update caseforge.account_role set role = 'reader'")
    assert f'action="{address}/decision"' not in one.get(address, headers=HTML).text
    served.bench.change("update caseforge.account_role set framework_key = 'elsewhere'")
    assert one.get(address, headers=HTML).status_code == 404
    served.bench.change("update caseforge.account set disabled_at = now()")
    assert one.get(address, headers=HTML, follow_redirects=False).status_code in (303, 401)


def test_pages_of_what_is_behind_or_under_way_are_made_each_time(serve: Serve) -> None:
    served = serve()
    served.bench.generate("1.1.1")
    up_to_date(served)
    client = served.client()
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    assert cost(served, client, "/matrix") > 2
    assert cost(served, client, "/matrix") == 2
    served.bench.change("update caseforge.similar_candidate set group_id = null, score = null")
    assert client.get(f"/use-cases/{first}", headers=HTML).status_code == 200
    assert cost(served, client, f"/use-cases/{first}") >= 2
    served.bench.change("insert into caseforge.reading_due (framework_key) values (:key)", key=KEY)
    assert "etag" not in client.get("/use-cases", headers=HTML).headers
