"""[provider]: what may stand in it, what contradicts itself, and what holds where nothing is given."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from caseforge_assets.batches.provider_kinds import KINDS
from caseforge_assets.cli.app import caseforge
from caseforge_assets.commands.providing.provider import make_client
from caseforge_assets.settings import Configuration, ConfigurationError, load_settings
from caseforge_assets.settings.inspecting import effective_values, inspect_project

AZURE = "https://my-resource.openai.azure.com/openai/v1"


def written(folder: Path, text: str) -> Path:
    (folder / "caseforge.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> object:
    return lambda url: monkeypatch.setenv("OPENAI_BASE_URL", url)


def test_without_anything_all_is_as_at_openai(project: Path, at: object) -> None:
    at("http://127.0.0.1:8484/v1")  # type: ignore[operator]
    found = load_settings(project).configuration
    assert found.provider.kind is None
    assert found.provider_kind == KINDS["openai"]
    assert found.requests_per_batch == 50_000
    assert Configuration().provider_kind == KINDS["openai"]


def test_the_address_decides_and_what_is_given_counts_before_the_kind(project: Path, at: object) -> None:
    at(AZURE)  # type: ignore[operator]
    found = load_settings(written(project, '[provider]\nfile_expiry_days = 20\noutput_expiry_days = "none"\nmax_requests = 70_000'))
    kind = found.configuration.provider_kind
    assert (kind.name, kind.line_url, kind.key_header) == ("azure", "/chat/completions", "api-key")
    assert (kind.file_expiry_days, kind.output_expiry_days, found.configuration.requests_per_batch) == (20, None, 70_000)


def test_an_hour_is_written_in_days(project: Path) -> None:
    found = load_settings(written(project, '[provider]\nkind = "openai"\nfile_expiry_days = 0.0416666667'))
    assert found.configuration.provider_kind.file_expiry_days == Fraction(1, 24)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "azur"', r"line 2: provider.kind: .*, not 'azur' \(did you mean azure\?\)"),
        ("knd = 1", r"line 2: provider.knd: is not a known key \(did you mean kind\?\)"),
        (
            'kind = "azure"\nfile_expiry_days = 3',
            r'line 3: provider.file_expiry_days: the kind azure takes 14 to 30 days, or "none", not 3',
        ),
        ('kind = "azure"\noutput_expiry_days = 31', r"line 3: provider.output_expiry_days: the kind azure takes 14 to 30 days"),
        ('kind = "groq"\nfile_expiry_days = 7', r'line 3: provider.file_expiry_days: the kind groq is not known to take one; write "none"'),
        ('kind = "groq"\ncompletion_window = "8d"', r"line 3: provider.completion_window: the kind groq takes 24h to 7d, not 8d"),
        ('kind = "doubleword"\ncompletion_window = "2h"', r"line 3: provider.completion_window: the kind doubleword takes 1h, 24h, not 2h"),
        ('completion_window = "7d"', r"a provider whose kind is not given, and which is taken to be like OpenAI, takes 24h, not 7d"),
        ('completion_window = "soon"', r"line 2: provider.completion_window: 'soon' is no completion window"),
        ('line_url = "v1/chat/completions"', r"line 2: provider.line_url: must be a path that ends in /chat/completions"),
        ('endpoint = "https://evil/chat/completions"', r"line 2: provider.endpoint: must be a path"),
        ("max_bytes = 0", r"line 2: provider.max_bytes: .*greater than or equal to 1000000, not 0"),
        ('batch_list = "pages"', r"line 2: provider.batch_list: .*'cursor', 'whole', 'unreliable' or 'none', not 'pages'"),
        ('metadata = "yes"', r"line 2: provider.metadata: .*not 'yes'"),
        ('token_command = "az x"\ntoken_file = "t"', r"line 3: provider.token_file: stands beside token_command; one of them is wanted"),
        ("token_lifetime_s = 60", r"line 2: provider.token_lifetime_s: is of a token; token_command or token_file says where"),
        ("token_command = []", r"provider.token_command: .*at least 1 item"),
        ('[provider.upload_fields]\npurpose = "x"', r"line 3: provider.upload_fields.purpose: is sent already"),
        ('[provider.list_fields]\nafter = "x"', r"line 3: provider.list_fields.after: is sent already"),
        ('api_key = "sk-secret0123456789"', r"provider.api_key: .*a secret does not belong here"),
    ],
)
def test_what_cannot_be_is_refused_with_file_key_and_what_is_allowed(project: Path, at: object, text: str, said: str) -> None:
    at("http://127.0.0.1:8484/v1")  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_settings(written(project, f"[provider]\n{text}"))
    assert "sk-secret" not in str(caught.value)


def test_a_kind_that_the_address_certainly_is_not_is_refused(project: Path, at: object, monkeypatch: pytest.MonkeyPatch) -> None:
    at(AZURE)  # type: ignore[operator]
    monkeypatch.setenv("OPENAI_API_KEY", "key-0123456789")
    with pytest.raises(
        ConfigurationError, match=r"provider.kind: https://my-resource.* is certainly of the kind azure, not groq; set OPENAI_BASE_URL"
    ):
        make_client(load_settings(written(project, '[provider]\nkind = "groq"')))
    monkeypatch.setenv("CASEFORGE_PROJECT", str(project))
    checked = CliRunner().invoke(caseforge, ["config", "check", "--json"])
    assert any(
        "is certainly of the kind azure" in finding["says"]
        for finding in json.loads(checked.stdout)["findings"]
        if finding["level"] == "error"
    )
    assert checked.exit_code == 2
    assert load_settings(written(project, '[provider]\nkind = "custom"')).configuration.provider_kind.name == "custom"


def test_more_requests_in_a_batch_than_the_provider_takes_are_refused(project: Path) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"line 1: max_requests_per_batch: this provider takes 50,000 at most \(provider.max_requests\), not 50,001",
    ):
        load_settings(written(project, "max_requests_per_batch = 50_001"))
    assert (
        load_settings(
            written(project, 'max_requests_per_batch = 90_000\n[provider]\nkind = "custom"\nmax_requests = 100_000')
        ).configuration.requests_per_batch
        == 90_000
    )


def test_variables_and_the_command_line_reach_it(project: Path, at: object, monkeypatch: pytest.MonkeyPatch) -> None:
    at("http://127.0.0.1:8484/v1")  # type: ignore[operator]
    monkeypatch.setenv("CASEFORGE_PROVIDER__KIND", "doubleword")
    found = load_settings(project, {"provider.completion_window": "1h"})
    assert (found.configuration.provider_kind.name, found.configuration.provider_kind.completion_window) == ("doubleword", "1h")


def test_a_token_stands_for_a_key(project: Path, at: object) -> None:
    at("http://127.0.0.1:8484/v1")  # type: ignore[operator]
    assert not load_settings(project).has_credentials
    found = load_settings(written(project, "[provider]\ntoken_command = \"az account get-access-token --query 'a b'\""))
    assert found.has_credentials
    assert found.configuration.provider.token_command == ("az", "account", "get-access-token", "--query", "a b")
    (project / "token").write_text("token-of-the-file-1")
    client = make_client(load_settings(written(project, '[provider]\nkind = "azure"\ntoken_file = "token"')))
    assert client._tokens is not None
    assert client._tokens.current() == "token-of-the-file-1"


def test_a_longer_window_lets_alerts_wait_longer_unless_a_person_says_when(project: Path, at: object) -> None:
    at("http://127.0.0.1:8484/v1")  # type: ignore[operator]
    text = '[provider]\nkind = "groq"\ncompletion_window = "3d"\n'
    assert load_settings(written(project, text)).configuration.thresholds.silence_h == 26 + 48
    found = load_settings(written(project, f"{text}[alerts]\nsilence_h = 30")).configuration.thresholds
    assert (found.silence_h, found.plan_open_h) == (30, 36 + 48)
    short = '[provider]\nkind = "doubleword"\ncompletion_window = "1h"'
    assert load_settings(written(project, short)).configuration.thresholds == Configuration().alerts


def test_every_field_is_shown_with_its_origin(project: Path, at: object) -> None:
    at(AZURE)  # type: ignore[operator]
    inspection = inspect_project(written(project, '[provider]\nfile_expiry_days = 20\n[provider.upload_fields]\nteam = "x"'))
    assert inspection.settings is not None
    shown = {
        value.key: (value.value, value.origin)
        for value in effective_values(inspection, inspection.settings.configuration)
        if value.key.startswith("provider.")
    }
    assert shown["provider.kind"] == ("azure", "the address in OPENAI_BASE_URL")
    assert shown["provider.file_expiry_days"] == ("20", "caseforge.toml, line 2")
    assert shown["provider.upload_fields"] == ("team = x", "caseforge.toml, line 3")
    assert shown["provider.max_requests"] == (100_000, "default of the kind azure (looked up 2026-11-29)")
    assert shown["provider.metadata"] == ("lost", "default of the kind azure (unverified)")
    assert set(shown) == {f"provider.{name}" for name in type(inspection.settings.configuration.provider).model_fields}


def test_config_show_and_check_say_the_kind(project: Path, at: object, monkeypatch: pytest.MonkeyPatch) -> None:
    at(AZURE)  # type: ignore[operator]
    monkeypatch.setenv("CASEFORGE_PROJECT", str(written(project, '[provider]\nfile_expiry_days = "none"')))
    shown = json.loads(CliRunner().invoke(caseforge, ["config", "show", "--json"]).stdout)
    assert {"key": "provider.kind", "value": "azure", "origin": "the address in OPENAI_BASE_URL"} in shown["values"]
    checked = json.loads(CliRunner().invoke(caseforge, ["config", "check", "--json"]).stdout)
    says = [finding["says"] for finding in checked["findings"]]
    assert any(text.startswith("provider: azure, by the address in OPENAI_BASE_URL") for text in says)
    assert any("500 files at most" in text and "10,000" in text for text in says)
