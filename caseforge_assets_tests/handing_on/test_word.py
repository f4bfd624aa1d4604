"""Word documents, opened again: headings that are headings, lists that begin anew, tables, and where everything is from."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import docx

from caseforge_assets.handing_on.records import SIMULATED, Book
from caseforge_assets.handing_on.word.word import write_word
from caseforge_assets_tests.handing_on.samples import DOCUMENT, HOSTILE, book, page, source


def opened(of: Book) -> tuple[Any, str]:
    file = io.BytesIO()
    write_word(file, of)
    with zipfile.ZipFile(file) as archive:
        return docx.Document(file), archive.read("word/document.xml").decode()


def lines(document: Any) -> list[tuple[str, str]]:
    return [(line.style.name, line.text) for line in document.paragraphs if line.text]


def test_a_single_document() -> None:
    document, xml = opened(book(page(source=source(simulated=True)), is_one=True))
    said = lines(document)
    assert said[0] == ("Title", "Process Details - Take in bicycles")
    assert ("Mark", SIMULATED) in said
    assert [text for style, text in said if style == "Heading 1"] == [
        "Overview",
        "Process Steps",
        "Roles and Responsibilities",
        "Performance Metrics",
        "Where this is from",
    ]
    assert "TOC" not in xml
    roles, provenance = document.tables
    assert [[cell.text for cell in row.cells] for row in roles.rows] == [
        ["Role", "Decides"],
        ["Clerk", "Order of work"],
        ["Mechanic", "parts"],
    ]
    facts = dict([cell.text for cell in row.cells] for row in provenance.rows)
    assert (facts["Model"], facts["Made on"], facts["Simulated"], facts["Edition"]) == ("gpt-5", "2026-11-03", "yes", "7.4")
    assert "simulated: what it would have cost" in facts["Cost"]
    assert document.sections[0].header.paragraphs[0].text == "Shop · 2026-11-29\tSIMULATED"
    assert [run.bold for line in document.paragraphs if "bicycles" in line.text for run in line.runs if run.text == "bicycles"] == [True]


def test_lists_are_numbered_anew_and_nested() -> None:
    document, _ = opened(book(page(body=DOCUMENT), is_one=True))
    numbered = {line.text: line._p.pPr.numPr for line in document.paragraphs if line._p.pPr is not None and line._p.pPr.numPr is not None}
    first, other = numbered["Greet the rider. The clerk asks what is wrong."], numbered["Another list"]
    assert first.numId.val != other.numId.val
    assert (first.ilvl.val, numbered["Electric bicycles"].ilvl.val, numbered["Battery"].ilvl.val) == (0, 1, 2)
    assert numbered["Hand the bicycle to the mechanic"].numId.val == first.numId.val


def test_a_book_has_a_title_page_contents_and_the_tree_as_headings() -> None:
    document, xml = opened(book(about=["Selected: nodes 2.*."]))
    said = lines(document)
    assert said[:2] == [("Title", "2 Repair"), ("Subtitle", "Shop, edition 7.4")]
    assert ("Normal", "Selected: nodes 2.*.") in said
    contents = [text for style, text in said if style == "Contents"]
    headings = [(style, text) for style, text in said if style.startswith("Heading")]
    assert [text for _, text in headings if text in contents] == [text for text in contents if text]
    assert ("Heading 2", "2.1 Run the workshop") in headings
    assert ("Heading 3", "2.1.1 Process Details - Take in bicycles") in headings
    assert ("Heading 4", "Process Steps") in headings
    assert 'TOC \\o "1-3"' in xml
    assert len(re.findall('w:fldCharType="begin"', xml)) == len(re.findall('w:fldCharType="end"', xml)) == 1
    marks = set(re.findall(r'<w:bookmarkStart[^>]*w:name="([^"]+)"', xml))
    assert set(re.findall(r'<w:hyperlink w:anchor="([^"]+)"', xml)) == marks
    assert [cell.text for cell in document.tables[-1].rows[0].cells] == ["Code", "Document", "Written by", "On", "Quality", "Cost"]
    assert [row.cells[5].text for row in document.tables[-1].rows[1:]] == ["$0.0123", "$0.0123"]
    assert len(document.tables[-1].rows) == 3


def test_hostile_texts_are_texts() -> None:
    hostile = page(body=f"# {HOSTILE}\n\n{HOSTILE}\n\n| a |\n|---|\n| {HOSTILE} |", source=source(made_by=HOSTILE, model=HOSTILE))
    for written in (book(hostile, is_one=True), Book(HOSTILE, HOSTILE, HOSTILE, book().made_on, (hostile,), (HOSTILE,))):
        document, xml = opened(written)
        assert "<script>" not in xml
        assert any("<script>alert(1)</script>" in line.text for line in document.paragraphs)
        assert len(document.core_properties.title) <= 255
