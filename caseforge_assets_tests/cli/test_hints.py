"""What a text tells a person to type works when it is typed, also where several frameworks are declared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caseforge_assets.cli.app import caseforge
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.workbench import write_table

HINT = re.compile(r"`(caseforge [^`]+)`|with: (caseforge(?: [-a-z0-9_*.]*[a-z0-9_*])+)")
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")  # FILE, NODE, SEGMENT: a person fills these in


def hints(said: str) -> set[str]:
    """The commands that a text names, without those that leave something to be filled in."""
    joined = " ".join(said.split())
    return {hint for groups in HINT.findall(joined) for hint in groups if hint and not PLACEHOLDER.search(hint)}


def refused(hint: str) -> str:
    """What a command says that cannot be used as it stands (exit code 2); empty where it can."""
    result = CliRunner().invoke(caseforge, shlex.split(hint)[1:], input="")
    return f"{hint}: {result.output}" if result.exit_code == 2 else ""


def said_by(*arguments: str) -> str:
    """All that a command says, whatever comes of it."""
    return str(CliRunner().invoke(caseforge, list(arguments), input="", catch_exceptions=False).output)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"latency_s": 60.0}, {"faults": ["truncate:match=1-1-1"]}], ids=["under way", "failed"])
def test_every_command_that_is_named_can_be_typed(command_line: OpenCommandLine, tmp_path: Path, options: dict[str, Any]) -> None:
    line = command_line("budget_usd = 10", bills=True, **options)
    line.load_shop()
    line.run("load", str(write_table(tmp_path / "second.csv")), "--framework", "second")
    said = [
        said_by(*command.split())
        for command in (
            "generate --framework shop",
            "plan --framework shop --keep",
            "plans",
            "approve 99",
            "plans show 99",
            "generate --framework second --yes",
            "monitor --once",
            "failed --framework second",
            "status --framework second",
            "status --framework shop",
            "quality --framework second",
            "cancel 1",
            "plans cancel 3",
            "alerts",
            "pairs list",
            "costs",
            "frameworks",
            "config check",
            "show 1.1.1 --framework shop",
            "show 1.1.1 --framework second",
            "edit 1.1.1 --framework shop --file none.md",
            "stale --framework second",
        )
    ]
    found = set().union(*map(hints, said))
    assert len(found) >= 4, said
    assert "".join(map(refused, sorted(found))) == ""
