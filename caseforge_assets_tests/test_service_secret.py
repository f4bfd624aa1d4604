"""The secret that the service's other secrets are derived from."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caseforge_assets.redaction import redact
from caseforge_assets.settings import Configuration, ConfigurationError, Settings
from caseforge_assets.settings.environment import Environment
from caseforge_assets.settings.project import settings_of
from caseforge_assets.settings.service_secret import FILE_NAME, VARIABLE, find_service_secret


def settings(folder: Path, **variables: str) -> Settings:
    return settings_of(folder, Environment(variables), Configuration())


def test_all_who_make_it_at_once_have_the_same_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: find_service_secret(settings(tmp_path)).derive("test"), range(16)))
    path = tmp_path / "var" / FILE_NAME
    assert len(set(found)) == 1
    assert [entry.name for entry in path.parent.iterdir()] == [FILE_NAME]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in redact(f"it is {path.read_text()}")


def test_the_environment_comes_first_and_purposes_have_secrets_of_their_own(tmp_path: Path) -> None:
    secret = find_service_secret(settings(tmp_path, **{VARIABLE: "a" * 31 + "1"}))
    assert not (tmp_path / "var").exists()
    assert secret.derive("one") != secret.derive("another")
    assert "a1" not in repr(secret)


@pytest.mark.parametrize("written", ["short", "ä" * 40])
def test_what_is_no_secret_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / FILE_NAME).write_text(written)
    with pytest.raises(ConfigurationError, match=FILE_NAME):
        find_service_secret(settings(tmp_path))
