"""caseforge.toml: entries are added and brought up to date, and everything a person wrote stays."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from caseforge_assets.commands.configuring.edit_entries import write_entry
from caseforge_assets.commands.configuring.make_entry import entry_for
from caseforge_assets.commands.configuring.read_form import Meant
from caseforge_assets.frameworks.records import TableForm
from caseforge_assets.settings import ConfigurationError, FrameworkSettings, Settings, load_settings

TEXT = """\
# Ours, since spring.
openai_model = "gpt-5"   # asked the team

[frameworks.retail]   # shops
title = "Retail"
source = "retail-1.xlsx"  # from the publisher
owner = "anna"
"""


def project(folder: Path, text: str | None) -> Settings:
    if text is not None:
        (folder / "caseforge.toml").write_text(text, encoding="utf-8")
    return load_settings(folder)


def text_of(settings: Settings) -> str:
    return settings.config_path.read_text(encoding="utf-8")


def said(title: str | None, targets: str) -> Meant:
    return Meant(title, targets, TableForm(), None)


def test_a_new_framework_is_added_and_every_comment_stays(tmp_path: Path) -> None:
    settings = project(tmp_path, TEXT)
    assert write_entry(settings, "bikes", FrameworkSettings(title="Bikes", source="bikes.csv", targets=("1.*", "2.*")))
    assert text_of(settings).startswith(TEXT)
    added = load_settings(tmp_path).framework("bikes")
    assert (added.title, added.source, added.targets) == ("Bikes", "bikes.csv", ("1.*", "2.*"))


def test_a_known_framework_changes_only_where_it_differs(tmp_path: Path) -> None:
    settings = project(tmp_path, TEXT)
    entry = entry_for(settings, "retail", "retail-2.xlsx", said("Another title", "8.*"))
    assert not write_entry(settings, "retail", entry)
    text = text_of(settings)
    for kept in ("# Ours, since spring.", "# asked the team", "[frameworks.retail]   # shops", "# from the publisher", 'owner = "anna"'):
        assert kept in text
    changed = load_settings(tmp_path).framework("retail")
    assert (changed.title, changed.source, changed.targets, changed.owner) == ("Retail", "retail-2.xlsx", "8.*", "anna")


def test_what_does_not_differ_leaves_the_file_untouched(tmp_path: Path) -> None:
    settings = project(tmp_path, TEXT)
    before = settings.config_path.stat()
    entry = entry_for(settings, "retail", str(tmp_path / "retail-1.xlsx"), said(None, "leaf"))
    write_entry(settings, "retail", entry)
    assert text_of(settings) == TEXT
    assert settings.config_path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "frameworks = {}\n", '[frameworks]\n[stages.usecases]\nmodel = "x"\n'])
def test_a_file_without_frameworks_gets_its_first(tmp_path: Path, text: str | None) -> None:
    settings = project(tmp_path, text)
    assert write_entry(settings, "bikes", FrameworkSettings(title="Bikes", source="bikes.csv"))
    assert load_settings(tmp_path).framework("bikes").source == "bikes.csv"
    assert (text or "").split("\n")[0] in text_of(settings) or text == "frameworks = {}\n"


def test_sources_in_the_project_are_named_from_there_and_others_in_full(tmp_path: Path) -> None:
    inside, outside = tmp_path / "project", tmp_path / "bikes.csv"
    inside.mkdir()
    settings = project(inside, "")
    assert entry_for(settings, "bikes", str(inside / "data" / "b.csv"), said(None, "leaf")).source == "data/b.csv"
    assert entry_for(settings, "bikes", str(outside), said(None, "leaf")).source == str(outside)


def test_a_file_that_is_mounted_by_itself_is_written_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy", str(self), None, str(target))

    settings = project(tmp_path, TEXT)
    monkeypatch.setattr(Path, "replace", busy)
    write_entry(settings, "bikes", FrameworkSettings(title="Bikes", source="bikes.csv"))
    assert load_settings(tmp_path).framework("bikes").source == "bikes.csv"
    assert text_of(settings).startswith(TEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["caseforge.toml"]


def test_a_title_is_made_from_the_key_where_there_is_none(tmp_path: Path) -> None:
    assert entry_for(project(tmp_path, ""), "cross_industry", "a.csv", said(None, "leaf")).title == "Cross Industry"


def test_a_key_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="framework key 'Retail'"):
        entry_for(project(tmp_path, ""), "Retail", "a.csv", said(None, "leaf"))


def test_titles_with_quotes_stay_what_they_are(tmp_path: Path) -> None:
    settings = project(tmp_path, "")
    write_entry(settings, "bikes", FrameworkSettings(title='The "best"\nbikes \\ more', source="b.csv"))
    assert load_settings(tmp_path).framework("bikes").title == 'The "best"\nbikes \\ more'
