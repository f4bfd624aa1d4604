"""The sections of a process document, from `sections.toml`, and which of them a heading means."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from caseforge_assets.stages.languages import primary
from caseforge_assets.stages.measuring.word_lists import word_list
from caseforge_assets.stages.process_details.heading_text import is_step, plain_heading
from caseforge_assets.stages.texts.misspelt import name_meant

SECTIONS_FILE = Path(__file__).with_name("sections.toml")
HEADINGS_FILE = Path(__file__).with_name("headings.toml")
MAX_HEADING_CHARACTERS = 200
SECTION_LEVEL = 2

# Words that may stand before a section's name without making it another one.
_QUALIFIERS = word_list("heading_qualifiers")
_MORE_SURE = r"(?: and | for | ?[:–—|] ?| - )"
_MORE_LOOSE = r"(?: of | in | on | to | from | within | across | during )"
_BEFORE = re.compile(r"^(.+?)(?: ?[:–—|»>→➔➜⟶] ?| - |(?<=\w)['’]s )(.+)$")
_DASH = re.compile(r" ?[–—|:·•] ?| - ")


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
    """The sections of a document in their order, and what headings mean to a reader.

    Attributes:
        asked: By section, the heading that it is asked for under in another language; without those whose heading stays as it is.
        as_asked: The lines of headings that sections are asked for under, with the sections that they mean; without headings that end in a mark, as of emphasis.
    """

    def __init__(self, entries: tuple[Section, ...], definition: str, language: str = "", headings: Path = HEADINGS_FILE) -> None:
        """Keep the sections.

        Args:
            entries: In their order.
            definition: All of them as one text, for the stage's version.
            language: Tag of the language that they are asked for in; headings of that language mean the same then.
            headings: What they are called in other languages.
        """
        self.entries = entries
        self.definition = definition
        translated = translated_headings(language, headings)
        asked = translated if is_asked(language, headings) else {}
        self.asked = {section.name: asked[section.name][0] for section in entries if section.name in asked}
        self._names = {plain_heading(name): section.name for section in entries for name in (section.name, *section.aliases)}
        self._in_singular = {_singular(name): section for name, section in self._names.items()}
        self._own_names = {plain_heading(section.name): section.name for section in entries}
        for section in entries:
            for heading in translated.get(section.name, ()):
                self._names.setdefault(plain_heading(heading), section.name)
            self._names.setdefault(_other_way_round(plain_heading(section.name)), section.name)
            if section.name in self.asked:
                self._own_names.setdefault(plain_heading(self.asked[section.name]), section.name)
        self.as_asked = {
            f"{'#' * SECTION_LEVEL} {heading}": section.name
            for section in entries
            for heading in (section.name, self.asked.get(section.name, section.name))
            if heading == heading.strip().strip("#*_: ") and self.meant(heading) == section.name
        }

    @staticmethod
    def plain(heading: str) -> str:
        """Give a heading without what does not change its meaning."""
        return plain_heading(heading)

    def meant(self, heading: str) -> str | None:
        """Say which section a heading means to a reader, wherever in a document it stands.

        `3. **Common Challenges & Solutions:**` means Common Challenges, and `Performance Metrics (KPIs)` means Performance
        Metrics. A longer heading is understood only where the section's name begins it and "and …", "for …" or a dash follows.

        Args:
            heading: A heading's text without the marks of its level.

        Returns:
            The section's name, or None.
        """
        return _section_meant(self, heading, False) if len(heading) <= MAX_HEADING_CHARACTERS else None

    def meant_in_place(self, heading: str) -> str | None:
        """Say the same of a heading that stands where the sections' headings stand: then `The Overview of Billing` and `Billing: Overview` are Overview, too.

        Args:
            heading: A heading's text without the marks of its level.
        """
        return _section_meant(self, heading, True) if len(heading) <= MAX_HEADING_CHARACTERS else None

    def misspelt(self, heading: str) -> str | None:
        """Say which section a heading means that has its name with a small mistake in it, where only one can be meant.

        Args:
            heading: A heading's text without the marks of its level.
        """
        if len(heading) > MAX_HEADING_CHARACTERS or is_step(heading):
            return None
        return name_meant(plain_heading(heading), self._names)

    def named(self, line: str) -> str | None:
        """Say which section a line names that has nothing else in it.

        Args:
            line: A line of text, possibly numbered.
        """
        return _section_named(self, line) if len(line) <= MAX_HEADING_CHARACTERS else None

    def _find_named(self, line: str) -> str | None:
        text = plain_heading(line)
        return self._known(text) or self._longer(text, " and ")

    def _find(self, heading: str, in_place: bool) -> str | None:
        if not in_place and is_step(heading):
            return None
        text = plain_heading(heading)
        return self._known(text) or self._longer(text, _MORE_SURE) or (self._find_loosely(text) if in_place else None)

    def _known(self, text: str) -> str | None:
        """The section with this name, or with this name in the singular."""
        found = self._names.get(text) or self._in_singular.get(text)
        return found or (self._names.get(_DASH.sub(" and ", text)) if _DASH.search(text) else None)

    def _longer(self, text: str, more: str) -> str | None:
        """The section whose name begins a heading; not where what follows is another section's name after a mark or "of"."""
        for plain, section in self._own_names.items():
            if found := re.match(rf"{re.escape(plain)}({more})(.*)", text):
                other = self._names.get(found[2])
                return None if other and found[1].strip() not in ("and", "for") else section
        return None

    def _find_loosely(self, text: str) -> str | None:
        if section := self._longer(text, _MORE_LOOSE):
            return section
        if before := _BEFORE.match(text):
            last = plain_heading(before[2])
            section = self._names.get(last) or self._longer(last, " and ")
            return None if section and (self._names.get(before[1]) or self._longer(before[1], _MORE_SURE)) else section
        if section := next((section for name, section in self._own_names.items() if text.endswith(f" and {name}")), None):
            return None if self._known(text.partition(" and ")[0]) else section
        text = text.removesuffix(" section")
        if section := self._known(text):
            return section
        words = text.split()
        while words and words[0] in _QUALIFIERS:
            words = words[1:]
            if section := self._names.get(" ".join(words)):
                return section
        return self._names.get(" ".join(words))


@cache
def _languages(headings: Path) -> Mapping[str, Any]:
    return tomllib.loads(headings.read_text(encoding="utf-8"))


def is_asked(language: str, headings: Path = HEADINGS_FILE) -> bool:
    """Tell whether headings are asked for in a language; in others they are only read where they come so.

    Args:
        language: The language's tag.
        headings: What sections are called in other languages.
    """
    return bool(_languages(headings).get(primary(language), {}).get("asked", True))


@cache
def translated_headings(language: str, headings: Path = HEADINGS_FILE) -> Mapping[str, tuple[str, ...]]:
    """Give the headings of sections in a language, by the sections' names, the one that is asked for first; none where they are not known.

    Where a heading has the language's word for "and", it is given with "and", too, which stands for "&" and commas.

    Args:
        language: The language's tag.
    """
    known = _languages(headings).get(primary(language))
    if known is None:
        return {}
    joined = f" {known['and']} "
    return {
        name: tuple(form for heading in forms for form in dict.fromkeys((heading, heading.replace(joined, " and "))))
        for name, forms in known["sections"].items()
    }


@lru_cache(maxsize=4096)  # thousands of documents have the same few headings
def _section_meant(sections: Sections, heading: str, in_place: bool) -> str | None:
    return sections._find(heading, in_place)


@lru_cache(maxsize=4096)
def _section_named(sections: Sections, line: str) -> str | None:
    return sections._find_named(line)


def _other_way_round(text: str) -> str:
    first, joined, second = text.partition(" and ")
    return f"{second}{joined}{first}"


def _singular(text: str) -> str:
    return " ".join(
        f"{word[:-3]}y" if word.endswith("ies") else word if word.endswith("ss") else word.removesuffix("s") for word in text.split()
    )


def _built_in() -> Sections:
    text = SECTIONS_FILE.read_text(encoding="utf-8")
    entries = tomllib.loads(text)["section"]
    return Sections(
        tuple(Section(entry["name"], tuple(entry["aliases"]), entry["instructions"].strip()) for entry in entries), definition=text
    )


BUILT_IN = _built_in()
