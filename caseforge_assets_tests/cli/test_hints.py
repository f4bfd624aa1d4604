"""Every command that a text tells a person to type works when it is typed, also where several frameworks are declared."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import caseforge_assets
from caseforge_assets.cli.app import caseforge
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.workbench import write_table

PACKAGE = Path(caseforge_assets.__file__).parent
HINT = re.compile(r"`(caseforge [^`]+)`|with: (caseforge(?: [-a-z0-9_*.]*[a-z0-9_*]| [A-Z]{3,}\b)+)")
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")  # FILE, NODE, SEGMENT: a person fills these in


def hints(said: str) -> set[str]:
    """The commands that a text names, without those that leave something to be filled in."""
    joined = " ".join(said.split())
    return {hint for groups in HINT.findall(joined) for hint in groups if hint and not PLACEHOLDER.search(hint)}


# What stands in the place of words that a person fills in, and of values.
FILLED_IN = {
    "FILE": __file__,
    "NODE": "1.1.1",
    "UID": "1.1.1-UC01",
    "KEY": "shop",
    "BATCH": "1",
    "ID": "1",
    "PLAN": "1",
    "USD": "1",
    "DELIVERY": "1",
}
IN_SOURCE = re.compile(r"`(caseforge [^`]+)`|: (caseforge(?: [-\w./*:]+)+)|\((caseforge(?: [-\w./*:]+)+)\)")
# These are about all frameworks, or none, or find out by themselves which one is meant.
WITHOUT_FRAMEWORK = {"import-results", "load", "report", "show", "status", "tokens", "users", "webhooks", "costs"}
OF_ALL = {"caseforge failed", "caseforge retry"}  # what follows them in the text is put together elsewhere
IN_GENERAL = {"defs/graph/descriptions.py": "the overview of a framework names ways to work, one after the other"}


def named_in_source(*, told: bool = False) -> set[str]:
    """Every command that a text of the program names, with something in the place of each value.

    Args:
        told: only those that somebody is told to type next, not those of helps and descriptions.
    """
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if told and path.relative_to(PACKAGE).as_posix() in IN_GENERAL:
            continue
        for text in texts(tree, set(explaining(tree)) if told else set()):
            found |= {" ".join(hint.split()) for groups in IN_SOURCE.findall(text) for hint in groups if hint}
    if told:
        return found
    for path in PACKAGE.rglob("*.jinja"):
        found |= set(re.findall(r"<code>(caseforge [^<]+)</code>", re.sub(r"{{.*?}}", "1", path.read_text(encoding="utf-8"))))
    return found


def explaining(tree: ast.AST) -> Iterator[int]:
    """The ids of the nodes of docstrings, helps and descriptions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and isinstance(node.body[0], ast.Expr):
            yield id(node.body[0].value)
        if isinstance(node, ast.keyword) and node.arg in ("help", "description"):
            yield from map(id, ast.walk(node.value))


def texts(tree: ast.AST, but: Set[int]) -> Iterator[str]:
    """Every text of a module; a value in it is 1, or nothing where it is the end of a word."""
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) and id(node) not in but]
    inner = {id(part) for node in joined for part in node.values} | but
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value
    for node in joined:
        text = ""
        for part in node.values:
            text += str(part.value) if isinstance(part, ast.Constant) else "" if text[-1:].isalpha() else "1"
        yield text


def not_parsed(hint: str) -> str:
    """Gives click's words on a command line that it cannot make sense of; a command that is named alone may lack its arguments."""
    words = [FILLED_IN.get(word, word) for word in shlex.split(hint.rstrip(".:;, "))[1:]]
    command: click.Command = caseforge
    context, name, left = None, "caseforge", words
    try:
        while isinstance(command, click.Group):
            context = command.make_context(name, left, parent=context)
            left = [*context._protected_args, *context.args]
            if not left:
                return ""
            named, found, left = command.resolve_command(context, left)
            name, command = named or "", found or command
        if left:
            command.make_context(name, left, parent=context)
    except click.exceptions.NoArgsIsHelpError:
        return ""
    except click.UsageError as error:
        return f"{hint}: {error.format_message()}\n"
    return ""


def test_every_command_that_a_text_names_is_one() -> None:
    found = named_in_source()
    assert len(found) > 80
    assert "".join(map(not_parsed, sorted(found))) == ""


def takes_framework(hint: str) -> bool:
    """Tells whether a command has to be told of which framework, where several are declared."""
    command: click.Command | None = caseforge
    words = shlex.split(hint.rstrip(".:;, "))[1:]
    if words[0] in WITHOUT_FRAMEWORK:
        return False
    for word in words:
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word)
    return command is not None and any("--framework" in parameter.opts for parameter in command.params)


def test_who_has_several_frameworks_can_type_what_they_are_told() -> None:
    assert {hint for hint in named_in_source(told=True) if takes_framework(hint) and "--framework" not in hint} == OF_ALL


def refused(hint: str) -> str:
    """Gives the words of a command that cannot be used as it stands (exit code 2); empty where it can."""
    result = CliRunner().invoke(caseforge, shlex.split(hint)[1:], input="")
    return f"{hint}: {result.output}" if result.exit_code == 2 else ""


def said_by(*arguments: str) -> str:
    """All that a command says, whatever comes of it."""
    return str(CliRunner().invoke(caseforge, list(arguments), input="", catch_exceptions=False).output)


# What is told where nothing is amiss, where something is not there, and where two frameworks leave open which one is meant.
MORE = (
    "status",
    "plan",
    "plan --framework second",
    "plan --framework second --why 1.1.2",
    "plan --framework second --similar 0.5",
    "plan --framework shop --nodes 1.1",
    "generate --framework second --nodes 1.1.2 --wait",
    "generate --framework second --nodes 9.9",
    "retry --framework second --yes --wait",
    "retry --framework second --quality-below 100",
    "submit",
    "collect",
    "collect --again 99",
    "collect --judge-again",
    "cancel 99",
    "adopt 99 batch_none",
    "approve 1",
    "plans list --all",
    "plans raise 1 --no-limit",
    "preview 1.1.1 --framework second --stage usecases",
    "report",
    "costs --by batch",
    "costs --by node",
    "search customers",
    "search customers --by meaning",
    "similar",
    "similar 1.1.2-UC01 --framework second",
    "decide 1.1.2-UC01 --framework second --status shortlisted",
    "decide 9-UC01 --framework second",
    "portfolio",
    "portfolio make Mine",
    "portfolio show Mine",
    "pairs forget 1.1.1 --framework second",
    "show 1.1.2-UC01 --framework second",
    "show 1.1.2 --framework second --history",
    "export out.doc --framework second",
    "export out --framework gone",
    "edit 1.1.2 --framework second --stage usecases --file caseforge.toml",
    "import-results --list",
    "import-results --undo 99",
    "models",
    "alerts --history",
    "config show",
    "archive --older-than 0h",
    "unarchive 99",
    "verify",
    "users list",
    "tokens list",
    "webhooks list",
    "webhooks deliveries 99",
    "frameworks remove gone --yes",
)
AFTER_REMOVAL = ("frameworks remove second --yes", "status", "plan --framework second")


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"latency_s": 60.0}, {"faults": ["truncate:match=1-1-1"]}], ids=["under way", "failed"])
def test_every_command_that_is_named_can_be_typed(command_line: OpenCommandLine, tmp_path: Path, options: dict[str, Any]) -> None:
    line = command_line("budget_usd = 10", bills=True, **options)
    line.load_shop()
    line.run("load", str(write_table(tmp_path / "second.csv")), "--framework", "second")
    said = [
        said_by(*command.split())
        for command in (
            "generate --framework shop",
            "plan --framework shop --keep",
            "plans",
            "approve 99",
            "plans show 99",
            "generate --framework second --yes",
            "monitor --once",
            "failed --framework second",
            "status --framework second",
            "status --framework shop",
            "quality --framework second",
            "cancel 1",
            "plans cancel 3",
            "alerts",
            "pairs list",
            "costs",
            "frameworks",
            "config check",
            "show 1.1.1 --framework shop",
            "show 1.1.1 --framework second",
            "edit 1.1.1 --framework shop --file none.md",
            "stale --framework second",
            *(MORE if "faults" in options else ()),
        )
    ]
    found = set().union(*map(hints, said))
    assert len(found) >= 4, said
    assert "".join(map(refused, sorted(found))) == ""
    found = set().union(*(hints(said_by(*command.split())) for command in AFTER_REMOVAL))
    assert "".join(map(refused, sorted(found))) == ""
