"""Texts of others, in each place where they are shown: nothing in them is obeyed, and what is meant for people looks as it did."""

from __future__ import annotations

import io
import json
import logging
import re
import unicodedata

import pytest
from rich.markdown import Markdown
from rich.table import Table

from caseforge_assets import safe_text
from caseforge_assets.cli.shared.console import SafeConsole
from caseforge_assets.event_log import EventFormatter, log_event
from caseforge_assets.safe_text import (
    csv_cell,
    file_name,
    file_names,
    json_text,
    link_text,
    message_text,
    plain_text,
    safe_markdown,
    spreadsheet_cell,
)

LEGIT = "Größe\n\t– “quoted” 12 °C · résumé · 工程 · עברית\u200f! · مرحبا · می\u200cخواهم · 👩\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ✔️ e\u0301"
STEERING = [
    "\x1b[31mred",
    "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x90",
    "good\rbad",
    "a\x08b",
    "a\x7f",
    "x\u202egnp.exe",
    "\u2066a\u2069",
    "a\x00b",
    "\x0b\x0c",
    "\ud800",
]
HIDING = ["ad\u200bmin", "pay\u200dpal", "a\u2060b", "\ufeffx", "a\U000e0041\U000e0042b", "a\u200eb", "x\U000e0100", "soft\u180e"]


def steers(text: str) -> bool:
    return any(
        (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t")
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
        for character in text
    )


def test_what_is_meant_for_people_stays_as_it_is() -> None:
    assert plain_text(LEGIT) == LEGIT
    assert plain_text("a\r\nb\u2028c") == "a\nb\nc"
    assert spreadsheet_cell(LEGIT) == csv_cell(LEGIT) == safe_markdown(LEGIT) == message_text(LEGIT) == LEGIT


def test_what_is_taken_as_it_is_holds_nothing_to_be_changed() -> None:
    usual = safe_text._UNUSUAL.sub("", "".join(map(chr, range(0x110000))))
    assert len(usual) > 1_110_000
    for pattern in (safe_text._STEERING, safe_text._LINE_ENDS, safe_text._INVISIBLE):
        assert pattern.search(usual) is None


@pytest.mark.parametrize("text", STEERING)
def test_what_steers_is_shown_as_its_code(text: str) -> None:
    for shown in (
        plain_text(text),
        str(spreadsheet_cell(text)),
        str(csv_cell(text)),
        safe_markdown(text),
        link_text(text),
        message_text(text),
    ):
        assert not steers(shown)
        assert "\\" in shown
    dumped = json_text(json.dumps({"a": text}, ensure_ascii=False))
    assert not steers(dumped)
    assert json.loads(dumped) == {"a": text}


@pytest.mark.parametrize("text", HIDING)
def test_what_nobody_sees_and_nothing_needs_is_left_out(text: str) -> None:
    assert plain_text(text) == "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Mn"))
    dumped = json_text(json.dumps(text, ensure_ascii=False))
    assert dumped.isascii()
    assert json.loads(dumped) == text


@pytest.mark.parametrize(
    "text", [*STEERING, *HIDING, "[red]markup[/red] [link=http://evil]x[/link]", "[x](javascript:alert(1)) [y](http://evil)"]
)
@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_gets_no_code_but_those_of_the_command_line(text: str, terminal: bool) -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=terminal, highlight=False, markup=False, emoji=False, width=100, color_system="standard")
    table = Table("Name", title=text)
    table.add_row(text)
    for shown in (text, table, Markdown(plain_text(text), hyperlinks=False)):
        console.print(shown, style="red")
    console.rule(text)
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())  # those of the command line
    assert not steers(without_colours)
    if "\x1b" in text:
        assert without_colours.count(plain_text(text).partition("\n")[0]) >= 3


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "\u200b=1",
        "\ufeff=1",
        "−1+1",
        '=HYPERLINK("http://evil")',
    ],
)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    for cell in (str(spreadsheet_cell(text)), str(csv_cell(text))):
        assert cell.startswith(("'", "\\x0d"))


@pytest.mark.parametrize("separator", [";", "\t", "\n", "|", "\r\n", "; ", "\n  "])
@pytest.mark.parametrize("formula", ["=1+1", "+cmd()", "-2", "@x", "＝1+1", "- SUM(A1)"])
def test_no_part_of_a_cell_begins_as_a_formula_where_something_else_separates(separator: str, formula: str) -> None:
    cell = str(csv_cell(f"Bill{separator}{formula}"))
    parts = [part.strip(" ") for part in re.split("[;\t\n|]", cell)]
    assert parts[0] == "Bill"
    assert parts[1] == f"'{formula}"


@pytest.mark.parametrize(
    "text", ["Steps:\n- take it in\n- hand it back (later)", "| a | b |\n|---|---|\n| x | y |", "one; two", "A -> B; C", "- a list"]
)
def test_lists_and_tables_in_cells_keep_their_look(text: str) -> None:
    assert str(csv_cell(text)).removeprefix("'") == text


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "![x](http://evil/pixel.png)",
        "[![x](http://evil/p.png)](javascript:1)",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "> - [x]: javascript:alert(1)\n\n[x]",
        "[a\nb]: javascript:alert(1)\n\n[a\nb][]",
        "<javascript:alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x\\\\](javascript:alert(1))",
        "\\[x\\](javascript:alert(1))",
        "![x][1]\n\n[1]: http://evil/p.png",
        "[x](<javascript:alert(1)>)",
    ],
)
def test_markdown_has_no_link_image_or_html_in_it(text: str) -> None:
    from markdown_it import MarkdownIt

    for shown in (safe_markdown(text), f"*{link_text(text)}*", f"[{link_text(text)}](page.md)", f"| {link_text(text)} |"):
        page = MarkdownIt("commonmark").enable("table").render(shown)
        assert not re.search(r"<(?:img|script|a href=\"(?!page\.md))", page), (shown, page)


def test_markdown_keeps_what_documents_are_made_of() -> None:
    text = '# Title\n\n> quoted\n\n- [ ] R&D\'s "list" [optional] (see 1)\n\n| a | b |\n|---|---|\n| `x` | **y** |\n\n```\ncode\n```'
    assert safe_markdown(text) == text


def test_a_message_has_no_tag_no_masked_link_and_calls_nobody() -> None:
    said = message_text("<!channel> <http://evil|x> [x](http://evil) @everyone @Here anna@example.org")
    assert not re.search(r"[<>]|\]\(|@(?:everyone|here)", said, re.IGNORECASE)
    assert "anna@example.org" in said


class Kept(logging.Handler):
    """Keeps records to itself: pytest would show them, and cannot send every character from one process to another."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_log_line_steers_nothing(as_json: bool) -> None:
    kept, log = Kept(), logging.Logger("of its own", logging.INFO)
    log.addHandler(kept)
    for text in STEERING:
        log_event(log, "it failed", why=text)
        log.warning("odd: %s", text)
    assert len(kept.records) == 2 * len(STEERING)
    lines = [EventFormatter(as_json=as_json).format(record) for record in kept.records]
    assert not [line for line in lines if steers(line)]


@pytest.mark.parametrize("name", ["CON", "con", "nul", "Aux", "COM1", "lpt9", "PRN.1", "con.a.b"])
def test_no_file_has_a_name_that_a_system_keeps_for_itself(name: str) -> None:
    assert file_name(name) == f"_{name}"
    assert file_name(f"{name[0]}x{name}").startswith(f"{name[0]}x")


def test_file_names_differ_without_regard_to_large_letters_and_at_any_length() -> None:
    keys = ["A.1", "a.1", "A.1_b", "a.1_B", "CON", "con", "x" * 90 + "1", "x" * 90 + "2", "é", "è", "a.1"]
    names = file_names(keys)
    assert list(names) == keys[:-1]
    assert len({name.lower() for name in names.values()}) == len(keys) - 1
    assert max(map(len, names.values())) <= 80
    assert (names["A.1"], names["CON"]) == ("A.1", "_CON")
    assert file_names(keys) == names
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) and not name.endswith(".") for name in names.values())
