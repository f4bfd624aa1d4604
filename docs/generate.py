"""Writes the pages that are made from the code: `python -m docs.generate`. A test checks that they are current."""

from __future__ import annotations

import json
from pathlib import Path

import click

from caseforge_assets.batch_server import describe_faults
from caseforge_assets.cli.app import caseforge
from caseforge_assets.settings import Configuration
from caseforge_assets.settings.environment import Environment
from caseforge_assets.settings.project import settings_of
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.web.app import make_app
from caseforge_assets.web.reference.document import describe
from caseforge_assets.web.service import Service

FOLDER = Path(__file__).parent


def cli_page() -> str:
    """docs/cli.md: the help of every command."""
    parts = ["# Commands\n", "Made from the commands themselves by `make docs`.\n", _section("caseforge", caseforge, None)]
    context = click.Context(caseforge, info_name="caseforge", **caseforge.context_settings)
    for name in caseforge.list_commands(context):
        command = caseforge.get_command(context, name)
        if command is None:
            continue
        parts.append(_section(f"caseforge {name}", command, context))
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=context)
            parts += [_section(f"caseforge {name} {sub}", command.commands[sub], inner) for sub in command.list_commands(inner)]
    return "\n".join(parts)


def _section(title: str, command: click.Command, parent: click.Context | None) -> str:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=title.split()[-1], parent=parent, **settings)
    return f"## {title}\n\n```\n{command.get_help(context)}\n```\n"


def outcomes_page() -> str:
    """docs/outcomes.md: what an attempt can come to."""
    rows = [
        f"| `{outcome}` | {outcome.meaning} | {outcome.follow_up.replace('_', ' ')} | {'yes' if outcome.counted else 'no'} |"
        for outcome in Outcome
    ]
    head = [
        "# Outcomes",
        "",
        "What an attempt can come to, and what follows. Made from the code by `make docs`. A node has three counted attempts; then a person decides.",
        "",
        "What is longer than its model's context window, and stays so with half of what belongs in it, is `context_length` without an attempt: it is not sent.",
        "",
        "| outcome | what happened | then | counts as an attempt |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, "", *_TOLERATED]) + "\n"


_TOLERATED = (
    "## What is tolerated",
    "",
    "An answer is not lost to its form. What has one reading is read, and each thing that was tolerated is a note on the attempt and the content",
    "(`caseforge show CODE --json`); where two readings are possible nothing is guessed, and a section that is missing stays missing.",
    "",
    "| what came | what is made of it |",
    "|---|---|",
    "| thinking in tags (`<think>`, its kin of other models and in other brackets, the closing tag alone), between lines that name it and the answer, behind the answer; tokens and tags around the answer | left out; a draft that nothing marks as one is not told from the answer |",
    "| thinking that never ends | the answer behind it, where each section or the list stands there once; nothing where the budget ended it |",
    "| a fence, a sentence before or after it, a preface, settings before it, closing words, marks of its end | left out; a title and what stands beneath it stay |",
    "| headings in other forms: numbered in any way, bold, underlined, overlined and in boxes (reStructuredText), HTML, wiki, LaTeX, with anchors or pictures, in another case, with the process's name | read; what Markdown would not show as a heading becomes one |",
    '| sections in tags (`<key_activities>…</key_activities>`, `<section title="Overview">`, `[Overview]…[/Overview]`) | made headings, where most sections stand so |',
    "| a small mistake in a heading (one letter, two in a long one, a lost blank) | read where one section alone can be meant, is absent otherwise, and has its place there |",
    "| lines that are headings by what they say alone (plain, between marks of any kind or in a comment, in italics, bold items, in brackets, words before a colon) | read where all sections stand so, and made headings |",
    "| sections in the rows of a table, in JSON however loosely it is written, in a call of a tool, in YAML | made headings |",
    "| line breaks that were lost, text on the line of a heading, headings behind other text | put apart |",
    "| invisible characters, byte order marks, odd blanks | overlooked |",
    "| five hundred blanks or line breaks and more before a word | shortened, with a note |",
    '| JSON among text, twice, in a string, under another name; candidates one after the other, in groups or each in an object of its own; escapes that JSON does not know with one reading; other quotes, remarks, commas too many or too few, values of Python | read; two lists that differ are not chosen from, and one that ends in "…" is not whole |',
    "| candidates as YAML, in tags, or under headings with a label before each text | read, where each has all its fields |",
    '| words that only stand for a text ("TBD", "[Insert details]", "to be completed", "same as above") | no text: the section is empty, the candidate is not as asked |',
    "| a section that begins once more further down | both texts are kept, and that is said |",
    "| a list or an object where a text is meant, one choice in a list, choices in another language, small mistakes in names of fields | read; a list stays a list |",
    "| the same document or JSON several times, parts of a document in fences of their own, a JSON key twice with one value | read once; where two of them differ, none is taken |",
    "| candidates beyond the tenth | kept as surplus: `caseforge show`, `caseforge export --all-candidates` |",
    "| a result file in UTF-16 or UTF-32, control characters or deep nesting in a line; a list, objects over several lines, several on one, other line ends | read |",
)


def faults_page() -> str:
    """docs/faults.md: what the local Batch API server can be told to do wrong."""
    rows = []
    for text, meaning in describe_faults():
        name, _, options = text.partition(":")
        rows.append(f"| `{name}` | {meaning.replace('|', UNSPLIT)} | {f'`{options}`' if options else ''} |")
    head = [
        "# Faults of the local Batch API server",
        "",
        "Made from the code by `make docs`. A fault is given as `NAME:key=value,key=value`.",
        "",
        "| fault | what happens | options and their usual values |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows, "", *_SELECTORS]) + "\n"


_SELECTORS = (
    "Which requests, batches or calls it hits; without any of these, everything of its kind:",
    "",
    "| selector | meaning |",
    "|---|---|",
    "| `rate=0.05` | this share, by hash: the same run meets the same faults |",
    "| `match=REGEX` | those whose custom_id, or method and path, has a match; takes the rest of the text, so it stands last |",
    "| `batch=2`, `batch=2-4` | batches by number, from 1 |",
    "| `call=1`, `call=1-3` | HTTP calls by number, from 1 |",
    "| `attempts=1` | only the first so many attempts of a request |",
    "",
    "Faults of HTTP calls hit `POST /v1/batches`, the call that costs money, unless `match` or their description says otherwise. A list that is",
    "refused is `reply_error:when=before,status=405,match=^GET /v1/batches$`; a batch that is not known at first is",
    "`reply_error:when=before,status=404,call=1-3,match=^GET /v1/batches/`.",
)
UNSPLIT = r"\|"


def openapi_document() -> str:
    """docs/openapi.json: every endpoint of the service. Nothing is opened for it: no database, no project."""
    service = Service(settings_of(FOLDER.parent, Environment({}), Configuration()))
    return json.dumps(describe(make_app(service)), indent=2, ensure_ascii=False) + "\n"


PAGES = {"cli.md": cli_page, "outcomes.md": outcomes_page, "faults.md": faults_page, "openapi.json": openapi_document}


def main() -> None:
    """Writes every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
