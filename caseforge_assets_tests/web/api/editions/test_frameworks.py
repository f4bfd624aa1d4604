"""Frameworks over HTTP."""

from __future__ import annotations

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import CODES, KEY, SHOP


def test_frameworks_are_listed_with_their_edition(serve: Serve) -> None:
    answer = serve().client().get("/api/v1/frameworks")
    assert answer.status_code == 200
    (found,) = answer.json()["items"]
    assert (found["key"], found["nodes"], found["targets"]) == (KEY, len(SHOP), len(CODES))


def test_who_may_see_another_framework_only_sees_none_of_this_one(serve: Serve) -> None:
    assert serve().client(Role.admin, "elsewhere").get("/api/v1/frameworks").json() == {"items": []}


def test_nobody_in_particular_sees_nothing(serve: Serve) -> None:
    served = serve()
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic YTpi"}):
        answer = served.client(None).get("/api/v1/frameworks", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/not-signed-in"


def test_what_is_not_there_is_a_problem_document(serve: Serve) -> None:
    answer = serve().client().get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["status"], answer.json()["title"]) == (404, 404, "Not Found")
