"""Nodes, documents, quality, what is stale and what failed, over HTTP: what the commands say, and nothing of frameworks that may not be seen."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.commands.quality.read_quality import read_quality
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.store.figures.histories import history_of_node
from caseforge_assets.web.wire.pages import encode_cursor
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.walking import walk
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, SHOP, USECASES, renamed

AT = f"/api/v1/frameworks/{KEY}"


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["code"] for row in rows]


def test_nodes_are_listed_page_by_page_and_filtered(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client()
    rows = walk(client, f"{AT}/nodes", limit=3)
    assert codes(rows) == [row[0] for row in SHOP]
    first = rows[0]
    assert (first["children"], first["states"], first["partition_key"]) == (1, {}, None)
    assert rows[2]["states"] == {"process_details": "done", "usecases": "done"}
    assert codes(walk(client, f"{AT}/nodes", branch="2")) == ["2", "2.1", "2.1.1", "2.1.2", "2.1.3"]
    assert codes(walk(client, f"{AT}/nodes", level=2)) == ["1.1", "2.1"]
    assert codes(walk(client, f"{AT}/nodes", text="MEND")) == ["2.1.2"]
    assert walk(client, f"{AT}/nodes", text="100%") == []
    assert codes(walk(client, f"{AT}/nodes", parent="")) == ["1", "2"]
    assert codes(walk(client, f"{AT}/nodes", parent="1.1", state="done")) == ["1.1.1"]
    assert codes(walk(client, f"{AT}/nodes", state="missing", stage="process_details", limit=2)) == list(CODES[1:])
    for state in ("waiting", "failed", "cancelled", "stale"):
        assert walk(client, f"{AT}/nodes", state=state) == []
    with served.bench.store.connect() as connection:
        for stage in (PROCESS, USECASES):
            said = {row.code: str(state) for row, state in survey(connection, served.bench.project, KEY, stage, True)}
            assert {row["code"]: row["states"][stage.key] for row in rows if row["states"]} == said


def test_what_cannot_be_meant_is_said(serve: Serve) -> None:
    client = serve().client()
    for query, status, word in (
        ({"branch": "9"}, 404, "'9'"),
        ({"stage": "poems"}, 404, "poems"),
        ({"state": "dead"}, 422, "state"),
        ({"cursor": "nonsense"}, 422, "cursor"),
        ({"limit": 501}, 422, "limit"),
        ({"text": "\0"}, 422, "NUL"),
    ):
        answer = client.get(f"{AT}/nodes", params=query)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert client.get("/api/v1/frameworks/nowhere/nodes").status_code == 404


def test_nodes_are_a_tree_with_those_above_what_is_meant(serve: Serve) -> None:
    client = serve().client()
    tree = client.get(f"{AT}/tree").json()["items"]
    assert [(root["code"], [node["code"] for node in root["children"][0]["children"]]) for root in tree] == [
        ("1", list(CODES[:3])),
        ("2", list(CODES[3:])),
    ]
    (found,) = client.get(f"{AT}/tree", params={"text": "mend"}).json()["items"]
    assert (found["code"], found["children"][0]["code"], codes(found["children"][0]["children"])) == ("2", "2.1", ["2.1.2"])
    (branch,) = client.get(f"{AT}/tree", params={"branch": "1.1", "level": 2}).json()["items"]
    assert (branch["code"], branch["children"]) == ("1.1", [])


def test_a_node_says_where_it_stands_and_what_happened(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    served.bench.load(renamed("1.1.1", "Advertise loudly"))
    client = served.client()
    node = client.get(f"{AT}/nodes/1.1.1").json()
    assert (node["code"], node["name"], node["retired"], node["context"]["is_current"]) == ("1.1.1", "Advertise loudly", False, True)
    standing = node["standings"][0]
    assert (standing["stage"], standing["state"]) == ("process_details", "stale")
    assert any("told of the node" in difference for difference in standing["differences"])
    assert "+" in standing["diff"]
    assert [candidate["uid"] for candidate in node["candidates"]] == served.bench.column(
        "select candidate_uid from caseforge.candidate order by position"
    )
    by_uid = client.get(f"{AT}/nodes/{node['candidates'][0]['uid']}").json()
    assert by_uid == node
    history = client.get(f"{AT}/history/1.1.1").json()
    with served.bench.store.connect() as connection:
        told = history_of_node(connection, served.bench.ids("1.1.1")[0])
    assert len(history["events"]) >= sum(map(len, told.values()))
    assert {event["kind"] for event in history["events"]} >= {"edition", "context", "request", "sent", "answer", "content"}
    assert client.get(f"{AT}/nodes/1").json()["standings"] == []
    assert client.get(f"{AT}/nodes/nothing").status_code == 404


def test_a_code_may_have_slashes(serve: Serve) -> None:
    served = serve()
    served.bench.change("update caseforge.node_version set code = 'A/1.. b' where code = '2.1.3'")
    client = served.client()
    for address in ("A/1..%20b", "A%2F1..%20b"):
        assert client.get(f"{AT}/nodes/{address}").json()["name"] == "Hand back"


def test_documents_are_listed_and_read_with_their_version_as_tag(serve: Serve) -> None:
    served = serve(given=["1.1.1", "2.1.1", "2.1.2"])
    client = served.client()
    rows = walk(client, f"{AT}/documents", limit=2)
    assert codes(rows) == ["1.1.1", "2.1.1", "2.1.2"]
    scores = dict(served.bench.query("select c.title, q.score from caseforge.quality q join caseforge.content c on c.id = q.content_id"))
    assert {row["title"]: row["score"] for row in rows}.items() <= scores.items()
    assert codes(walk(client, f"{AT}/documents", branch="2", simulated=True)) == ["2.1.1", "2.1.2"]
    assert walk(client, f"{AT}/documents", edited=True) == walk(client, f"{AT}/documents", owner="nobody") == []
    best = max(row["score"] for row in rows)
    assert {row["score"] for row in walk(client, f"{AT}/documents", min_score=best)} == {best}
    assert codes(walk(client, f"{AT}/documents", stage="usecases", text="2.1.2")) == ["2.1.2"]
    answer = client.get(f"{AT}/documents/2.1.1")
    document = answer.json()
    ((body, version),) = served.bench.query("select body, version from caseforge.content where version = :it", it=document["version"])
    assert (document["body"], answer.headers["etag"]) == (body, f'"{version}"')
    assert document["cost"] == {"amount": document["cost"]["amount"], "currency": "USD"}
    again = client.get(f"{AT}/documents/2.1.1", headers={"if-none-match": f'"x", {answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert client.get(f"{AT}/documents/1.1.2").status_code == 404
    assert "# " in client.get(f"{AT}/documents/2.1.1", params={"stage": "usecases"}).json()["body"]


def test_what_is_unchanged_is_not_sent_again(serve: Serve) -> None:
    served = serve()
    client = served.client()
    for address in ("/api/v1/frameworks", AT, f"{AT}/editions", f"{AT}/nodes", f"{AT}/nodes/1.1.1", f"{AT}/documents", f"{AT}/failed"):
        tag = client.get(address).headers["etag"]
        assert tag.startswith('W/"')
        assert client.get(address, headers={"if-none-match": tag}).status_code == 304
        if address.endswith(("/nodes", "/documents", "/failed")):
            assert client.get(address, params={"limit": 3}, headers={"if-none-match": tag}).status_code == 200
        served.bench.change("update caseforge.framework set title = title || '.'")
        assert client.get(address, headers={"if-none-match": tag}).status_code == 200
    with served.bench.store.begin() as connection:
        before = client.get("/api/v1/frameworks").headers["etag"]
        connection.exec_driver_sql("update caseforge.framework set title = 'meanwhile'")
        assert client.get("/api/v1/frameworks").headers["etag"] == before
    assert client.get("/api/v1/frameworks").headers["etag"] != before


def test_a_framework_has_levels_states_and_editions_that_differ(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    served.bench.load(renamed("1.1.2", "Answer"))
    client = served.client()
    found = client.get(AT).json()
    assert [(level["level"], level["nodes"], level["targets"]) for level in found["levels"]] == [(1, 2, 0), (2, 2, 0), (3, 6, 6)]
    assert found["stages"][0]["states"] == {"done": 1, "missing": 5}
    assert found["stages"][1]["items"] == served.bench.column("select count(*) from caseforge.candidate where is_current")[0]
    now, before = client.get(f"{AT}/editions").json()["items"]
    assert (now["is_current"], before["is_current"], now["nodes"]) == (True, False, len(SHOP))
    differs = client.get(f"{AT}/difference", params={"before": before["id"], "after": now["id"]}).json()
    assert [(change["change"], change["nodes"][0]["name_after"]) for change in differs["changes"]] == [("renamed", "Answer")]
    assert client.get(f"{AT}/difference", params={"before": 1, "after": 10**30}).status_code == 404


@pytest.mark.slow
def test_quality_stale_and_failed_say_what_the_commands_say(serve: Serve) -> None:
    served = serve(given=["1.1.1", "2.1.1"])
    served.bench.load(renamed("1.1.1", "Advertise loudly"))
    client = served.client()
    quality = client.get(f"{AT}/quality", params={"worst": 1}).json()["stages"]
    stale = client.get(f"{AT}/stale").json()
    with served.bench.store.connect() as connection:
        for said, known in zip(quality, read_quality(connection, served.bench.project, KEY), strict=True):
            assert (said["stage"], said["summary"]["mean"]) == (known.stage.key, known.summary.mean)
            assert said["contents"][0]["score"] == known.summary.lowest
        known_stale = [status for status in asset_statuses(connection, served.bench.project, KEY) if status.not_current]
    assert [(row["asset"], row["code"]) for row in stale["items"]] == [(known.asset, known.node.code) for known in known_stale]
    assert sum(stale["counts"].values()) == len(known_stale) > 1
    assert (walk(client, f"{AT}/stale", limit=1), refuses_foreign_cursors(client, f"{AT}/stale", "stale")) == (stale["items"], True)
    named = client.get(f"{AT}/quality", params={"nodes": "2.1.1", "stage": "usecases"}).json()["stages"]
    assert codes(named[0]["contents"]) == ["2.1.1"]
    assert client.get(f"{AT}/quality", params={"nodes": "9.9"}).status_code == 404
    served.bench.change("update caseforge.request set state = 'failed' where state = 'answered' and stage = 'usecases'")
    failed = client.get(f"{AT}/failed").json()
    assert (codes(failed["items"]), sum(failed["counts"].values())) == (["1.1.1", "2.1.1"], 2)
    assert all(row["next"] and row["stage"] == "usecases" for row in failed["items"])
    assert (walk(client, f"{AT}/failed", limit=1), refuses_foreign_cursors(client, f"{AT}/failed", "failed")) == (failed["items"], True)


def refuses_foreign_cursors(client: TestClient, path: str, order: str) -> bool:
    cursors = [encode_cursor("nodes", 1, 2), encode_cursor(order, 1), encode_cursor(order, *"abc"), encode_cursor(order, None, None)]
    return {client.get(path, params={"cursor": cursor}).json()["type"] for cursor in cursors} == {"/problems/cursor"}


def test_another_framework_is_nowhere_to_be_seen(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client(Role.admin, "elsewhere")
    shown = served.client().get(f"{AT}/editions").json()["items"][0]["id"]
    for path in (
        "",
        "/editions",
        "/nodes",
        "/tree",
        "/nodes/1.1.1",
        "/history/1.1.1",
        "/documents",
        "/documents/1.1.1",
        "/quality",
        "/stale",
    ):
        answer = client.get(f"{AT}{path}")
        assert (answer.status_code, "may not see it" in answer.json()["detail"]) == (404, True)
    served.bench.load(SHOP, key="elsewhere")
    assert client.get("/api/v1/frameworks/elsewhere/difference", params={"before": shown, "after": shown}).status_code == 404
    assert client.get("/api/v1/frameworks/elsewhere/documents/1.1.1").status_code == 404
    assert client.get("/api/v1/frameworks/elsewhere/nodes/1.1.1-UC01").status_code == 404
