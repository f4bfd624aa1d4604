"""A project as its user has it: a folder with caseforge.toml, a database with Dagster's tables, a Batch API server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from caseforge_assets_tests.workbench import serving, stats

if TYPE_CHECKING:
    from dagster import DagsterInstance

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
COMMENT = "# kept by load"


@dataclass(frozen=True)
class Project:
    """The command line in a project folder, and Dagster's instance on the same database."""

    folder: Path
    base_url: str
    environment: dict[str, str]
    instance: DagsterInstance

    def run(self, *arguments: str, expected: int = 0) -> str:
        """Runs `caseforge` in a process of its own; returns what it printed on standard output."""
        done = subprocess.run(self._command(*arguments), env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=180)
        assert done.returncode == expected, f"exit {done.returncode}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str, expected: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.run(*arguments, "--json", expected=expected))

    def kill_after(self, seconds: float, *arguments: str) -> None:
        """Starts a command and kills it."""
        process = subprocess.Popen(
            self._command(*arguments), env=self.environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stats(self) -> dict[str, Any]:
        """What the server says of itself."""
        return stats(self.base_url)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "caseforge_assets.cli", *arguments]


@pytest.fixture
def project(tmp_path: Path, dagster_instance: DagsterInstance, dagster_database_url: str) -> Iterator[Project]:
    """A new project whose Batch API server takes half a second for a batch."""
    (tmp_path / "caseforge.toml").write_text(f"{COMMENT}\ncreate_grace_s = 1\n")
    with serving(tmp_path / "provider", latency_s=0.5) as base_url:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI", "CASEFORGE"))},
            "CASEFORGE_PROJECT": str(tmp_path),
            "CASEFORGE_POSTGRES_URL": dagster_database_url,
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": "local",
        }
        yield Project(tmp_path, base_url, environment, dagster_instance)


@pytest.fixture
def shared() -> Path:
    """The folder of real inputs; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real workbooks and batch files are not beside this checkout")
    return SHARED
