"""The documents say what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from caseforge_assets.alerts.rules import Rule
from caseforge_assets.alerts.thresholds import Thresholds
from caseforge_assets.cli.app import caseforge
from caseforge_assets.costs.prices import OwnPrice
from caseforge_assets.settings import Configuration, FrameworkSettings, StageOverrides, read_configuration
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets.settings.service import ServiceSettings
from docs.generate import FOLDER, PAGES

PROJECT = FOLDER.parent
PACKAGE = PROJECT / "caseforge_assets"
TEXTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted(FOLDER.glob("*.md"))]
LINK = re.compile(r"\]\(([^)#]+)")
INVOCATION = re.compile(r"^\s+caseforge ([a-z-]+)(.*)", re.MULTILINE)
NAMED_FILE = re.compile(r"`((?:[a-z_]+/)+\w+\.(?:py|toml))`")
VARIABLE = re.compile(r"\"((?:OPENAI|CASEFORGE|UPSTREAM)_[A-Z_]+)\"")


def commands(group: click.Group = caseforge, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name, those of groups, too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


ALL_COMMANDS = dict(commands())
MODELS = (Configuration, FrameworkSettings, StageOverrides, OwnPrice, Thresholds, ProviderSettings, ServiceSettings)
OPTIONAL = [
    (model, field)
    for model in (Configuration, Thresholds, ServiceSettings)
    for field, info in model.model_fields.items()
    if not info.is_required()
]


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_every_command_and_option_has_help_and_is_documented(name: str) -> None:
    command = ALL_COMMANDS[name]
    assert command.help
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []
    assert f"## caseforge {name}\n" in (FOLDER / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", [name for model in MODELS for name in model.model_fields])
def test_every_setting_is_documented(field: str) -> None:
    text = (FOLDER / "configuration.md").read_text(encoding="utf-8")
    assert f"`{field}`" in text or f"[{field}." in text


def test_every_environment_variable_is_documented() -> None:
    readers = (*(PACKAGE / "settings").glob("*.py"), PACKAGE / "batch_server" / "server.py")
    read = {name for path in readers for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert read >= {"OPENAI_API_KEY", "UPSTREAM_API_KEY"}
    text = (FOLDER / "configuration.md").read_text(encoding="utf-8")
    assert {name for name in read if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(("model", "field"), OPTIONAL, ids=[field for _, field in OPTIONAL])
def test_the_documented_default_is_the_one_in_the_code(model: type[BaseModel], field: str) -> None:
    row = re.search(rf"^\| `{field}` \|.*\| ([^|]+) \|$", (FOLDER / "configuration.md").read_text(encoding="utf-8"), re.MULTILINE)
    if row is None:
        assert field in ("frameworks", "stages", "prices", "alerts", "provider", "service")  # tables of their own
        return
    default = model.model_fields[field].get_default(call_default_factory=True)
    shown = row[1].strip("`")
    if shown in ("none", "learned"):
        assert not default
    elif isinstance(default, bool | str):
        assert shown == (f'"{default}"' if isinstance(default, str) else str(default).lower())
    else:
        assert float(shown) == float(default)


def test_every_rule_is_documented() -> None:
    text = (FOLDER / "alerts.md").read_text(encoding="utf-8")
    assert [rule for rule in Rule if f"| `{rule}` |" not in text] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere_and_commands_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if "://" not in link and not (path.parent / link).exists()] == []
    for name, arguments in INVOCATION.findall(text):
        assert name in ALL_COMMANDS, name
        command = ALL_COMMANDS.get(f"{name} {arguments.split()[0]}", ALL_COMMANDS[name]) if arguments.split() else ALL_COMMANDS[name]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        used = set(re.findall(r"(?<!\S)--[a-z-]+", arguments.split("   ")[0]))
        assert used <= known, f"{name}: {used - known}"


def test_the_shipped_configuration_is_valid() -> None:
    assert "sample" in read_configuration(PROJECT / "caseforge.toml").frameworks


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_modules_that_are_named_are_there(path: Path) -> None:
    folders = {entry.name for entry in PACKAGE.iterdir() if entry.is_dir()}
    named = set(NAMED_FILE.findall(path.read_text(encoding="utf-8")))
    ours = {name for name in named if name.split("/")[0] in folders | {PACKAGE.name, "caseforge_assets_tests", "docs", "benchmarks"}}
    assert {name for name in ours if not (PACKAGE / name).is_file() and not (PROJECT / name).is_file()} == set()


def test_every_room_is_on_the_map() -> None:
    text = (FOLDER / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        room
        for layer in ("cli", "commands", "defs", "frameworks", "store")
        for room in (PACKAGE / layer).iterdir()
        if (room / "__init__.py").is_file()
    ]
    assert len(rooms) > 40
    assert {
        room.name for room in (*rooms, *PACKAGE.iterdir()) if room.is_dir() and room.name != "__pycache__" and f"`{room.name}`" not in text
    } == set()
