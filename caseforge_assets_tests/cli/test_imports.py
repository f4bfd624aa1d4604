"""Commands that need no Dagster do not wait for its import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from caseforge_assets.frameworks import sample_path
from caseforge_assets_tests.cli.conftest import OpenCommandLine

PROGRAM = """
import json, sys
from click.testing import CliRunner
from caseforge_assets.cli.app import caseforge
found = {}
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(caseforge, arguments)
    assert result.exit_code in (0, 2, 7), result.output
    found[" ".join(arguments[:2])] = sorted({"dagster", "pandas", "alembic", "uvicorn"} & set(sys.modules))
print(json.dumps(found))
"""


def imported_by(*commands: list[str]) -> dict[str, list[str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(commands)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_commands_that_only_read_do_not_import_dagster(command_line: OpenCommandLine, tmp_path: Path) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait")
    found = imported_by(
        ["--help"],
        ["failed", "--json"],
        ["status", "--json"],
        ["show", "1.1.1"],
        ["db", "status"],
        ["plan", "--json"],
        ["plan", "--offline"],
        ["export", str(tmp_path / "out")],
        ["frameworks", "--json"],
        ["sensors", "status"],
        ["batch-server", "--help"],
        ["load", str(sample_path()), "--check", "--json"],
    )
    assert {command for command, names in found.items() if "dagster" in names} == set()


@pytest.mark.slow
def test_looking_something_up_imports_no_slow_package(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    found = imported_by(["--help"], ["failed", "--json"], ["status", "--json"], ["show", "1.1.1"])
    assert not any(found.values()), found
