"""Candidates that came whole, though not as JSON: as YAML, in tags, or under headings with a label before each text. Each has all its fields, or nothing is read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from caseforge_assets.stages.usecases.candidate_list import field_of, list_in
from caseforge_assets.stages.usecases.json_texts import read_pairs
from caseforge_assets.stages.usecases.record import FIELD_NAMES, LEAST_CANDIDATES

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)\w*[ \t]*\n?", re.MULTILINE)
_YAML_TITLE = re.compile(r"^[ \t]*(?:-[ \t]+)?['\"]?title['\"]?[ \t]*:", re.MULTILINE | re.IGNORECASE)
_TAGGED = re.compile(r"<(use[_-]?case|candidate|item)\b[^<>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAGGED_START = re.compile(r"<(?:use[_-]?case|candidate|item)\b[^<>]*>", re.IGNORECASE)
_FIELD = re.compile(r"<([a-zA-Z][\w-]*)>(.*?)</\1\s*>", re.DOTALL)
_HEADING = re.compile(
    r"^#{1,6}[ \t]+(?:(?:use case|candidate)\b[ \t]*)?(?:[^\w\n]{0,20}\d{1,2}[.):–—-]*[ \t]*)?[:–—-]?[ \t]*(\S[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_LABEL = re.compile(r"^[ \t]*(?:[-*+•][ \t]+)?(?:\*\*|__)?([^\W\d_][\w /-]{2,40}?)(?:\*\*|__)?[ \t]*:(?:\*\*|__)?[ \t]*", re.MULTILINE)


def written_otherwise(text: str) -> tuple[list[object], str] | None:
    """Read candidates in another form than JSON, with a note of which; None where there are none, or one of them lacks a field.

    Args:
        text: An answer that no token budget has cut.
    """
    plain = _FENCE.sub("", text)
    for name, read in _FORMS.items():
        found = list(read(plain))
        if len(found) >= LEAST_CANDIDATES and all(_is_whole(candidate) for candidate in found):
            return found, f"The candidates were written {name}, not as JSON."
    return None


def _is_whole(candidate: object) -> bool:
    return isinstance(candidate, dict) and {field_of(str(name)) for name in candidate} >= FIELD_NAMES


def _of_yaml(text: str) -> Iterator[object]:
    if len(_YAML_TITLE.findall(text)) < LEAST_CANDIDATES:
        return
    import yaml  # type: ignore[import-untyped]  # not at the top: few answers need it

    class WithoutAliases(yaml.BaseLoader):  # type: ignore[misc]
        def compose_node(self, parent: object, index: object) -> object:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("an alias may stand for any number of texts")
            return super().compose_node(parent, index)

    def value_of(node: object) -> object:
        if isinstance(node, yaml.MappingNode) and not node.flow_style:  # in braces it is JSON that is broken
            return read_pairs([(str(value_of(key)), value_of(part)) for key, part in node.value])
        if isinstance(node, yaml.SequenceNode):
            return [value_of(part) for part in node.value]
        return node.value if isinstance(node, yaml.ScalarNode) else None

    try:
        listed = list_in(value_of(yaml.compose(text, Loader=WithoutAliases)))
    except (yaml.YAMLError, RecursionError, TypeError):
        return
    yield from listed.candidates if listed else ()


def _of_tags(text: str) -> Iterator[object]:
    items = _TAGGED.findall(text)
    if not items or len(items) != len(_TAGGED_START.findall(text)):
        return
    for _, inner in items:
        yield read_pairs([(name, html.unescape(value).strip()) for name, value in _FIELD.findall(inner)])


def _of_headings(text: str) -> Iterator[object]:
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings), len(text)][1:]
    for heading, end in zip(headings, ends, strict=True):
        labels = [label for label in _LABEL.finditer(text, heading.end(), end) if field_of(label[1])]
        stops = [*(label.start() for label in labels), end][1:]
        fields = [(label[1], text[label.end() : stop].strip()) for label, stop in zip(labels, stops, strict=True)]
        if fields:
            yield read_pairs(
                [*(() if any(field_of(name) == "title" for name, _ in fields) else [("title", heading[1].rstrip(" \t#"))]), *fields]
            )


_FORMS: dict[str, Callable[[str], Iterator[object]]] = {"as YAML": _of_yaml, "in tags": _of_tags, "under headings": _of_headings}
