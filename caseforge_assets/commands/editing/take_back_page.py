"""An exported page that a person changed, without what the export added to it: to the letter, for every line that they left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from caseforge_assets.commands.exporting.export_pages import PROVENANCE, PROVENANCE_HEAD
from caseforge_assets.safe_text import lines_of, live_markdown, safe_markdown

# What an editor makes of tables and rules is taken for what it was: other widths, other marks of a rule, no blanks at the ends.
_LABELS = "|".join(re.escape(label) for label in PROVENANCE.values())
_FRAME = re.compile(
    rf"(?:^[ \t]*(?:-{{3,}}|\*{{3,}}|_{{3,}})[ \t]*\n\s*)?^[ \t]*\|[ \t]*{PROVENANCE_HEAD}[ \t]*\|[ \t]*\|?[ \t]*\n[ \t]*\|[\s:|-]*\n"
    rf"(?:[ \t]*\|[ \t]*(?:{_LABELS})[ \t]*\|[^\n]*(?:\n|\Z))*",
    re.MULTILINE,
)
_VERSION = re.compile(rf"\|[ \t]*{re.escape(PROVENANCE['version'])}[ \t]*\|[ \t]*([0-9a-f]{{64}})[ \t]*\|")
_HEAD = re.compile(r"\A\s*# [^\n]*\n\s*\*([^\n]*) · [^\n]*\*[ \t]*(?:\n(?:[ \t]*\n)*|\Z)")
# What stands below each content of a text that `export NAME.md` makes of several.
_OF_A_TEXT = re.compile(r"^\*Made by: [^\n]* · Simulated: (?:yes|no) · Made on: [\d-]{10} · Edition: [^\n]*\*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A text as a person hands it in.

    Attributes:
        text: What is theirs of it, still escaped as the export escapes.
        version: The version of the content that was exported; None for a text that is no exported page, or has lost its frame.
        code: The node's code when it was exported; None where there is no head.
    """

    text: str
    version: str | None
    code: str | None


def read_page(raw: str) -> Page:
    """Take off the title, the facts below it and the table of where a page is from, each as often as it stands there.

    Args:
        raw: A page, or any other text, with whatever line ends.

    Raises:
        ValueError: It is a text that an export made of several contents.
    """
    text = "\n".join(lines_of(raw)).removeprefix("\ufeff")
    if _OF_A_TEXT.search(text):
        raise ValueError(
            "this is an export of all in one text, which is for reading; change a page of a folder: caseforge export FOLDER --framework KEY"
        )
    version = _VERSION.search(text)
    bare = _FRAME.sub("", text) if PROVENANCE_HEAD in text else text
    head = _HEAD.match(bare)
    code = head[1].split(" · ")[0] if head else None
    return Page((bare[head.end() :] if head else bare).strip("\n"), version[1] if version else None, code)


def restored(page: Page, body: str) -> str:
    """Give the text of a page with each line that was left alone as it is in the content, and the others without escapes of the export.

    Args:
        page: The page.
        body: The content that was exported.
    """
    raw, shown = lines_of(body), safe_markdown(body).split("\n")
    if len(raw) != len(shown):
        return "\n".join(live_markdown(line) for line in page.text.split("\n"))
    return "\n".join(_lines(page.text.split("\n"), raw, shown))


def is_same(text: str, body: str) -> bool:
    """Tell whether two texts say the same: line ends, and blanks at the ends of lines and of the whole, are nothing."""
    return _bare(text) == _bare(body)


def _bare(text: str) -> list[str]:
    return "\n".join(line.rstrip() for line in lines_of(text)).strip().split("\n")


def _lines(edited: list[str], raw: list[str], shown: list[str]) -> Iterator[str]:
    """Lines are compared without blanks at their ends, which editors take off."""
    matcher = SequenceMatcher(None, [line.rstrip() for line in shown], [line.rstrip() for line in edited], autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield from raw[first:last]
        else:
            yield from (live_markdown(line) for line in edited[start:end])
