"""Export, change, take back: only what a person wrote is kept, what they left alone is no edit, and nothing is half taken back."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content, take_back
from caseforge_assets.commands.editing.edit_workbook import ChangedCandidate, edit_workbook
from caseforge_assets.commands.editing.take_back_page import read_page
from caseforge_assets.commands.exporting.export_contents import export_contents
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

ODD = "Ask <the clerk>, see [the rules](https://example.org) and a | b &amp; c.\u00a0\n\n![x](y)\n\n> quoted\n\n\tindented & kept"
CURRENT = (
    "select body from caseforge.content c join caseforge.node n on n.id = c.node_id where is_current and stage = :stage and identity = 'c'"
)


@pytest.fixture
def made(bench: OpenBench) -> Workbench:
    opened = bench()
    opened.given("1.1.1", "1.1.2")
    return opened


def export(bench: Workbench, target: Path) -> Path:
    with bench.store.connect() as connection:
        export_contents(connection, bench.stages, KEY, target, "xlsx" if target.suffix else "markdown")
    return target


def page(bench: Workbench, folder: Path, stage: Stage = PROCESS) -> str:
    return (export(bench, folder) / stage.key / "1.1.1_c.md").read_text(encoding="utf-8")


def take(bench: Workbench, text: str, stage: Stage = PROCESS, code: str = "1.1.1", *, overwrite: bool = False) -> bool:
    """Takes a page back, as the command does; whether it was an edit."""
    (node_id,) = bench.ids(code)
    with bench.store.begin() as connection:
        taken = take_back(connection, node_id, stage, text, overwrite=overwrite)
        if taken is not None:
            edit_content(connection, bench.project, ContentOf(KEY, node_id, stage), taken, by="Ada", anyway=True)
    return taken is not None


def body(bench: Workbench, stage: Stage = PROCESS) -> str:
    return str(bench.column(CURRENT, stage=stage.key)[0])


UNTOUCHED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "other line ends": lambda text: text.replace("\n", "\r\n"),
    "old line ends": lambda text: text.replace("\n", "\r"),
    "blanks at the ends of lines": lambda text: text.replace("\n", "  \n"),
    "no blanks at the ends": lambda text: "\n".join(line.rstrip() for line in text.split("\n")).rstrip(),
    "lines at the end": lambda text: f"\n{text}\n\n\n",
    "a byte order mark": lambda text: f"\ufeff{text}",
    "a table laid out anew": lambda text: text.replace(
        "| Where this is from | |\n|---|---|", "| Where this is from |     |\n| ----------------- | --- |"
    ),
    "another rule": lambda text: text.replace("\n---\n", "\n***\n"),
    "without its table": lambda text: text[: text.index("---\n\n| Where this is from")],
    "without its head": lambda text: text.split("\n\n", 2)[2],
}


@pytest.mark.parametrize("how", UNTOUCHED)
def test_what_was_left_alone_is_no_edit(made: Workbench, tmp_path: Path, how: str) -> None:
    take(made, f"{body(made)}\n\n{ODD}")
    before = body(made)
    for stage in (PROCESS, USECASES):
        assert not take(made, UNTOUCHED[how](page(made, tmp_path / "out", stage)), stage)
    assert body(made) == before


def test_taking_back_removes_what_the_export_added_to_the_letter(made: Workbench, tmp_path: Path) -> None:
    take(made, f"{body(made)}\n\n{ODD}")
    before = body(made)
    for number in range(3):
        changed = page(made, tmp_path / "out").replace("## Overview\n", f"## Overview\n\nRound {number} by <Ada> & [Bo](b).\n", 1)
        assert take(made, changed.replace("\n", "\r\n") if number == 1 else changed)
        before = before.replace("## Overview\n", f"## Overview\n\nRound {number} by <Ada> & [Bo](b).\n", 1)
        assert body(made) == before
        assert page(made, tmp_path / "out").count("Where this is from") == 1


def test_a_table_that_was_stored_with_a_text_goes(made: Workbench, tmp_path: Path) -> None:
    exported = page(made, tmp_path / "out")
    frame = exported[exported.index("---\n\n| Where this is from") :]
    assert read_page(f"{exported}\n{frame}").text == read_page(exported).text
    below = f"{exported}\n\nAda adds this below."
    assert take(made, below)
    assert body(made).endswith("Ada adds this below.")
    assert "Where this is from" not in body(made)


def test_a_text_is_kept_as_it_was_written(made: Workbench) -> None:
    text = f"Ada begins with a word of her own.\n\n{body(made)}\n\nLet me know if you see it otherwise."
    assert take(made, text)
    assert body(made) == text.strip()


def test_a_page_of_another_node_is_refused(made: Workbench, tmp_path: Path) -> None:
    text = page(made, tmp_path / "out").replace("## Overview", "## Overview\n\nNew.", 1)
    with pytest.raises(ValueError, match=r"not one of this node's: it was exported from 1\.1\.1"):
        take(made, text, code="1.1.2")


def test_a_page_of_another_stage_says_which(made: Workbench, tmp_path: Path) -> None:
    text = page(made, tmp_path / "out").replace("## Overview", "## Overview\n\nNew.", 1)
    with pytest.raises(ValueError, match=r"is of the stage process_details of this node; say so with --stage process_details"):
        take(made, text, USECASES)


def test_what_came_since_the_export_is_not_overwritten_unasked(made: Workbench, tmp_path: Path) -> None:
    exported = page(made, tmp_path / "out")
    mine, theirs = (exported.replace("## Overview", f"## Overview\n\n{who} writes.", 1) for who in ("Ada", "Bo"))
    assert take(made, mine)
    assert not take(made, mine)
    assert not take(made, exported)
    with pytest.raises(ValueError, match="has changed since this page was exported"):
        take(made, theirs)
    assert "Ada writes." in body(made)
    assert take(made, theirs, overwrite=True)
    assert "Bo writes." in body(made)


def candidates(bench: Workbench, code: str = "1.1.1") -> list[tuple[str, dict[str, Any]]]:
    return bench.query(
        f"select title, fields from caseforge.candidate where is_current and candidate_uid like '{code}-%' order by position"
    )


def test_use_cases_are_changed_on_their_page(made: Workbench, tmp_path: Path) -> None:
    before = candidates(made)
    text = page(made, tmp_path / "out", USECASES)
    title = before[0][0]
    changed = text.replace(f"## 1. {title}", "## 1. Ask <the clerk> first", 1)
    changed = re.sub(r"complexity: \w+", "complexity: high", changed, count=1)
    changed = re.sub(r"risk: \w+", "risk: Low (now)", changed, count=1)
    changed = changed.replace("**Impact.**", "**Impact.** Ada says: [less](work).\n\n- Time\n- Cost\n\n", 1)
    assert take(made, changed, USECASES)
    after = candidates(made)
    assert after[0][0] == "Ask <the clerk> first"
    assert (after[0][1]["complexity_score"], after[0][1]["risk_level"]) == (3, "Low")
    assert after[0][1]["impact_assessment"].startswith("Ada says: [less](work).\n\n- Time\n- Cost")
    assert after[0][1]["description"] == before[0][1]["description"]
    assert after[1:] == before[1:]
    assert made.column(
        "select generated_by from caseforge.content where is_current and stage = 'usecases' and generated_by like 'edited%'"
    ) == ["edited by Ada"]
    assert not take(made, page(made, tmp_path / "out", USECASES), USECASES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("risk: ", "risk: Enormous or ", "candidate 1: risk_level is 'Enormous or"),
        ("**Timeline.**", "**When.**", "candidate 1: implementation_timeline is missing"),
        ("## 1. ", "### 1. ", "candidates"),
    ],
)
def test_a_page_of_use_cases_that_lacks_something_is_refused(made: Workbench, tmp_path: Path, old: str, new: str, said: str) -> None:
    before = candidates(made)
    text = page(made, tmp_path / "out", USECASES)
    if said == "candidates":
        text = text[: text.index("## 4. ")]
    with pytest.raises(ValueError, match=said):
        take(made, text.replace(old, new, 1), USECASES)
    assert candidates(made) == before


class Sheet:
    """The sheet of candidates of an exported workbook, to be changed."""

    def __init__(self, bench: Workbench, folder: Path) -> None:
        self.path = export(bench, folder / "portfolio.xlsx")
        self._book = load_workbook(self.path)
        self.cells = self._book["candidates"]
        self.columns = [cell.value for cell in self.cells[1]]

    def set(self, row: int, column: str, value: object) -> str:
        cell = self.cells.cell(row, self.columns.index(column) + 1, value)
        return str(cell.coordinate)

    def get(self, row: int, column: str) -> Any:
        return self.cells.cell(row, self.columns.index(column) + 1).value

    def take(self, bench: Workbench, *, overwrite: bool = False) -> list[ChangedCandidate]:
        self._book.save(self.path)
        with bench.store.begin() as connection:
            return edit_workbook(connection, bench.project, KEY, self.path, by="Ada", overwrite=overwrite)


def test_an_untouched_workbook_is_no_edit(made: Workbench, tmp_path: Path) -> None:
    made.change(
        "update caseforge.candidate set title = '=1+1', fields = jsonb_set(fields, '{impact_assessment}', '\"-2 | a\"') where position = 2"
    )
    before = made.column("select count(*) from caseforge.content")
    assert Sheet(made, tmp_path).take(made) == []
    assert made.column("select count(*) from caseforge.content") == before


def test_changed_rows_are_taken_back(made: Workbench, tmp_path: Path) -> None:
    sheet, before = Sheet(made, tmp_path), candidates(made)
    sheet.set(2, "title", "A better title")
    sheet.set(2, "complexity_score", "High")
    sheet.set(3, "complexity_score", 1)
    sheet.set(3, "category", "Analytics")
    sheet.set(4, "description", "Said anew.\nIn two lines.")
    sheet.cells.delete_rows(5)
    changed = sheet.take(made)
    assert [(change.row, change.uid, change.fields) for change in changed if change.uid != sheet.get(3, "candidate_uid")] == [
        (2, "1.1.1-UC01", ("title", "complexity_score") if before[0][1]["complexity_score"] != 3 else ("title",)),
        (4, "1.1.1-UC03", ("description",)),
    ]
    after = candidates(made)
    assert (after[0][0], after[0][1]["complexity_score"]) == ("A better title", 3)
    assert (after[1][1]["complexity_score"], after[1][1]["category"]) == (1, "analytics")
    assert after[2][1]["description"] == "Said anew.\nIn two lines."
    assert after[3:] == before[3:]
    assert sheet.take(made) == []


def test_all_that_is_wrong_is_told_with_its_cell_and_nothing_is_written(made: Workbench, tmp_path: Path) -> None:
    sheet, before = Sheet(made, tmp_path), (candidates(made), candidates(made, "1.1.2"))
    sheet.set(2, "title", "A better title")
    cells = [
        sheet.set(3, "risk_level", "Enormous"),
        sheet.set(4, "description", " "),
        sheet.set(5, "candidate_uid", "9.9.9-UC01"),
        sheet.set(6, "candidate_uid", sheet.get(2, "candidate_uid")),
    ]
    with pytest.raises(ValueError, match="nothing was taken back") as refused:
        sheet.take(made)
    assert all(f"{cell}: " in str(refused.value) for cell in cells)
    assert "there is no use case 9.9.9-UC01 now" in str(refused.value)
    assert (candidates(made), candidates(made, "1.1.2")) == before


def test_a_candidate_that_changed_since_the_export_is_a_conflict_and_its_neighbours_are_not(made: Workbench, tmp_path: Path) -> None:
    sheet = Sheet(made, tmp_path)
    take(made, page(made, tmp_path / "out", USECASES).replace("## 1. ", "## 1. Changed: ", 1), USECASES)
    sheet.set(3, "title", "Another second")
    assert [edited.uid for edited in sheet.take(made)] == ["1.1.1-UC02"]
    assert [title.split(":")[0] for title, _ in candidates(made)[:2]] == ["Changed", "Another second"]
    sheet.set(2, "title", "Another first")
    with pytest.raises(ValueError, match=r"1\.1\.1-UC01 has changed since the export"):
        sheet.take(made)
    sheet.take(made, overwrite=True)
    assert candidates(made)[0][0] == "Another first"


def test_an_export_of_all_in_one_text_is_no_page(made: Workbench, tmp_path: Path) -> None:
    with made.store.connect() as connection:
        export_contents(connection, made.stages, KEY, tmp_path / "all.md", "md")
    text, before = (tmp_path / "all.md").read_text(encoding="utf-8"), body(made)
    for handed_in in (text, text.replace("\n", "\r\n")):
        with pytest.raises(ValueError, match="change a page of a folder"):
            take(made, handed_in)
    assert body(made) == before


ODD_CELLS = "update caseforge.candidate set title = '=1+1', fields = jsonb_set(fields, '{impact_assessment}', '\"-2; =3 | a\\n@x\"') where position = 2"


def table_of_text(
    bench: Workbench, folder: Path, separator: str, encoding: str
) -> tuple[list[dict[str, str]], Callable[[], list[ChangedCandidate]]]:
    """The candidates as a table of text, and what saves and takes it back as a spreadsheet of some country would."""
    path = folder / "portfolio.csv"
    with bench.store.connect() as connection:
        export_contents(connection, bench.stages, KEY, path, "csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    def taken() -> list[ChangedCandidate]:
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
            writer.writeheader()
            writer.writerows(rows)
        with bench.store.begin() as connection:
            return edit_workbook(connection, bench.project, KEY, path, by="Ada")

    return rows, taken


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8-sig"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_a_table_of_text_comes_back_like_a_workbook(made: Workbench, tmp_path: Path, separator: str, encoding: str) -> None:
    made.change(ODD_CELLS)
    before = candidates(made)
    rows, take_table = table_of_text(made, tmp_path, separator, encoding)
    assert take_table() == []
    rows[0]["title"], rows[0]["complexity_score"] = "Größer; =2+2", "High"
    rows[1]["impact_assessment"] += "\nSaid by Ada."
    rows[3]["description"] = rows[3]["description"].replace(" ", "  ", 1).replace("  ", " ", 1) + "  "
    assert {one.uid for one in take_table()} == {"1.1.1-UC01", "1.1.1-UC02"}
    after = candidates(made)
    assert (after[0][0], after[0][1]["complexity_score"]) == ("Größer; =2+2", 3)
    assert (after[1][0], after[1][1]["impact_assessment"]) == ("=1+1", "-2; =3 | a\n@x\nSaid by Ada.")
    assert after[2:] == before[2:]
    assert take_table() == []


def test_an_amount_of_nothing_is_a_plain_number_in_a_table_of_text(made: Workbench, tmp_path: Path) -> None:
    rows, take_table = table_of_text(made, tmp_path, ",", "utf-8")
    rows[0]["title"] = "A better title"
    assert take_table()
    again, _ = table_of_text(made, tmp_path, ",", "utf-8")
    assert next(float(row["cost_usd"]) for row in again if row["generated_by"] == "edited by Ada") == 0
    assert not any("E" in row["cost_usd"] for row in again)


@pytest.mark.parametrize("kind", ["text", "other sheets", "no columns"])
def test_what_is_no_such_workbook_is_named(made: Workbench, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "book.xlsx"
    if kind == "text":
        path.write_text("title\n")
    else:
        sheet = Sheet(made, tmp_path)
        if kind == "other sheets":
            sheet.cells.title = "mine"
        else:
            sheet.set(1, "version", "Fassung")
        sheet._book.save(path)
    with pytest.raises(ValueError, match=r"book\.xlsx"), made.store.begin() as connection:
        edit_workbook(connection, made.project, KEY, path, by="Ada")


def test_a_short_row_of_a_table_of_text_is_named(made: Workbench, tmp_path: Path) -> None:
    path, before = tmp_path / "portfolio.csv", candidates(made)
    with made.store.connect() as connection:
        export_contents(connection, made.stages, KEY, path, "csv")
    text = path.read_text(encoding="utf-8-sig")
    for added, said in (("\n\n", ""), ("a note of mine\n", r"there is no use case \(blank\) now"), (" , ,\n", "")):
        path.write_text(text + added, encoding="utf-8")
        with made.store.begin() as connection:
            if not said:
                assert edit_workbook(connection, made.project, KEY, path, by="Ada") == []
                continue
            with pytest.raises(ValueError, match=said):
                edit_workbook(connection, made.project, KEY, path, by="Ada")
    assert candidates(made) == before
