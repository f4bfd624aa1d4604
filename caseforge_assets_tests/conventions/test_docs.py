"""What the documents say is what the code does."""

from __future__ import annotations

import click
import pytest

from caseforge_assets.cli.app import caseforge
from caseforge_assets.settings import Configuration, FrameworkSettings, StageOverrides
from docs.generate import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


@pytest.mark.parametrize("field", [*Configuration.model_fields, *FrameworkSettings.model_fields, *StageOverrides.model_fields])
def test_every_setting_is_documented(field: str) -> None:
    text = (FOLDER / "configuration.md").read_text(encoding="utf-8")
    assert f"`{field}`" in text or f"[{field}." in text


def test_every_command_has_help() -> None:
    context = click.Context(caseforge)
    for name in caseforge.list_commands(context):
        command = caseforge.get_command(context, name)
        assert command is not None, name
        assert command.help, name
        assert all(option.help for option in command.params if isinstance(option, click.Option)), name
