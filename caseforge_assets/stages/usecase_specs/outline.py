"""The headings of a specification, from `sections.toml`: its sections, and the parts of each use case in one of them."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from caseforge_assets.stages.languages import ENGLISH, primary
from caseforge_assets.stages.process_details.sections import Section, Sections

SECTIONS_FILE = Path(__file__).with_name("sections.toml")
HEADINGS_FILE = Path(__file__).with_name("headings.toml")
CASES = "Recommended Use Cases"  # the section that holds the use cases
_ENGLISH_ASSUMPTIONS = ("assum", "estimat")


@dataclass(frozen=True)
class Outline:
    """The headings that a specification has in a language.

    Attributes:
        sections: Those of the whole.
        parts: Those of each use case.
        language: Tag of the language; empty where nothing is said of it.
    """

    sections: Sections
    parts: Sections
    language: str = ""

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """Beginnings of the words that mark an estimate as one; empty for a language of which they are not known."""
        if primary(self.language) in ("", ENGLISH):
            return _ENGLISH_ASSUMPTIONS
        known = tomllib.loads(HEADINGS_FILE.read_text(encoding="utf-8")).get(primary(self.language), {})
        return tuple(known.get("assumption", ()))

    def headings(self, titles: Sequence[str]) -> str:
        """Give the outline of a specification of these use cases as Markdown, in the outline's language where that is known.

        Args:
            titles: Of the use cases, in their order.
        """
        lines = []
        for section in self.sections.entries:
            lines.append(f"## {self.sections.asked.get(section.name, section.name)}")
            if section.name == CASES:
                parts = [f"#### {self.parts.asked.get(part.name, part.name)}" for part in self.parts.entries]
                lines += [line for title in titles for line in (f"### {one_line(title)}", *parts)]
        return "\n".join(lines)


def one_line(title: str) -> str:
    """Give a title as a heading can have it."""
    return " ".join(title.split()).lstrip("#").strip() or "Use case"


def outline_in(language: str = "") -> Outline:
    """Give the outline in a language.

    Args:
        language: Its tag; empty where nothing is said of it.
    """
    text = SECTIONS_FILE.read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    sections, parts = (Sections(_entries(raw[kind]), text, language, HEADINGS_FILE) for kind in ("section", "part"))
    return Outline(sections, parts, language)


def _entries(raw: Sequence[Any]) -> tuple[Section, ...]:
    return tuple(Section(entry["name"], tuple(entry["aliases"]), entry["instructions"].strip()) for entry in raw)
