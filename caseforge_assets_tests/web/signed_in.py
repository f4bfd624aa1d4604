"""People who sign in, for tests: an account with a password, and a browser with its session."""

from __future__ import annotations

from decimal import Decimal

from starlette.testclient import TestClient

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.access.add_account import add_account
from caseforge_assets_tests.web.conftest import Served

PASSWORD = "correct horse battery"


def add_person(served: Served, name: str = "anna", *grants: Grant, limit_usd: Decimal | None = None) -> None:
    """An account with a password; admin where nothing else is said."""
    with served.bench.store.begin() as connection:
        add_account(connection, name, by="test", password=PASSWORD, grants=grants or (Grant(Role.admin),), limit_usd=limit_usd)


def sign_in(served: Served, name: str = "anna", password: str = PASSWORD) -> tuple[TestClient, str]:
    """A browser in which somebody has signed in, and the token of its session."""
    browser = served.client(None)
    answer = browser.post("/api/v1/session", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return browser, answer.json()["csrf_token"]
