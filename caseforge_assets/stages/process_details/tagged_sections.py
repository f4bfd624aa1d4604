"""Sections in tags, as models write them that were trained on prompts in XML: `<key_activities>…</key_activities>`, `[Overview]…[/Overview]`, `<section title="Overview">`."""

import re
from dataclasses import dataclass

from caseforge_assets.stages.process_details.headings import outside_code
from caseforge_assets.stages.process_details.sections import Sections

_NAME = r"[^\W\d_][^<>\[\]/=\"]{0,80}?"
_OPENING = re.compile(rf"^[ \t]*(?:<({_NAME})>|\[({_NAME})\])(.*)$")
_WITH_TITLES = tuple(
    re.compile(rf"^[ \t]*<([\w:.-]+)\b[^<>]*?\b(?:{attributes})\s*=\s*([\"'])([^\"'<>]+)\2[^<>]*>(.*)$", re.IGNORECASE)
    for attributes in ("name|title|heading|label", "id")
)
_INNER_TITLE = re.compile(r"^[ \t]*<(title|name|heading|label)>([^<>]+)</\1>[ \t]*$", re.IGNORECASE)
_BARE_TAG = re.compile(r"^[ \t]*<([\w:.-]+)[^<>]*>[ \t]*$")


@dataclass(frozen=True)
class _Opening:
    """The beginning of a section: its name, the tag that closes it, and text on the same line."""

    name: str
    tag: str
    rest: str


def out_of_tags(text: str, sections: Sections) -> str | None:
    """Make headings of tags that name sections; None where most sections do not stand so, or one of them does so twice.

    Args:
        text: An answer.
        sections: Those that a document has to have.
    """
    if "<" not in text and "[" not in text:
        return None
    lines = text.splitlines()
    prose = {number for number, _ in outside_code(lines)}
    opened: dict[str, str] = {}
    kept: list[str] = []
    for number, line in enumerate(lines):
        found = _opening(line, kept) if number in prose else None
        section = sections.meant_in_place(found.name) if found else None
        if found is None or section is None:
            kept.append(line)
            continue
        if section in opened:
            return None
        opened[section] = found.tag
        if _INNER_TITLE.match(line) and found.tag.casefold() not in ("title", "name", "heading", "label"):
            kept.pop()
        kept += ["", f"## {found.name}", "", *([found.rest] if found.rest.strip() else [])]
    if 2 * len(opened) < len(sections.entries):
        return None
    closing = re.compile(rf"[<\[]/(?:{'|'.join(map(re.escape, sorted(set(opened.values()))))})\s*[>\]][ \t]*$", re.IGNORECASE)
    return "\n".join(closing.sub("", line) for line in kept).strip()


def _opening(line: str, before: list[str]) -> _Opening | None:
    if inner := _INNER_TITLE.match(line):
        around = _BARE_TAG.match(before[-1]) if before else None
        return _Opening(inner[2].strip(), around[1] if around else inner[1], "")
    if titled := next((found for pattern in _WITH_TITLES if (found := pattern.match(line))), None):
        return _Opening(titled[3].replace("_", " ").replace("-", " ").strip(), titled[1], titled[4])
    if found := _OPENING.match(line):
        tag = found[1] or found[2]
        return _Opening(tag.replace("_", " ").replace("-", " ").strip(), tag, found[3])
    return None
