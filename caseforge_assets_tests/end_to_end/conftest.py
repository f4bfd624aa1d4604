"""A project as its user has it: a folder with caseforge.toml, a database with Dagster's tables, a Batch API server."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.cli.conftest import command_line as command_line

if TYPE_CHECKING:
    from dagster import DagsterInstance

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Project(CommandLine):
    """The command line in a project folder, and Dagster's instance on the same database."""

    instance: DagsterInstance

    def kill_after(self, seconds: float, *arguments: str) -> None:
        """Starts a command in a process of its own and kills it."""
        command = [sys.executable, "-m", "caseforge_assets.cli", *arguments]
        process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def project(command_line: OpenCommandLine, dagster_instance: DagsterInstance) -> Project:
    """A new project whose Batch API server takes half a second for a batch."""
    cli = command_line("create_grace_s = 1", latency_s=0.5)
    return Project(cli.folder, cli.base_url, dagster_instance)


@pytest.fixture
def shared() -> Path:
    """The folder of real inputs; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs the real workbooks and batch files in shared/data beside the checkout")
    return SHARED
