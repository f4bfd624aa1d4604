"""Answers that are kept: given again while nothing has changed, to who asked alone, and never after what they say, or who may see it, has changed."""

from __future__ import annotations

from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.web.app import make_app
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.queries import queries
from caseforge_assets_tests.workbench import KEY

AT = f"/api/v1/frameworks/{KEY}"


def up_to_date(served: Served) -> Served:
    refresh_lists(served.bench.store, served.bench.project)
    return served


def asked_twice(served: Served, client: TestClient, address: str) -> int:
    """Counts the queries that the second of two same calls takes; both are answered alike."""
    first = client.get(address)
    with queries(served) as asked:
        again = client.get(address)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    kept = ("etag", "content-type", "content-encoding", "cache-control", "x-content-type-options")
    assert [again.headers.get(name) for name in kept] == [first.headers.get(name) for name in kept]
    return len(asked)


def test_what_has_not_changed_takes_two_queries_and_what_has_is_made_anew(serve: Serve) -> None:
    served = serve()
    served.bench.generate("1.1.1", "1.1.2")
    up_to_date(served)
    client = served.client()
    for address in (
        AT,
        f"{AT}/nodes",
        f"{AT}/nodes/1.1.1",
        f"{AT}/documents/1.1.1",
        f"{AT}/candidates?facets=true",
        "/api/v1/search?q=offers",
    ):
        assert asked_twice(served, client, address) == 2, address
        tag = client.get(address).headers["etag"]
        with queries(served) as asked:
            unchanged = client.get(address, headers={"if-none-match": tag})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"], len(asked)) == (304, b"", tag, 2)
    read = client.get(f"{AT}/documents/1.1.1")
    written = {"body": f"{read.json()['body']}\n\nAnd so on.", "anyway": True}
    assert (
        served.client(Role.editor).put(f"{AT}/documents/1.1.1", json=written, headers={"if-match": read.headers["etag"]}).status_code == 200
    )
    assert client.get(f"{AT}/documents/1.1.1").json()["body"] == written["body"]
    assert client.get(f"{AT}/documents/1.1.1", headers={"if-none-match": read.headers["etag"]}).status_code == 200
    assert [content["edited"] for content in client.get(f"{AT}/nodes/1.1.1").json()["contents"] if content["is_current"]] == [True, False]


def test_while_lists_are_caught_up_with_their_answers_are_not_kept(serve: Serve) -> None:
    served = serve()
    served.bench.generate("1.1.1")
    up_to_date(served)
    client = served.client()
    address = f"{AT}/candidates"
    assert asked_twice(served, client, address) == 2
    served.bench.change("insert into caseforge.reading_due (framework_key) values (:key)", key=KEY)
    served.bench.change("update caseforge.found_text set words = null, heading = null")
    first = client.get(address)
    assert client.get(address, headers={"if-none-match": first.headers["etag"]}).status_code in (200, 304)
    up_to_date(served)
    assert asked_twice(served, client, address) == 2


def test_rights_count_at_once(serve: Serve) -> None:
    served = up_to_date(serve())
    reader, stranger, other, gone = served.client(), served.client(Role.reader, "elsewhere"), served.client(), served.client()
    for client in (reader, gone):
        assert asked_twice(served, client, AT) == 2
    with queries(served) as asked:
        assert other.get(AT).status_code == 200  # another program with the same rights
    assert len(asked) > 2
    assert stranger.get(AT).status_code == 404
    assert stranger.get("/api/v1/frameworks").json() == {"items": []}
    assert len(reader.get("/api/v1/frameworks").json()["items"]) == 1
    assert TestClient(served.app, base_url="http://127.0.0.1").get(AT).status_code == 401
    served.bench.change("update caseforge.api_token set revoked_at = now() where id = (select max(id) from caseforge.api_token)")
    assert gone.get(AT).status_code == 401
    assert reader.get(AT).status_code == 200


def test_what_is_configured_otherwise_is_answered_otherwise(serve: Serve) -> None:
    served = up_to_date(serve())
    client = served.client()
    assert asked_twice(served, client, AT) == 2
    settings, project = served.service.settings, served.service.project
    more = {**settings.configuration.frameworks, "more": FrameworkSettings(title="More", source="more.csv")}
    served.service.use(settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"frameworks": more})}))
    with queries(served) as asked:
        assert client.get(AT).status_code == 200
    assert len(asked) > 2
    assert served.service.project is served.service.project is not project
    assert served.service.project == served.service.settings.project


def test_nothing_is_kept_where_none_is_to_be(serve: Serve) -> None:
    served = up_to_date(serve())
    settings = served.service.settings
    service = settings.configuration.service.model_copy(update={"kept_answers_mb": 0})
    served.service.use(settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"service": service})}))
    served.app = make_app(served.service)
    assert asked_twice(served, served.client(), AT) > 2
