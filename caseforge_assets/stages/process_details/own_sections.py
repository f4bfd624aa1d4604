"""Sections of one's own: a `sections.toml` that changes sections of the process document by their names, adds some, or leaves some out."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from difflib import get_close_matches
from typing import Any

from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.process_details.sections import BUILT_IN, MAX_HEADING_CHARACTERS, Section, Sections
from caseforge_assets.stages.templates import TemplateFault, Templates

SECTIONS_NAME = "sections.toml"
_KEYS = ("order", "section")
_SECTION_KEYS = ("name", "aliases", "instructions")


def sections_of(templates: Templates) -> Sections:
    """Give the sections that a stage asks for and judges by.

    Raises:
        TemplateFault: The file of one's own is not TOML, or something in it is not understood; a line for each fault.
    """
    as_they_come = Sections(BUILT_IN.entries, BUILT_IN.definition, templates.language) if templates.language else BUILT_IN
    if not templates.is_own(SECTIONS_NAME):
        return as_they_come
    place = templates.place(SECTIONS_NAME)
    try:
        raw = tomllib.loads(templates.read(SECTIONS_NAME))
    except tomllib.TOMLDecodeError as error:
        raise TemplateFault(f"{place}: cannot be read as TOML: {error}") from error
    if faults := [*_misformed(raw)]:
        raise TemplateFault("\n".join(f"{place}: {fault}" for fault in faults))
    entries, faults = _merged(raw)
    faults = faults or [*_ambiguous(entries)]
    if faults:
        raise TemplateFault("\n".join(f"{place}: {fault}" for fault in faults))
    if entries == BUILT_IN.entries:
        return as_they_come
    return Sections(entries, canonical_json([asdict(entry) for entry in entries]), templates.language)


def language_rules(sections: Sections) -> str:
    """Say how headings are written where texts are asked for in another language: as it names them, where that is known."""
    if not sections.asked:
        return "Leave the headings of the sections in English, worded exactly as they are given above."
    asked = "; ".join(f"{sections.asked[entry.name]} (for {entry.name})" for entry in sections.entries if entry.name in sections.asked)
    left = "" if len(sections.asked) == len(sections.entries) else " Leave the other headings exactly as they are given above."
    return f"Write the headings of the sections in that language too, worded exactly so: {asked}.{left}"


def unasked_sections(templates: Templates, sections: Sections) -> list[str]:
    """Say which sections answers would be judged by although the system template does not ask for them."""
    place = templates.place("system.jinja")
    if not templates.is_own("system.jinja"):
        if len(sections.entries) == len(BUILT_IN.entries):
            return []
        own, there = len(sections.entries), len(BUILT_IN.entries)
        begin = "put a system.jinja of your own beside it (`caseforge config templates` writes one to begin with)"
        return [
            f"{templates.place(SECTIONS_NAME)}: makes {own} sections, and the system template that comes with CaseForge says {there}: {begin}"
        ]
    asked = templates.render("system", sections=sections.entries)
    return [
        f"{place}: does not ask for the section {entry.name!r}, by which answers are judged"
        for entry in sections.entries
        if entry.name not in asked
    ]


def _misformed(raw: Mapping[str, Any]) -> Iterator[str]:
    for key in raw.keys() - set(_KEYS):
        yield f"{key} is not a known key{_near(key, _KEYS)}"
    order, entries = raw.get("order", []), raw.get("section", [])
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        yield "order must be a list of section names"
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield "write each section beneath a line [[section]]"
        return
    for number, entry in enumerate(entries, 1):
        name = entry.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_HEADING_CHARACTERS or "\n" in name:
            yield f"section {number} needs a name: one line of at most {MAX_HEADING_CHARACTERS} characters"
            continue
        for key in entry.keys() - set(_SECTION_KEYS):
            yield f"{name}: {key} is not a known key{_near(key, _SECTION_KEYS)}"
        if "instructions" in entry and (not isinstance(entry["instructions"], str) or not entry["instructions"].strip()):
            yield f"{name}: instructions must be a text that is not empty"
        aliases = entry.get("aliases", [])
        if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
            yield f"{name}: aliases must be a list of headings"


def _merged(raw: Mapping[str, Any]) -> tuple[tuple[Section, ...], list[str]]:
    """The sections in their order, and what is wrong. Without an order, only sections that there are can be changed."""
    known = {entry.name: entry for entry in BUILT_IN.entries}
    own = {entry["name"]: entry for entry in raw.get("section", [])}
    order = raw.get("order", list(known))
    faults = [f"{name} stands twice" for name, count in Counter(entry["name"] for entry in raw.get("section", [])).items() if count > 1]
    faults += [f"order names {name} twice" for name, count in Counter(order).items() if count > 1]
    if "order" in raw and not order:
        faults.append("order names no section")
    for name in own:
        if name not in order:
            where = "order does not name it" if "order" in raw else "a new one has to be named in order = […], with all others"
            faults.append(f"there is no section {name!r}{_near(name, order)}: {where}")
    for name in order:
        if name not in known and "instructions" not in own.get(name, {}):
            faults.append(
                f"order names {name!r}{_near(name, [*known, *own])}, of which there are no instructions: write a [[section]] for it"
            )
    if faults:
        return (), faults
    return tuple(_section(own.get(name, {}), known.get(name) or Section(name, (), "")) for name in order), []


def _section(own: Mapping[str, Any], before: Section) -> Section:
    return replace(
        before,
        aliases=tuple(own.get("aliases", before.aliases)),
        instructions=own.get("instructions", before.instructions).strip(),
    )


def _ambiguous(entries: tuple[Section, ...]) -> Iterator[str]:
    """Headings that would mean two sections."""
    meant: dict[str, str] = {}
    for entry in entries:
        for heading in (entry.name, *entry.aliases):
            other = meant.setdefault(Sections.plain(heading), entry.name)
            if other != entry.name:
                yield f"the heading {heading!r} means both {other} and {entry.name}"


def _near(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near and near[0] != name else ""
