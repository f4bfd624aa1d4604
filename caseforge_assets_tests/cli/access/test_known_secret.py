"""A command with another secret than the services of its database have."""

from __future__ import annotations

import pytest

from caseforge_assets.settings.service_secret import VARIABLE
from caseforge_assets_tests.cli.conftest import OpenCommandLine

OTHER = "another-" * 5


def test_a_command_elsewhere_prints_no_secret_that_nobody_signs_with(
    command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line()
    cli.run("webhooks", "add", "https://example.org/hook")
    monkeypatch.setenv(VARIABLE, OTHER)
    for refused in (("webhooks", "add", "https://example.org/other"), ("webhooks", "rotate", "1"), ("serve", "--port", "0")):
        assert "take-secret" in cli.run(*refused, expected=2)
    assert [(webhook["id"], webhook["secret_number"]) for webhook in cli.json("webhooks", "list")] == [(1, 1)]
    assert "Start them anew" in cli.run("config", "take-secret")
    assert "whsec_" in cli.run("webhooks", "rotate", "1")
