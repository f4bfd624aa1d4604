"""Roles on pages as in the service: who is shown a page, a link or a button may use it, and who may not is shown none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute

from caseforge_assets.access.roles import Role
from caseforge_assets.web.app import PAGES
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.portal_pages import HTML, links, read
from caseforge_assets_tests.web.shown_pages import NO_PAGES, SHOWN, bench_for_all_pages
from caseforge_assets_tests.workbench import OpenBench

PATHS = [path for paths in SHOWN.values() for path in paths]
# Pages that take more than to see: with role editor, or with role planner.
EDITORS = ("/decisions", "/edit")
PLANNERS = ("/specifications", "/upload", "/ask", "/plans/new")


def refused(path: str, role: Role) -> bool:
    """Tells whether a page is for others."""
    bare = path.partition("?")[0]
    if role is Role.admin:
        return False
    return (bare.endswith(EDITORS) and role is not Role.editor) or (bare.endswith(PLANNERS) and role is not Role.planner)


def forms(tree: Any, path: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Gives what can be sent from a page, button by button: where to, and what."""
    for form in tree.xpath("//form[@method='post']"):
        fields = tuple((field.name or "", field.get("value") or "") for field in form.xpath(".//input[@type='hidden']"))
        buttons = [
            ((button.get("name"), button.get("value") or ""),) if button.get("name") else ()
            for button in form.xpath(".//button[not(@disabled)]")
        ]
        for button in dict.fromkeys(buttons):
            yield form.get("action") or path, fields + button


@pytest.mark.slow
def test_who_is_shown_something_may_use_it(serve: Serve, bench: OpenBench) -> None:
    served = serve(bench_for_all_pages(bench))
    stranger = served.client(None)
    for role in (Role.reader, Role.editor, Role.planner, Role.admin):
        client = served.client(role)
        sendable: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        leading: set[str] = set()
        for path in PATHS:
            assert stranger.get(path, headers=HTML, follow_redirects=False).status_code == 303, path
            answer = client.get(path, headers=HTML)
            assert (answer.status_code == 403) == refused(path, role), f"{path} as {role}: {answer.status_code}"
            if answer.status_code == 200:
                tree = read(answer)
                sendable |= set(forms(tree, path))
                leading |= {link for link in links(tree, "//body//a/@href") if link.startswith("/")}
        wrong = [link for link in sorted(leading) if client.get(link, headers=HTML).status_code in (403, 404, 500)]
        assert wrong == [], f"links of {role}"
        assert len(sendable) > 3
        for address, fields in sorted(sendable, key=lambda sent: "remove" in sent[0]):
            answer = client.post(address, data=dict(fields), headers=HTML, follow_redirects=False)
            assert answer.status_code not in (401, 403, 500), f"{address} {fields} as {role}: {answer.text[:300]}"


def choices(tree: Any, path: str) -> Iterator[str]:
    """The addresses that the forms of a page lead to which only choose what is shown: sent as they stand, and with each option of each of their lists."""
    for form in tree.xpath("//form[not(@method) or @method='get']"):
        fields = [
            (one.get("name"), one.get("value") or ("on" if one.get("type") == "checkbox" else ""))
            for one in form.xpath(".//input[@name]")
            if one.get("type") not in ("checkbox", "radio") or one.get("checked") is not None
        ]
        lists = {
            one.get("name"): [option.get("value", option.text) for option in one.xpath(".//option")] for one in form.xpath(".//select")
        }
        shown = {
            one.get("name"): (one.xpath(".//option[@selected]/@value") or lists[one.get("name")][:1] or [""])[0]
            for one in form.xpath(".//select")
        }
        action = form.get("action") or path.partition("?")[0]
        for name, value in [("", ""), *((name, value) for name, values in lists.items() for value in values)]:
            yield f"{action}?{urlencode([*fields, *(shown | ({name: value} if name else {})).items()])}"


@pytest.mark.slow
def test_every_form_that_chooses_can_be_sent_as_it_stands_and_with_each_of_its_options(serve: Serve, bench: OpenBench) -> None:
    client = serve(bench_for_all_pages(bench)).client(Role.admin)
    addresses = {address for path in PATHS for address in choices(read(client.get(path, headers=HTML)), path)}
    assert len(addresses) > 100
    wrong = {
        address: answer.status_code for address in sorted(addresses) if (answer := client.get(address, headers=HTML)).status_code != 200
    }
    assert wrong == {}


def test_every_page_is_among_those_that_are_looked_at() -> None:
    routes = {route.path for router in PAGES for route in router.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    assert routes == SHOWN.keys() | NO_PAGES
