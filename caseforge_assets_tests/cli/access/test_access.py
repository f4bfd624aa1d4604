"""Accounts, tokens and the audit log on the command line."""

from __future__ import annotations

from caseforge_assets_tests.cli.conftest import OpenCommandLine

PASSWORD = "correct horse battery"


def test_accounts_tokens_and_what_was_done(command_line: OpenCommandLine) -> None:
    line = command_line()
    assert "is admin" in line.run("users", "add", "anna", "--role", "admin", "--limit-usd", "20", typed=f"{PASSWORD}\n")
    assert "12 characters" in line.run("users", "add", "ben", expected=2, typed="short\n")
    assert "standard input" in line.run("users", "add", "ben", expected=2)
    assert "lower-case letters" in line.run("users", "role", "anna", "editor", "--framework", "No Key", expected=2)
    line.run("users", "role", "anna", "editor", "--framework", "shop")
    line.run("users", "role", "anna", "admin", "--take")
    line.run("users", "limit", "anna", "--usd", "7.5")
    line.run("users", "password", "anna", typed=f"{PASSWORD}!\n")
    (row,) = line.json("users", "list")
    assert (row["roles"], row["limit_usd"]) == ([{"role": "editor", "framework": "shop"}], 7.5)
    assert "editor in shop" in line.run("users", "list")
    line.run("users", "disable", "anna")
    assert "disabled" in line.run("users", "list")
    made = line.json("tokens", "create", "nightly", "--role", "planner", "--limit-usd", "20", "--expires", "90d")
    assert made["token"].startswith("caseforge_")
    assert made["token"] not in line.run("tokens", "list")
    assert "nightly" in line.run("tokens", "list")
    line.run("tokens", "revoke", "nightly")
    assert line.json("tokens", "list") == []
    assert "revoked by" in line.run("tokens", "list", "--all")
    done = line.json("audit")
    assert [entry["action"] for entry in done][:3] == ["token.revoked", "token.created", "account.disabled"]
    assert PASSWORD not in str(done) + line.run("audit")
    assert [entry["subject"] for entry in line.json("audit", "--action", "token", "--limit", "1")] == ["token nightly"]
