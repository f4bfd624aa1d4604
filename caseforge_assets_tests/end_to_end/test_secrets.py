"""Beside a server that repeats every secret of this process in every place, none is kept or shown: not in a table, not in a file, not in what is said."""

from __future__ import annotations

import base64
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
import zstandard
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from caseforge_assets.cli.app import caseforge
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.end_to_end.echoing import Echo, echoing, forms

KEY, BASE_PASSWORD, DATABASE_PASSWORD = "gsk/Ab12+Cd34=Ef56_Gh78", "b4se:Passw0rd&more", "d4ta\"base'w0rd"
HOOK_PASSWORD, HOOK_TOKEN = "h00k-password", "T0ken-A1B2C3D4"
SECRETS = (KEY, BASE_PASSWORD, DATABASE_PASSWORD, HOOK_PASSWORD, HOOK_TOKEN)
WORKING = ("plan", "-v generate --wait --yes", "submit", "monitor", "retry --yes --wait", "edit 1.1.1 --file edited.md --by Ada --anyway")
READING = (
    "status",
    "failed",
    "costs",
    "alerts --check",
    "show 1.1.1",
    "show 1.1.2 --json",
    "show 1.1.2 --history",
    "config show",
    "config check --connect",
    "verify",
    "export pages",
    "export table.csv",
    "export book.xlsx",
    "export lines.jsonl",
    "backup project.tar.zst",
)
REFUSED = ("config check --connect", "-v generate --regenerate --yes", "monitor", "status", "alerts --check --json")


@pytest.fixture
def at_echo(
    command_line: OpenCommandLine, dagster_instance: dg.DagsterInstance, dagster_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[CommandLine, Echo]]:
    """A project whose provider repeats everything, and whose environment holds five secrets."""
    cli = command_line("budget_usd = 50\nmax_attempts = 1\nmissing_files_grace_s = 0")
    with echoing(cli.base_url) as echo:
        place = echo.base_url.removeprefix("http://")
        user, _, rest = dagster_database_url.partition("@")
        echo.secrets = SECRETS
        for name, value in {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"http://anna:{quote(BASE_PASSWORD, safe='')}@{place}",
            "CASEFORGE_ALERT_URLS": f"json://bob:{HOOK_PASSWORD}@{place.removesuffix('/v1')}/hook/{HOOK_TOKEN}",
            "CASEFORGE_POSTGRES_URL": f"{user}:{quote(DATABASE_PASSWORD, safe='')}@{rest}",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(cli.folder)
        yield cli, echo


@pytest.mark.slow
def test_no_secret_is_kept_or_said(
    at_echo: tuple[CommandLine, Echo],
    dagster_instance: dg.DagsterInstance,
    dagster_database_url: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    cli, echo = at_echo
    caplog.set_level(logging.DEBUG, "caseforge_assets")
    (cli.folder / "edited.md").write_text(f"# Mine\n\nA person writes the key down: {KEY}\n")
    said = {"load": cli.load_shop()} | {words: _run(words) for words in (*WORKING, *READING)}
    echo.refusing = 401
    said |= {f"{words}, refused": _run(words) for words in REFUSED}
    for job in ("submit", "poll", "collect"):
        definitions = build_defs(load_settings(cli.folder), {"caseforge": Caseforge(project_folder=str(cli.folder))})
        definitions.resolve_job_def(job).execute_in_process(instance=dagster_instance, raise_on_error=False)
    assert f"Basic {base64.b64encode(f'anna:{BASE_PASSWORD}'.encode()).decode()}" in echo.authorizations, "it still logs in"
    assert "documents" in said["export pages"], said["export pages"]
    captured = capfd.readouterr()
    everywhere = {**said, "log": caplog.text, "stdout": captured.out, "stderr": captured.err, **_tables(dagster_database_url)}
    everywhere |= _files(cli.folder)
    assert any("[secret]" in text for text in everywhere.values())
    assert _found(everywhere) == []


def _run(words: str) -> str:
    return str(CliRunner().invoke(caseforge, words.split(), catch_exceptions=False).output)


def _tables(url: str) -> dict[str, str]:
    """All rows of all tables, CaseForge's and Dagster's, as PostgreSQL writes them."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = connection.execute(
            text("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('caseforge', 'public')")
        )
        rows = {
            name: connection.scalars(text(f"select t::text || coalesce(row_to_json(t)::text, '') from {name} t")) for (name,) in names.all()
        }
        found = {name: "\n".join(texts) for name, texts in rows.items()}
    engine.dispose()
    assert found["caseforge.attempt"]
    assert found["public.event_logs"]
    return found


def _files(folder: Path) -> dict[str, str]:
    """All files but those of the server; unpacked, where they are packed."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "edited.md" and "provider" not in path.relative_to(folder).parts:
            content = path.read_bytes()
            if path.suffix == ".zst":
                with zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True) as reader:
                    content = reader.read()
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as book:
                    content = b"".join(book.read(name) for name in book.namelist())
            found[str(path.relative_to(folder))] = content.decode(errors="replace")
    assert any(name.endswith(".output.jsonl") for name in found)
    return found


def _found(everywhere: dict[str, str]) -> list[tuple[str, str, str]]:
    """Finds the places where a secret stands, with its form, and what is around it."""
    wanted = [(secret, form) for secret in SECRETS for form in forms(secret)]
    wanted += [(secret, f"{secret[:5]}****{secret[-5:]}") for secret in SECRETS]
    places = [(place, form, text.find(form), text) for place, text in everywhere.items() for _, form in wanted]
    return [(place, form, text[max(at - 60, 0) : at + 60]) for place, form, at, text in places if at >= 0]
