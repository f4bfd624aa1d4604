"""Texts from models and frameworks, made safe for where they are shown: spreadsheet cells, markdown, file names."""

from __future__ import annotations

import html
import re

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MAX_CELL_CHARACTERS = 32_767  # Excel's limit for a cell


def spreadsheet_cell(value: object) -> object:
    """A value that a spreadsheet shows and never computes; texts over Excel's limit are cut and say so."""
    if not isinstance(value, str):
        return value
    text = f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return text if len(text) <= MAX_CELL_CHARACTERS else text[: MAX_CELL_CHARACTERS - 12] + " … (cut off)"


def safe_markdown(text: str) -> str:
    """Markdown in which HTML is shown as text; quotes and apostrophes stay readable."""
    return html.escape(text, quote=False).replace("&gt; ", "> ").replace("&amp;", "&")


def link_text(text: str) -> str:
    """A text between the brackets of a markdown link: on one line, without HTML, and with its own brackets escaped."""
    return safe_markdown(" ".join(text.split())).replace("[", "\\[").replace("]", "\\]")


def file_name(text: str) -> str:
    """A text as a file name on any system: letters, digits, dot, dash and underscore, at most 80 characters."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "node"
