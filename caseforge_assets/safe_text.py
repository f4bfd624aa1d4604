r"""Texts that others wrote (models, workbooks, providers), made safe for where they are shown or stored: the one place for every sink.

What all sinks share that show a text: a character that would steer whatever shows it (escape sequences, carriage returns, overrides of the writing direction) is shown as its
code, e.g. `\x1b`; one that nobody can see and nothing needs is left out. Letters of any script, line ends, tabs, and joined emoji stay as they are.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable

MAX_CELL_CHARACTERS = 32_767  # Excel's limit for a cell
# What Windows keeps for its devices, whatever ending follows (learn.microsoft.com/windows/win32/fileio/naming-a-file).
RESERVED_NAMES = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(1, 10))})
CUT_OFF = " … (cut off)"

# Control characters but for tab and line end; overrides, embeddings and isolates of direction: https://unicode.org/reports/tr9/#Directional_Formatting_Characters
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\u2028\u2029\x85]")
# Joiners are needed within emoji and by some scripts, tags within the flags that begin with a black one; alone, or among Latin letters, they only hide something.
_INVISIBLE = re.compile(
    "[\u200b\u200e\u200f\u061c\u180e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0100-\U000e01ef]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)
_NEEDED_BY_SCRIPT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")  # Hebrew, Arabic and their neighbours use marks of direction
_MARKS = "\u200e\u200f\u061c"
# One of these has to be there for anything above to happen.
_UNUSUAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_FORMULA_STARTS = "=+\\-@＝＋－＠﹢﹣﹦﹫−"
_FORMULA = re.compile(rf"^[\s\ufeff]*[{_FORMULA_STARTS}]|^[\t\r\n]")
# Other programs separate at these: what follows one of them would be a cell of its own.
_AFTER_SEPARATOR = re.compile(rf"([;\t\n|])([ ]*)(?=[{_FORMULA_STARTS}])")
_ESCAPED = re.compile(rf"([;\t\n|][ ]*)'(?=[{_FORMULA_STARTS}])")
_LIST_ITEM = re.compile(r"[-+−] (?![^\n]*(?:[|!=;\t]|\w\())")  # nothing in it that a formula could do harm with

_LINKS = (("](", "]\\("), ("][", "]\\["), ("]:", "]\\:"), ("![", "!\\["))
_MARKDOWN = re.compile(r"([\\`\[\]|])")  # a star can only make a text slanted
_MENTIONS = re.compile(r"@(?=(?:everyone|channel|here|all)\b)", re.IGNORECASE)


def plain_text(text: str) -> str:
    """A text for a terminal, or for whatever else shows characters as they are; with it every other sink begins."""
    if (text.isascii() and text.isprintable()) or _UNUSUAL.search(text) is None:  # as nearly all are, and a page shows thousands
        return text
    lines = _LINE_ENDS.sub("\n", text)
    marks = _NEEDED_BY_SCRIPT.search(lines) is not None
    seen = _INVISIBLE.sub(lambda match: match[0] if marks and match[0] in _MARKS else "", lines)
    return show_codes(seen)


def show_codes(text: str) -> str:
    """A piece of a text, in which what steers is shown as its code."""
    return _STEERING.sub(lambda match: _code(match[0]), text)


def one_line(text: str) -> str:
    """The same on one line."""
    return " ".join(plain_text(text).split())


def json_text(dumped: str) -> str:
    """JSON that was made already, in which every character that steers or hides is escaped: it means the same, and can be looked at."""
    return _ESCAPED_IN_JSON.sub(_json_escape, dumped)


def replace_unstorable(text: str) -> str:
    """A text for the database: NUL, which PostgreSQL refuses, and lone surrogates, which UTF-8 does, are U+FFFD; the same string where there are none."""
    if "\x00" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _UNSTORABLE.sub("\ufffd", text)


def spreadsheet_cell(value: object) -> object:
    """A value that a spreadsheet shows and never computes; texts over Excel's limit are cut and say so."""
    if not isinstance(value, str):
        return value
    text = plain_text(value)
    text = f"'{text}" if _FORMULA.match(text) else text
    return text if len(text) <= MAX_CELL_CHARACTERS else text[: MAX_CELL_CHARACTERS - len(CUT_OFF)] + CUT_OFF


def csv_cell(value: object) -> object:
    """The same for a table of text, which may be opened where something else than the comma separates: no part of it begins like a formula."""
    if not isinstance(value, str):
        return value
    cell = str(spreadsheet_cell(value))
    return str(spreadsheet_cell(_AFTER_SEPARATOR.sub(lambda match: _separated(match, cell), cell)))


def live_csv_cell(text: str) -> str:
    """Gives what somebody wrote into a cell that `csv_cell` made, but for an apostrophe at its beginning."""
    return _ESCAPED.sub(r"\1", text)


def safe_markdown(text: str) -> str:
    """Markdown with its headings, lists and tables; HTML, links and images in it are shown as text, quotes and apostrophes stay readable."""
    safe = html.escape(plain_text(text), quote=False).replace("&gt; ", "> ").replace("&amp;", "&")
    for live, shown in _LINKS:
        safe = safe.replace(live, shown)
    return safe


def live_markdown(text: str) -> str:
    """Gives what somebody wrote into a text that `safe_markdown` made: its escapes are taken back."""
    for live, shown in reversed(_LINKS):
        text = text.replace(shown, live)
    return text.replace("&lt;", "<").replace("&gt;", ">")


def lines_of(text: str) -> list[str]:
    """The lines of a text, whichever way they end."""
    return _LINE_ENDS.sub("\n", text).replace("\r", "\n").split("\n")


def link_text(text: str) -> str:
    """A text within a line of markdown, such as a table's cell or what stands between the brackets of a link: no character of it is markup."""
    return html.escape(_MARKDOWN.sub(r"\\\1", one_line(text)), quote=False).replace("&amp;", "&")


def message_text(text: str) -> str:
    """A text for mail and chats, each of which takes something else for markup: no tags, no links with another text, nobody called by name."""
    plain = plain_text(text).replace("<", "‹").replace(">", "›").replace("](", "] (")
    return _MENTIONS.sub("@ ", plain)


def file_name(text: str) -> str:
    """A text as a file name on any system: letters, digits, dot, dash and underscore, at most 80 characters, and none that a system keeps for itself."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80].rstrip("-.") or "node"
    return f"_{name}" if name.partition(".")[0].lower() in RESERVED_NAMES else name


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """File names for texts, each another one on systems that do not tell large letters from small ones, too; the first has the plain one."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        name = file_name(text)
        if name.lower() in taken:
            name = f"{name[:70]}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        names[text] = name
        taken.add(name.lower())
    return names


_ESCAPED_IN_JSON = re.compile(f"{_STEERING.pattern}|[\u2028\u2029]|{_INVISIBLE.pattern}")


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _separated(match: re.Match[str], cell: str) -> str:
    harmless = (match[1] == "\n" and _LIST_ITEM.match(cell, match.end())) or cell.startswith("--", match.end())
    return match[0] if harmless else f"{match[1]}{match[2]}'"
