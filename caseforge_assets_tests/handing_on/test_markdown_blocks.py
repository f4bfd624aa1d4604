"""Markdown as blocks: nothing of a text is lost, and nothing of it is more than text."""

from __future__ import annotations

from caseforge_assets.handing_on.markdown_blocks import Code, Heading, Item, Paragraph, Run, Table, blocks, plain
from caseforge_assets_tests.handing_on.samples import DOCUMENT, HOSTILE


def test_lists_are_flat_and_know_how_deep_they_are_and_their_numbers() -> None:
    items = [(plain(block.runs), block.depth, block.number) for block in blocks(DOCUMENT) if isinstance(block, Item)]
    assert items == [
        ("Greet the rider. The clerk asks what is wrong.", 0, 1),
        ("Electric bicycles", 1, None),
        ("Battery", 2, 1),
        ("Motor", 2, 2),
        ("Others", 1, None),
        ("Note the fault: the clerk writes a ticket with the frame's number.", 0, 2),
        ("Hand the bicycle to the mechanic", 0, 3),
        ("Another list", 0, 1),
        ("begins anew", 0, 2),
    ]
    ordered = [block.list_id for block in blocks(DOCUMENT) if isinstance(block, Item) and block.depth == 0]
    assert len(set(ordered)) == 2
    assert [block.depth for block in blocks(DOCUMENT) if isinstance(block, Paragraph) and "second paragraph" in plain(block.runs)] == [1]


def test_looks_links_and_html() -> None:
    (line,) = [block for block in blocks(DOCUMENT) if isinstance(block, Paragraph)][:1]
    assert Run("bicycles", bold=True) in line.runs
    assert Run("notes", italic=True) in line.runs
    assert Run("wrong", code=True) in line.runs
    assert plain(line.runs).endswith("See the rules (https://example.org/rules) and <b>no HTML</b>.")
    assert plain(blocks("[](javascript:alert(1)) ![a](x.png) <https://e.org>")[0].runs) == "[](javascript:alert(1)) a (x.png) https://e.org"  # type: ignore[union-attr]


def test_tables_code_and_headings() -> None:
    read = blocks(DOCUMENT)
    table = next(block for block in read if isinstance(block, Table))
    assert [[plain(cell) for cell in row] for row in (table.header, *table.rows)] == [
        ["Role", "Decides"],
        ["Clerk", "Order of work"],
        ["Mechanic", "parts"],
    ]
    assert Code("a  b") in read
    assert [block.level for block in read if isinstance(block, Heading)] == [2, 2, 2, 2]


def test_what_steers_or_cannot_be_in_xml_is_shown_or_left_out() -> None:
    said = plain(blocks(HOSTILE)[0].runs)  # type: ignore[union-attr]
    assert "\\x1b[31m" in said
    assert not set(said) & set("\x00\x1b\ufffe\uffff\u202e")
    assert "<script>alert(1)</script>" in said
