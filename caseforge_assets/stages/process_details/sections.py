"""The sections of a process document, from `sections.toml`, and which of them a heading means."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

SECTIONS_FILE = Path(__file__).with_name("sections.toml")
MAX_HEADING_CHARACTERS = 200

_MARKUP = re.compile(r"[*_`~]+|\[(?=[^\]]*\]\()|(?<=\w)\]\([^)]*\)")
_NUMBERING = re.compile(r"^(?:(?:section|part)\s+)?(?:\d+(?:\.\d+)*(?=[\s.):–—-])|(?:[ivx]+|[a-j])(?=[.)]))[\s.):–—-]*")
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_AND = re.compile(r"\s*(?:&amp;|[&/+])\s*")
_EDGES = re.compile(r"^[^a-z0-9]+|[^a-z0-9]+$")


@dataclass(frozen=True)
class Section:
    """A section that every process document has.

    Attributes:
        name: Its heading, as asked for.
        aliases: Other headings that mean the same.
        instructions: What the model is told about it.
    """

    name: str
    aliases: tuple[str, ...]
    instructions: str


@cache
def read_sections() -> tuple[Section, ...]:
    """Read the sections in their order."""
    entries = tomllib.loads(SECTIONS_FILE.read_text(encoding="utf-8"))["section"]
    return tuple(Section(entry["name"], tuple(entry["aliases"]), entry["instructions"].strip()) for entry in entries)


def section_meant(heading: str) -> str | None:
    """Say which section a heading means to a reader.

    `3. **Common Challenges & Solutions:**` means Common Challenges, and `Performance Metrics (KPIs)` means Performance
    Metrics. A longer heading is understood only where the section's name begins it and "and …", "for …" or a dash follows.

    Args:
        heading: A heading's text without the marks of its level.

    Returns:
        The section's name, or None.
    """
    return _section_meant(heading) if len(heading) <= MAX_HEADING_CHARACTERS else None


@lru_cache(maxsize=4096)  # thousands of documents have the same few headings
def _section_meant(heading: str) -> str | None:
    text = _plain(heading)
    if (name := _names().get(text)) is not None:
        return name
    for plain, section in _names().items():
        if plain == _plain(section) and re.match(rf"{re.escape(plain)}(?: and | for |,|:| [–—-] )", text):
            return section
    return None


@cache
def _names() -> dict[str, str]:
    return {_plain(name): section.name for section in read_sections() for name in (section.name, *section.aliases)}


def _plain(heading: str) -> str:
    text = _MARKUP.sub("", heading).casefold().strip()
    text = _BRACKETS.sub("", _NUMBERING.sub("", text))
    return _EDGES.sub("", re.sub(r"\s+", " ", _AND.sub(" and ", text)))
