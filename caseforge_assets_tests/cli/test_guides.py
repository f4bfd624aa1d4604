"""The guides: every command in them works, in the order in which it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from caseforge_assets.cli.app import caseforge
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.workbench import renamed, write_table
from docs.generate import FOLDER

GUIDES = sorted(FOLDER.glob("guide-*.md"))
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
DONE, SOME_NODES_LEFT = 0, 3
LEFT_OPEN = ("stale", "failed", "retry", "verify")  # commands that say by their exit code that something is left to do
PREPARED = {"guide-process-manager": False, "guide-data-engineer": False, "guide-operator": True}  # whether the framework is there before


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_command_of_a_guide_works_in_its_order(command_line: OpenCommandLine, guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    monkeypatch.chdir(cli.folder)
    write_table(cli.folder / "framework.csv")
    write_table(cli.folder / "framework-next.csv", renamed("1.1.2", "Answer every question"))
    if PREPARED[guide.stem]:
        cli.run("load", "framework.csv", "--framework", "shop")
        cli.run("generate", "--framework", "shop", "--wait")
    lines = [line for block in BLOCK.findall(guide.read_text(encoding="utf-8")) for line in block.splitlines()]
    assert len(lines) > 5
    kept: list[str] = []
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "caseforge"
        if arguments[0] == "approve":
            arguments[1] = kept[-1]  # numbers are given out by the database; the guide's is one as good as any
        result = CliRunner().invoke(caseforge, arguments, catch_exceptions=False)
        allowed = (DONE, SOME_NODES_LEFT) if arguments[0] in LEFT_OPEN else (DONE,)
        assert result.exit_code in allowed, f"{line}\n{result.output}"
        kept += re.findall(r"Kept as plan (\d+)", result.output)
