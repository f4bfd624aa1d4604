"""Similar use cases over HTTP: an idea that several processes have is one group, seen as far as its frameworks are, and kept up for what changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring import refresh_similar as comparing
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.walking import walk
from caseforge_assets_tests.workbench import KEY, SHOP, renamed

GROUPS = "/api/v1/similar-groups"
IDEAS = (
    ("Invoice capture with document AI", "A document model reads supplier invoices from mailboxes, extracts their fields and posts them to accounts payable."),
    ("Churn forecast by gradient boosting", "Gradient boosting forecasts which subscribers leave, from usage, tickets and contract age, a month ahead."),
    ("Chat assistant for warehouse safety", "Retrieval-augmented chat answers pickers' questions about forklifts, lifting and hazardous goods."),
)  # fmt: skip
OTHER = ("Drone inventory of pallets", "Autonomous drones photograph racks by night and reconcile pallet labels with stock records.")


def tell(served: Served, place: int, idea: tuple[str, str], *, also: str = "") -> None:
    """All candidates at a place of their node's answer tell an idea from now on, each for its own node."""
    served.bench.change(
        """update caseforge.candidate k set title = cast(:title as text) || ' | ' || nv.name,
        fields = k.fields || jsonb_build_object('description', nv.name || ': ' || cast(:text as text))
        from caseforge.current_node nv where nv.node_id = k.node_id and k.position = :place """
        + also,
        title=idea[0],
        text=idea[1],
        place=place,
    )


@pytest.fixture
def served(serve: Serve) -> Served:
    found = serve(given=[])
    found.bench.load(SHOP, key="other")
    found.bench.generate("2.1.1", key="other")
    found.bench.change(
        """update caseforge.candidate set title = 'Z' || md5(id::text), fields = fields || jsonb_build_object('description',
        (select string_agg('w' || translate(md5(id::text || n), '0123456789', 'ghijklmnop'), ' ') from generate_series(1, 30) n))"""
    )
    for place, idea in enumerate(IDEAS, 1):
        tell(found, place, idea)
    return found


def groups(served: Served, **asked: Any) -> list[dict[str, Any]]:
    return walk(served.client(), GROUPS, **asked)


def nodes_of(served: Served, key: str = KEY) -> int:
    return int(served.bench.column("select count(distinct node_id) from caseforge.candidate where framework_key = :key", key=key)[0])


def test_one_idea_that_serves_many_processes_is_one_group_seen_as_far_as_its_frameworks_are(served: Served) -> None:
    client, shop = served.client(), nodes_of(served)
    found = groups(served, limit=2)
    assert sorted(group["candidate"]["title"].split(" | ")[0] for group in found) == sorted(idea[0] for idea in IDEAS)
    assert {(group["processes"], group["members"]) for group in found} == {(shop + 1, shop + 1)}
    assert {entry["framework"]: entry["count"] for entry in found[0]["frameworks"]} == {KEY: shop, "other": 1}
    assert client.get(GROUPS).json()["groups"] == len(IDEAS)

    similar = client.get(f"/api/v1/frameworks/{KEY}/candidates/1.1.1-UC01/similar").json()
    assert (similar["processes"], similar["members"], similar["behind"]) == (shop + 1, shop + 1, False)
    assert {row["title"].split(" | ")[0] for row in similar["items"]} == {IDEAS[0][0]}
    assert all(row["uid"] != "1.1.1-UC01" or row["framework"] != KEY for row in similar["items"])
    assert [row["likeness"] for row in similar["items"]] == sorted((row["likeness"] for row in similar["items"]), reverse=True)
    paged = walk(client, f"/api/v1/frameworks/{KEY}/candidates/1.1.1-UC01/similar", limit=1)
    assert paged == similar["items"]
    alone = client.get(f"/api/v1/frameworks/{KEY}/candidates/1.1.1-UC05/similar").json()
    assert (alone["items"], alone["members"], alone["processes"], alone["behind"]) == ([], 1, 1, False)
    assert client.get(f"/api/v1/frameworks/{KEY}/candidates/nothing/similar").status_code == 404

    reader = served.client(Role.reader, KEY)
    mine = reader.get(GROUPS).json()["items"]
    assert {group["processes"] for group in mine} == {shop}
    assert {entry["framework"] for group in mine for entry in group["frameworks"]} == {KEY}
    assert {row["framework"] for row in reader.get(f"/api/v1/frameworks/{KEY}/candidates/1.1.1-UC01/similar").json()["items"]} == {KEY}
    assert reader.get("/api/v1/frameworks/other/candidates/2.1.1-UC01/similar").status_code == 404
    assert served.client(Role.reader, "other").get(GROUPS).json()["items"] == []
    assert reader.get(GROUPS, params={"framework": "other"}).status_code == 404

    branch = groups(served, framework=KEY, branch="1")
    below = int(
        served.bench.column("select count(*) from caseforge.target_node where framework_key = :key and code like '1.%'", key=KEY)[0]
    )
    assert {group["processes"] for group in branch} == {below}
    counted = sum(group["members"] for group in groups(served, where="category:automation"))
    assert counted < sum(group["members"] for group in found)
    assert client.get(GROUPS, params={"where": "colour:red"}).status_code == 422
    assert client.get(GROUPS, params={"branch": "1"}).status_code == 422

    # Made anew at will, it comes out the same; nothing of it is journaled.
    before = groups(served)
    rows = "select candidate_id, words, group_id, score from caseforge.similar_candidate order by 1"
    stored = [(candidate_id, bytes(words), group, score) for candidate_id, words, group, score in served.bench.query(rows)]
    assert not refresh_similar(served.bench.store, served.bench.project, anew=True)
    assert [(candidate_id, bytes(words), group, score) for candidate_id, words, group, score in served.bench.query(rows)] == stored
    assert json.dumps(groups(served)) == json.dumps(before)
    assert served.bench.column(
        "select count(*) from caseforge.journal_mark where table_name like 'similar_%' and table_name <> 'similar_pair'"
    ) == [0]


def test_what_changes_is_compared_anew_and_nothing_else(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "FEW", 0)  # so that what is new joins groups, as where there are many
    shop = nodes_of(served)
    before = {group["candidate"]["title"].split(" | ")[0]: group["members"] for group in groups(served)}
    words = dict(served.bench.query("select candidate_id, words from caseforge.similar_candidate"))
    editor, path = served.client(Role.editor), f"/api/v1/frameworks/{KEY}/candidates/1.1.1-UC01"
    version = editor.get(path).headers["etag"]
    edit = {"title": OTHER[0], "description": OTHER[1]}
    assert editor.patch(path, json={"fields": edit}, headers={"If-Match": version}).status_code == 200
    after = {group["candidate"]["title"].split(" | ")[0]: group["members"] for group in groups(served)}
    assert before == {idea[0]: shop + 1 for idea in IDEAS}
    assert {title: after[title] for title in before} == {idea[0]: shop for idea in IDEAS}
    kept = dict(served.bench.query("select candidate_id, words from caseforge.similar_candidate"))
    stayed = kept.keys() & words.keys()
    assert len(stayed) == len(words) - len(words.keys() - kept.keys())
    assert kept.keys() - words.keys()
    assert {candidate_id: bytes(kept[candidate_id]) for candidate_id in stayed} == {
        candidate_id: bytes(words[candidate_id]) for candidate_id in stayed
    }

    speaking = served.bench.column(
        """select g.id from caseforge.similar_group g join caseforge.similar_candidate s on s.candidate_id = g.id
        join caseforge.current_node nv on nv.node_id = s.node_id where g.members > 1 and nv.code <> '1.1.2' order by g.id"""
    )[0]
    served.bench.change("delete from caseforge.similar_due")
    title = served.bench.column("select title from caseforge.candidate where id = :id", id=speaking)[0].split(" | ")[0]
    served.bench.change(
        "update caseforge.content set is_current = false where id = (select content_id from caseforge.candidate where id = :id)",
        id=speaking,
    )
    left = {group["candidate"]["title"].split(" | ")[0]: group["members"] for group in groups(served)}
    assert left[title] == after[title] - 1

    served.bench.load(renamed("1.1.2", "Something else altogether"))
    assert {group["candidate"]["title"].split(" | ")[0] for group in groups(served)} >= {idea[0] for idea in IDEAS}
    (changed,) = served.bench.column(
        """select count(distinct s.process) from caseforge.similar_candidate s
        join caseforge.current_node nv on nv.node_id = s.node_id where nv.code = '1.1.2' and s.framework_key = :key
        and s.process = hashtextextended(nv.name || e'\\x1f' || nv.description, 0)""",
        key=KEY,
    )
    assert changed == 1
