"""Settings: what may stand in caseforge.toml, and which source wins."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseforge_assets.redaction import redact
from caseforge_assets.settings import (
    Configuration,
    ConfigurationError,
    check_framework_key,
    find_project,
    load_settings,
    normalized_postgres_url,
    read_configuration,
)
from caseforge_assets.settings.inspecting import effective_values, inspect_project
from caseforge_assets.settings.toml_lines import key_lines
from caseforge_assets.store.database.location import database_url

STATEMENTS = (
    " = 1\n",
    ' = """\n[not.a.table]\nx = 1\n"""\n',
    " = [\n 1, # one\n\n 2,\n]\n",
    ' = {a = 1, "b.c" = "]"}\n\n# more = 2\n',
    " = '''\n\\'''\n",
    ".dotted = 1\n",
)


def read(project: Path, text: str) -> Configuration:
    path = project / "caseforge.toml"
    path.write_text(text, encoding="utf-8")
    return read_configuration(path)


def test_without_a_file_the_defaults_hold(project: Path) -> None:
    found = load_settings(project)
    assert found.configuration.openai_model == "gpt-6.1-sol"
    assert found.configuration.openai_temperature is None
    assert found.configuration.frameworks == {}
    assert found.home == project / "var"
    assert found.openai_base_url == "https://api.openai.com/v1"
    assert found.openai_api_key is None
    assert found.openai_account == "default"


def test_the_seed_systems_names_are_read(project: Path) -> None:
    found = read(
        project,
        """
        openai_model = "gpt-5-mini"
        openai_temperature = 0.5
        batch_max_completion_tokens_process = 9000
        batch_max_completion_tokens_usecase = 16000
        batch_user_assignment = "anna"
        budget_usd = 12.5
        [frameworks.retail]
        title = "Retail"
        source = "retail.xlsx"
        targets = ["8.*", "9.*"]
        budget_usd = 3
        """,
    )
    assert (found.openai_model, found.openai_temperature, found.batch_user_assignment) == ("gpt-5-mini", 0.5, "anna")
    assert (found.batch_max_completion_tokens_process, found.batch_max_completion_tokens_usecase) == (9000, 16000)
    assert found.budget_usd == Decimal("12.5")
    assert found.frameworks["retail"].targets == ("8.*", "9.*")
    assert found.frameworks["retail"].budget_usd == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('openai_modell = "x"', r"caseforge.toml, line 1: openai_modell: is not a known key \(did you mean openai_model\?\)"),
        ("budget = 3", r"budget: is not a known key"),
        ('[frameworks.a]\ntitle = "A"\nsorce = "a.csv"', r"frameworks.a.sorce: is not a known key \(did you mean source\?\)"),
        ('[stages.usecases]\nmodle = "x"', r"stages.usecases.modle: is not a known key \(did you mean model\?\)"),
        ("zzzzzz = 1", r"zzzzzz: is not a known key$"),
        ("\n# our own\n\nmax_attempts = 0", r"caseforge.toml, line 4: max_attempts: .*greater than or equal to 1, not 0"),
        ('reuse = "identiy"', r"line 1: reuse: .*, not 'identiy' \(did you mean identity\?\)"),
        ('[frameworks.a]\ntitle = "A"\nsource = "a"\nmax_attempts = 2', r"line 4: .*a key of the whole project, not of \[frameworks.a\]"),
        ('verbosity = "low"', r"line 1: verbosity: .*it belongs in \[stages.KEY\]"),
        ('openai_api_key = "sk-abcdef"', r"line 1: openai_api_key: .*a secret does not belong here"),
        (
            '[frameworks.a]\ntitle = "A"\nsource = "a"\ntargets = 3',
            r"line 4: frameworks.a.targets: .*valid string, not 3 or: .*valid tuple",
        ),
        ('[stages."usecases"]\nmodel = ""', r"line 2: stages.usecases.model: .*at least 1 character"),
        ('a = """\n[b]\n"""\nopenai_modell = 1', r"line 1: a: is not a known key\n.*line 4: openai_modell"),
        ("openai_temperature = 3", r"openai_temperature: .*less than or equal to 2"),
        ("budget_usd = -1", r"budget_usd: .*greater than or equal to 0"),
        ('max_attempts = "often"', r"max_attempts: .*integer"),
        ('reuse = "always"', r"reuse: .*'exact' or 'off'"),
        ('[frameworks.a]\ntitle = "A"', r"caseforge.toml, line 1: frameworks.a.source: Field required"),
        ('[frameworks.Retail]\ntitle = "A"\nsource = "a"', r"framework key 'Retail': use lower-case letters"),
        ("openai_model = ", r"caseforge.toml: cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_named(project: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(project, text)


def test_a_secret_in_the_file_is_not_repeated(project: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(project, 'openai_api_key = "sk-abcdef123456"')
    assert "sk-abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "key", "read_as"),
    [
        ("CASEFORGE_OPENAI_MODEL", "gpt-5-mini", "openai_model", "gpt-5-mini"),
        ("CASEFORGE_BUDGET_USD", "12.50", "budget_usd", Decimal("12.50")),
        ("CASEFORGE_BUDGET_USD", "none", "budget_usd", None),
        ("CASEFORGE_OPENAI_TEMPERATURE", "none", "openai_temperature", "none"),
        ("CASEFORGE_ALLOW_UNKNOWN_COST", "true", "allow_unknown_cost", True),
        ("CASEFORGE_MAX_ENQUEUED_TOKENS", '{"gpt-5" = 9_000}', "max_enqueued_tokens", {"gpt-5": 9000}),
        ("CASEFORGE_MAX_ATTEMPTS", "", "max_attempts", 2),
    ],
)
def test_a_variable_overrides_a_key(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, key: str, read_as: object
) -> None:
    (project / "caseforge.toml").write_text('openai_model = "gpt-5"\nbudget_usd = 3\nmax_attempts = 2\n')
    monkeypatch.setenv(name, value)
    assert getattr(load_settings(project).configuration, key) == read_as


def test_a_variable_reaches_into_tables_and_the_command_line_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "caseforge.toml").write_text('[stages.usecases]\nmodel = "gpt-5"\nverbosity = "low"\n')
    monkeypatch.setenv("CASEFORGE_STAGES__USECASES__MODEL", "gpt-5.2")
    monkeypatch.setenv("CASEFORGE_STAGES__USECASES__REASONING_EFFORT", "high")
    found = load_settings(project, {"stages.usecases.reasoning_effort": "low"}).configuration.stages["usecases"]
    assert (found.model, found.verbosity, found.reasoning_effort) == ("gpt-5.2", "low", "low")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CASEFORGE_MAX_ATTEMPTS", "many", r"environment \(CASEFORGE_MAX_ATTEMPTS\): max_attempts: .*integer.*'many'"),
        ("CASEFORGE_MAX_ENQUEUED_TOKENS", "{gpt", "CASEFORGE_MAX_ENQUEUED_TOKENS: cannot be read as a list or table"),
        ("CASEFORGE_STAGES__USECASES__MODLE", "x", r"CASEFORGE_STAGES__USECASES__MODLE\): stages.usecases.modle: .*did you mean model"),
        ("CASEFORGE_REUSE__WHEN", "x", "CASEFORGE_REUSE__WHEN: reuse is a single value"),
        ("CASEFORGE_STAGES__USECASE__MODEL", "x", r"CASEFORGE_STAGES__USECASE__MODEL\): stages.usecase: .*did you mean usecases\?"),
    ],
)
def test_what_is_wrong_with_a_variable_is_named(project: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    (project / "caseforge.toml").write_text('reuse = "off"\n')
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=said):
        load_settings(project)


def test_each_value_says_where_it_comes_from(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "caseforge.toml").write_text(
        '# ours\nopenai_model = "gpt-5"\nmax_enqueued_tokens = {"gpt-5.1" = 5}\n\n[frameworks.retail]\ntitle = "R"\nsource = "r.csv"\n'
    )
    (project / ".env").write_text("CASEFORGE_MAX_ATTEMPTS=5\n")
    monkeypatch.setenv("CASEFORGE_MAX_ATTEMPTS", "")
    monkeypatch.delenv("CASEFORGE_MAX_ATTEMPTS")
    monkeypatch.setenv("CASEFORGE_REUSE", "off")
    inspection = inspect_project(project, {"budget_usd": "7"})
    assert inspection.settings is not None
    found = {value.key: value.origin for value in effective_values(inspection, inspection.settings.configuration)}
    expected = {
        "openai_model": "caseforge.toml, line 2",
        "max_enqueued_tokens.gpt-5.1": "caseforge.toml, line 3",
        "frameworks.retail.source": "caseforge.toml, line 7",
        "frameworks.retail.owner": "default",
        "max_attempts": ".env (CASEFORGE_MAX_ATTEMPTS)",
        "reuse": "environment (CASEFORGE_REUSE)",
        "budget_usd": "command line (--set)",
        "quiet_period_s": "default",
    }
    assert {key: found[key] for key in expected} == expected


@settings(max_examples=60)
@given(st.lists(st.sampled_from(STATEMENTS), max_size=12))
def test_lines_are_those_of_the_keys(statements: list[str]) -> None:
    """Whatever stands above a key, its line is the one on which it is written."""
    text = "".join(f"k{number}{statement}" for number, statement in enumerate(statements)) + "\n[z]\nlast = 1\n"
    lines, written = key_lines(text), text.splitlines()
    assert {path for path in lines if len(path) == 1} == {("z",), *((f"k{number}",) for number in range(len(statements)))}
    assert all(written[line - 1].lstrip(" [").startswith(path[0]) for path, line in lines.items() if len(path) == 1)
    assert written[lines["z", "last"] - 1] == "last = 1"


def test_every_wrong_key_is_named_at_once(project: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(project, "openai_modell = 1\nbudget_usdd = 2")
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_not_text_is_said_to_be_so(project: Path) -> None:
    (project / "caseforge.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read as TOML"):
        load_settings(project)


def test_the_environment_wins_over_env_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text("OPENAI_API_KEY=from-file\nOPENAI_BASE_URL=http://from-file/v1\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://from-environment/v1/")
    found = load_settings(project)
    assert found.openai_base_url == "http://from-environment/v1"
    assert found.openai_api_key is not None
    assert found.openai_api_key.get_secret_value() == "from-file"


def test_a_process_that_lives_for_long_sees_what_changes_in_env_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://from-environment/v1")
    for key in ("sk-first-key", "sk-second-key"):
        (project / ".env").write_text(f"OPENAI_API_KEY={key}\nOPENAI_BASE_URL=http://from-{key}/v1\n")
        found = load_settings(project)
        assert found.openai_api_key is not None
        assert found.openai_api_key.get_secret_value() == key
        assert found.openai_base_url == "http://from-environment/v1"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    (project / ".env").write_text("OPENAI_API_KEY=sk-third-key\n")
    assert load_settings(project).openai_api_key.get_secret_value() == "sk-of-the-environment"  # type: ignore[union-attr]


def test_account_and_home_come_from_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-2")
    monkeypatch.setenv("CASEFORGE_HOME", "elsewhere")
    found = load_settings(project)
    assert found.openai_account == "org-1/proj-2"
    assert found.home == project / "elsewhere"
    assert found.artifacts == str(project / "elsewhere" / "artifacts")


def test_settings_do_not_show_their_secrets(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key")
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://anna:hidden@db/caseforge")
    found = load_settings(project)
    assert "sk-secret-key" not in repr(found)
    assert "hidden" not in repr(found)


def test_the_project_is_the_named_one_or_the_nearest_above(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "caseforge.toml").touch()
    below = project / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below, {}) == project
    assert find_project(project, {"CASEFORGE_PROJECT": str(below)}) == below
    monkeypatch.chdir(below)
    assert load_settings().project_folder == project


def test_outside_of_any_project_it_is_the_checkout(tmp_path: Path) -> None:
    assert (find_project(tmp_path, {}) / "caseforge_assets").is_dir()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_database_urls_get_their_driver(project: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", f"{scheme}://anna:x@db/caseforge")
    assert database_url(load_settings(project)) == "postgresql+psycopg2://anna:x@db/caseforge"


@pytest.mark.parametrize("url", ["mysql://db/x", "db.example.org", "postgresql+asyncpg://db/x"])
def test_other_databases_are_refused_without_showing_the_url(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must begin with postgresql://") as caught:
        normalized_postgres_url(url)
    assert url not in str(caught.value)


@pytest.mark.parametrize("key", ["", "8x", "Retail", "a-b", "a b", "a" * 41, "../x", "a\n"])
def test_framework_keys_are_names(key: str) -> None:
    with pytest.raises(ConfigurationError, match="use lower-case letters"):
        check_framework_key(key)


def test_a_framework_that_is_not_declared_is_named_with_those_that_are(project: Path) -> None:
    (project / "caseforge.toml").write_text('[frameworks.retail]\ntitle = "R"\nsource = "r.xlsx"\n')
    with pytest.raises(
        ConfigurationError, match=r"'retial' is not in caseforge.toml \(declared: retail\).*caseforge load FILE --framework retial"
    ):
        load_settings(project).framework("retial")


def test_secrets_may_lie_in_files(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, url = tmp_path / "key", tmp_path / "url"
    key.write_text("sk-of-a-file\n", encoding="utf-8")
    url.write_text("postgresql://anna:pass-of-a-file@db/caseforge\n", encoding="utf-8")
    for name in ("OPENAI_API_KEY", "CASEFORGE_POSTGRES_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(key))
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL_FILE", str(url))
    found = load_settings(project)
    assert found.openai_api_key is not None
    assert found.openai_api_key.get_secret_value() == "sk-of-a-file"
    assert found.postgres_url is not None
    assert found.postgres_url.get_secret_value() == "postgresql://anna:pass-of-a-file@db/caseforge"
    assert redact("sk-of-a-file at pass-of-a-file") == "[secret] at [secret]"
    assert not {"sk-of-a-file", url.read_text(encoding="utf-8").strip()} & set(os.environ.values())
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set"):
        load_settings(project)
    monkeypatch.delenv("OPENAI_API_KEY")
    key.unlink()
    with pytest.raises(ConfigurationError, match=r"OPENAI_API_KEY_FILE: .*key cannot be read"):
        load_settings(project)
