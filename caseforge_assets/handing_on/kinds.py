"""The kinds of files that are handed on: their endings, what programs call them, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        ending: How its name ends; empty for a folder.
        media_type: What it is called where files are sent.
        several: Whether it is several files, which are sent as one archive.
        what: What is in it, for people.
    """

    ending: str
    media_type: str
    what: str
    several: bool = False


KINDS: Mapping[str, Kind] = {
    "xlsx": Kind(".xlsx", f"{_OFFICE}.spreadsheetml.sheet", "a workbook: a sheet to decide on, the documents, where all is from"),
    "docx": Kind(".docx", f"{_OFFICE}.wordprocessingml.document", "a Word document; of several nodes a book with contents"),
    "pptx": Kind(
        ".pptx", f"{_OFFICE}.presentationml.presentation", "a deck: value against effort, the first ten, a page for each use case"
    ),
    "bpmn": Kind(".bpmn", "application/xml", "a BPMN 2.0 diagram of one document's process steps"),
    "md": Kind(".md", "text/markdown; charset=utf-8", "one markdown text"),
    "csv": Kind(".csv", "application/zip", "tables of text, a file each", several=True),
    "parquet": Kind(".parquet", "application/zip", "typed tables for programs, a file each", several=True),
    "jsonl": Kind(".jsonl", "application/x-ndjson", "a JSON record a line"),
    "markdown": Kind("", "application/zip", "a folder of markdown pages with an index", several=True),
}
KIND_BY_ENDING: Mapping[str, str] = {kind.ending: name for name, kind in KINDS.items() if kind.ending}
