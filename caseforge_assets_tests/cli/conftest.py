"""The command line in this process, in a project of its own; each test runs a few commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caseforge_assets.cli.app import caseforge
from caseforge_assets_tests.conftest import DAGSTER_YAML
from caseforge_assets_tests.workbench import serving, stats, write_table

COMMENT = "# our own words"
NO_WEBSERVER = "http://127.0.0.1:9"  # a developer's own Dagster is not to be touched


@dataclass(frozen=True)
class CommandLine:
    """A project folder and its provider."""

    folder: Path
    base_url: str

    def run(self, *arguments: str, expected: int = 0, typed: str = "") -> str:
        """Runs `caseforge`; returns standard output and standard error as a person sees them."""
        said: str = self._invoke(arguments, expected, typed).output
        return said

    def json(self, *arguments: str, expected: int = 0, typed: str = "") -> Any:
        """The JSON on standard output, on which nothing else may stand."""
        return json.loads(self._invoke((*arguments, "--json"), expected, typed).stdout)

    def load_shop(self, *arguments: str) -> str:
        """Loads the small framework."""
        return self.run("load", str(write_table(self.folder / "shop.csv")), "--framework", "shop", *arguments)

    def configuration(self) -> str:
        """The text of caseforge.toml."""
        return (self.folder / "caseforge.toml").read_text()

    def stats(self) -> dict[str, Any]:
        """Asks the server for its own counts."""
        return stats(self.base_url)

    def _invoke(self, arguments: Sequence[str], expected: int, typed: str) -> Any:
        result = CliRunner().invoke(caseforge, list(arguments), input=typed, catch_exceptions=False)
        assert result.exit_code == expected, result.output
        return result


OpenCommandLine = Callable[..., CommandLine]


@pytest.fixture
def command_line(
    tmp_path: Path, dagster_database_url: str, monkeypatch: pytest.MonkeyPatch, closing: ThreadPoolExecutor
) -> Iterator[OpenCommandLine]:
    """Opens a project: `command_line(toml, faults=[…], bills=…)`."""
    with ExitStack() as stack:

        def start(toml: str = "", **options: Any) -> CommandLine:
            (tmp_path / "caseforge.toml").write_text(f"{COMMENT}\npoll_interval_s = 0.02\n{toml}\n")
            (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML)
            base_url = stack.enter_context(serving(tmp_path / "provider", **options))
            monkeypatch.delenv("DAGSTER_HOME", raising=False)
            for name, value in {
                "CASEFORGE_PROJECT": str(tmp_path),
                "CASEFORGE_POSTGRES_URL": dagster_database_url,
                "OPENAI_BASE_URL": base_url,
                "OPENAI_API_KEY": "sk-test-Ab12Cd34Ef56",
                "CASEFORGE_WEBSERVER_URL": NO_WEBSERVER,
            }.items():
                monkeypatch.setenv(name, value)
            return CommandLine(tmp_path, base_url)

        yield start
        closing.submit(stack.pop_all().close)
