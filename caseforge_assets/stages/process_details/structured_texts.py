"""Documents that came as data: JSON, block texts of YAML, rows of tables, in Markdown or HTML. Each becomes the Markdown that it stands for, or None where it is no such thing."""

import json
import re
import textwrap
from collections.abc import Iterator

from caseforge_assets.stages.canonical import texts_in
from caseforge_assets.stages.process_details.sections import Sections
from caseforge_assets.stages.texts.loose_json import strictly_written

_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_CELL_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_HTML_ROW = re.compile(r"<(?:tr|dt)\b[^<>]*>.*?(?:</tr\s*>|</dd\s*>)", re.IGNORECASE | re.DOTALL)
_HTML_CELL = re.compile(r"</?(?:tr|td|th|dt|dd)\b[^<>]*>", re.IGNORECASE)
_BLOCK_KEY = re.compile(r"^([^\s:#][^:\n]{1,60}):[ \t]*[|>][+-]?\d?[ \t]*$")
_BETWEEN_TAGS = re.compile(r">[ \t]*(?=<[a-zA-Z/])")
_FEW_LINES = 4
_DEEPEST = 3  # of JSON in a string of JSON


def out_of_json(text: str, sections: Sections) -> str | None:
    """Take the one long text of a JSON string, or of an object that has no other; or what stands under each section's name.

    Args:
        text: An answer.
        sections: Those that a document has to have.
    """
    if text.lstrip()[:1] not in ('"', "'", "{", "["):
        return None
    value = _value(text)
    if value is None:
        return None
    by_name = list(_named_in(value, sections))
    names = [sections.meant_in_place(name) for name, _ in by_name]
    long = [part for part in texts_in(value) if "\n" in part]
    if 2 * len(set(names)) < len(sections.entries) or len(set(names)) < len(names):
        return long[0] if len(long) == 1 else None
    if len(long) == 1 and "\n## " in f"\n{long[0]}":
        return long[0]
    return "\n\n".join(f"## {name.replace('_', ' ')}\n\n{_as_markdown(part)}" for name, part in by_name)


def _value(text: str, depth: int = 0) -> object:
    """The one value of JSON, however loosely it is written, with that which stands in its strings as JSON again; None where there is none."""
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        value = _loose_value(text)
    return _with_inner(value, depth)


def _loose_value(text: str) -> object:
    strict = strictly_written(text, len(text) - len(text.lstrip()))
    if strict is None or text[strict.end :].strip():
        return None
    try:
        return json.loads(strict.text)
    except (ValueError, RecursionError):
        return None


def _with_inner(value: object, depth: int) -> object:
    if isinstance(value, dict):
        return {key: _with_inner(part, depth) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_inner(part, depth) for part in value]
    if isinstance(value, str) and depth < _DEEPEST and value.lstrip()[:1] in ("{", '"') and (inner := _value(value, depth + 1)) is not None:
        return inner
    return value


def _named_in(value: object, sections: Sections) -> Iterator[tuple[str, object]]:
    """Give what stands under the name of a section, or beside it in an object of its own."""
    if isinstance(value, list):
        for part in value:
            yield from _named_in(part, sections)
    elif isinstance(value, dict):
        titles = [key for key, part in value.items() if isinstance(part, str) and len(part) < 100 and sections.meant_in_place(part)]
        if len(titles) == 1 and len(value) > 1 and not sections.meant_in_place(titles[0]):
            rest = {key: part for key, part in value.items() if key != titles[0] and not isinstance(part, int | float)}
            yield value[titles[0]], next(iter(rest.values())) if len(rest) == 1 else rest
            return
        for key, part in value.items():
            if sections.meant_in_place(key):
                yield key, part
            else:
                yield from _named_in(part, sections)


def _as_markdown(value: object) -> str:
    """Write a text as it is, a list as a list, an object as one with its keys in bold."""
    if isinstance(value, dict):
        value = [f"**{key.replace('_', ' ')}**: {_on_one_line(part)}" for key, part in value.items()]
    if isinstance(value, list):
        return "\n".join(f"- {_on_one_line(part)}" for part in value)
    return str(value)


def _on_one_line(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key.replace('_', ' ')}: {_on_one_line(part)}" for key, part in value.items())
    return "; ".join(map(_on_one_line, value)) if isinstance(value, list) else str(value).strip().replace("\n", "\n  ")


def out_of_table(text: str, sections: Sections) -> str | None:
    """Make sections of the rows of a table that have a section's name in one of their cells; None where most sections do not stand so.

    Args:
        text: An answer.
        sections: Those that a document has to have.
    """
    if "|" not in text:
        return None
    kept: list[str] = []
    found: list[str] = []
    for line in text.splitlines():
        row = _ROW.match(line)
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row[1])] if row else []
        if place := _named_place(cells, sections):
            found.append(sections.named(cells[place - 1]) or "")
            kept.append(_section_of(cells, place))
        elif not row:
            kept.append(line)
    return "\n".join(kept).strip() if _are_most(found, sections) else None


def out_of_html_table(text: str, sections: Sections) -> str | None:
    """Make sections of the rows of a table in HTML, or of a list of terms and what they mean.

    Args:
        text: An answer.
        sections: Those that a document has to have.
    """
    rows = ([cell.strip() for cell in _HTML_CELL.split(row[0]) if cell.strip()] for row in _HTML_ROW.finditer(text))
    found = [(cells, place) for cells in rows if (place := _named_place(cells, sections))]
    names = [sections.named(cells[place - 1]) or "" for cells, place in found]
    return "\n".join(_section_of(cells, place) for cells, place in found).strip() if _are_most(names, sections) else None


def _are_most(names: list[str], sections: Sections) -> bool:
    return 2 * len(set(names)) >= len(sections.entries) and len(set(names)) == len(names)


def _named_place(cells: list[str], sections: Sections) -> int:
    """Give the place of the first cell of a row that names a section and has others behind it, from 1; 0 where there is none."""
    return next((place for place, cell in enumerate(cells[:-1], 1) if cell and sections.named(cell)), 0)


def _section_of(cells: list[str], place: int) -> str:
    said = "\n\n".join(_CELL_BREAK.sub("\n", cell) for cell in cells[place:] if cell)
    return f"\n## {cells[place - 1].strip('*_ ')}\n\n{said}\n"


def out_of_blocks(text: str, sections: Sections) -> str | None:
    """Make sections of the block texts of YAML under a section's name: `overview: |`.

    Args:
        text: An answer.
        sections: Those that a document has to have.
    """
    lines, kept, named, block = text.splitlines(), list[str](), 0, list[str]()
    for line in [*lines, "."]:
        key = _BLOCK_KEY.match(line)
        if block and (line[:1].isspace() or not line):
            block.append(line)
            continue
        if block:
            kept += [block[0], "", textwrap.dedent("\n".join(block[1:])).strip("\n"), ""]
            block = []
        if key and sections.named(key[1]):
            named += 1
            block = [f"## {key[1].replace('_', ' ')}"]
        else:
            kept.append(line)
    return "\n".join(kept[:-1]).strip() if 2 * named >= len(sections.entries) else None


def with_tags_apart(text: str) -> str | None:
    """Put tags on lines of their own in a text whose line breaks were lost."""
    if "</" not in text or len(text.strip().splitlines()) > _FEW_LINES:
        return None
    return _BETWEEN_TAGS.sub(">\n", text)
