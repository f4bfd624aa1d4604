"""The sections of a process document, from `sections.toml`, and which of them a heading means."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
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


class Sections:
    """The sections of a document in their order, and what headings mean to a reader."""

    def __init__(self, entries: tuple[Section, ...], definition: str) -> None:
        """Keep the sections.

        Args:
            entries: In their order.
            definition: All of them as one text, for the stage's version.
        """
        self.entries = entries
        self.definition = definition
        self._names = {_plain(name): section.name for section in entries for name in (section.name, *section.aliases)}

    @staticmethod
    def plain(heading: str) -> str:
        """Give a heading without what does not change its meaning."""
        return _plain(heading)

    def meant(self, heading: str) -> str | None:
        """Say which section a heading means to a reader.

        `3. **Common Challenges & Solutions:**` means Common Challenges, and `Performance Metrics (KPIs)` means Performance
        Metrics. A longer heading is understood only where the section's name begins it and "and …", "for …" or a dash follows.

        Args:
            heading: A heading's text without the marks of its level.

        Returns:
            The section's name, or None.
        """
        return _section_meant(self, heading) if len(heading) <= MAX_HEADING_CHARACTERS else None

    def _find(self, heading: str) -> str | None:
        text = _plain(heading)
        if (name := self._names.get(text)) is not None:
            return name
        for plain, section in self._names.items():
            if plain == _plain(section) and re.match(rf"{re.escape(plain)}(?: and | for |,|:| [–—-] )", text):
                return section
        return None


@lru_cache(maxsize=4096)  # thousands of documents have the same few headings
def _section_meant(sections: Sections, heading: str) -> str | None:
    return sections._find(heading)


def _built_in() -> Sections:
    text = SECTIONS_FILE.read_text(encoding="utf-8")
    entries = tomllib.loads(text)["section"]
    return Sections(
        tuple(Section(entry["name"], tuple(entry["aliases"]), entry["instructions"].strip()) for entry in entries), definition=text
    )


def _plain(heading: str) -> str:
    text = _MARKUP.sub("", heading).casefold().strip()
    text = _BRACKETS.sub("", _NUMBERING.sub("", text))
    return _EDGES.sub("", re.sub(r"\s+", " ", _AND.sub(" and ", text)))


BUILT_IN = _built_in()
