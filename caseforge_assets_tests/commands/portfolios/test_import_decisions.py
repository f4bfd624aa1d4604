"""The sheet to decide on, sent back: what nobody changed changes nothing, what somebody changed is taken whole or not at all, and nobody's work is lost."""

from __future__ import annotations

import datetime
import multiprocessing
import os
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document
from docx.shared import Mm
from pptx import Presentation

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.commands.exporting.export_contents import export_contents
from caseforge_assets.commands.exporting.export_portfolio import export_portfolio
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.change_entries import take_from_portfolio
from caseforge_assets.commands.portfolios.import_decisions import Meanwhile, import_decisions
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets.commands.portfolios.review_decisions import Review, review_decisions
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.curating import entries
from caseforge_assets.store.database.engine import open_store
from caseforge_assets_tests.commands.curating.killing import die_at
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, USECASES, OpenBench, Workbench

ADA = Caller("ada", (Grant(Role.admin),))
BEN = Caller("ben", (Grant(Role.reader, KEY),))


class Sheet:
    """The sheet to decide on, to be changed as a person does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.cells = self.book["Decide"]
        self.columns = [cell.value for cell in self.cells[1]]

    def set(self, uid: str, **values: Any) -> None:
        """Writes into the cells of a use case, by column (`Review_on` is `Review on`)."""
        row = next(row for row in self.cells.iter_rows(min_row=2) if row[0].value == uid)
        for name, value in values.items():
            row[self.columns.index(name.replace("_", " "))].value = value

    def saved(self) -> Path:
        self.book.save(self.path)
        return self.path


def exported(bench: Workbench, folder: Path, name: str = "out.xlsx") -> Sheet:
    with bench.store.connect() as connection:
        export_contents(connection, bench.stages, KEY, folder / name, "xlsx")
    return Sheet(folder / name)


def review(bench: Workbench, path: Path, caller: Caller = ADA) -> Review:
    with bench.store.connect() as connection:
        return review_decisions(connection, caller, path)


def take(bench: Workbench, path: Path, meanwhile: Meanwhile = Meanwhile.refuse, caller: Caller = ADA) -> list[str]:
    with bench.store.begin() as connection:
        return [change.use_case.uid for change in import_decisions(connection, caller, path, meanwhile).changes]


def stored(bench: Workbench) -> list[tuple[Any, ...]]:
    return bench.query("""
    select k.candidate_uid, u.status, u.reason, u.owner, u.review_on, u.tags from caseforge.use_case u
    join caseforge.candidate k on k.id = u.candidate_id order by 1
    """)


def decide(bench: Workbench, uid: str, change: Change, by: str = "ben") -> None:
    (chosen,) = bench.column("select id from caseforge.candidate where candidate_uid = :uid and is_current", uid=uid)
    with bench.store.begin() as connection:
        decide_use_cases(connection, {chosen: change}, by=by)


DAY = datetime.date(2027, 1, 31)


def test_the_round_trip(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1")
    hard = Change(UseCaseStatus.rejected, reason="=1+1;\r\n -2 | a  \n\nEnd", owner="@Ada", review_on=DAY, tags=("=x", "2027"))
    decide(made, "1.1.1-UC01", hard)
    sheet = exported(made, tmp_path)
    for path in (sheet.path, sheet.saved()):
        untouched = review(made, path)
        assert (untouched.changes, untouched.conflicts, untouched.problems) == ([], [], [])
        assert untouched.rows == made.column("select count(*) from caseforge.candidate")[0]
        assert take(made, path) == []
    before = stored(made)
    assert before[0] == ("1.1.1-UC01", "rejected", "=1+1;\r\n -2 | a  \n\nEnd", "@Ada", DAY, ["=x", "2027"])

    sheet.set("1.1.1-UC02", Status="in delivery", Owner=" Ada  L. ", Review_on=datetime.datetime(2027, 3, 1), Tags="pilot; Pilot,2027")
    sheet.set("1.1.1-UC03", Review_on="2027-04-01", Tags=2027, Reason="Later.")
    sheet.set("1.1.1-UC01", Status="Live", Review_on=None, Tags=None)
    said = review(made, sheet.saved())
    assert [change.row for change in said.changes] == sorted(change.row for change in said.changes)
    assert any(
        "status: Idea → In delivery; owner: – → Ada L.; review date: – → 2027-03-01; tags: – → pilot, 2027" in change.in_words()
        for change in said.changes
    )
    assert stored(made) == before
    assert sorted(take(made, sheet.path)) == ["1.1.1-UC01", "1.1.1-UC02", "1.1.1-UC03"]
    assert stored(made) == [
        ("1.1.1-UC01", "live", "=1+1;\r\n -2 | a  \n\nEnd", "@Ada", None, []),
        ("1.1.1-UC02", "in_delivery", "", "Ada L.", datetime.date(2027, 3, 1), ["pilot", "2027"]),
        ("1.1.1-UC03", "idea", "Later.", "", datetime.date(2027, 4, 1), ["2027"]),
    ]
    assert take(made, sheet.path) == []
    assert made.column("select count(*) from caseforge.audit_entry where actor = 'ada' and action = 'usecase.decided'") == [3]
    assert made.column("select count(*) from caseforge.event where kind = 'usecase.decided' and data ->> 'by' = 'ada'") == [3]


def test_what_is_wrong_is_told_with_its_cell_and_nothing_is_taken(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1")
    sheet = exported(made, tmp_path)
    hidden = sheet.columns.index("as exported") + 1
    sheet.set("1.1.1-UC01", Owner="Ada")
    sheet.set("1.1.1-UC02", Status="Perhaps")
    sheet.set("1.1.1-UC03", Status="Rejected")
    sheet.set("1.1.1-UC04", Review_on="soon")
    sheet.set("1.1.1-UC05", Status=None)
    sheet.set("1.1.1-UC06", UID="1.1.1-UC99")
    sheet.cells.append(["new", "A new one"])
    last = sheet.cells.max_row
    sheet.cells.append([cell.value for cell in next(row for row in sheet.cells.iter_rows(min_row=2) if row[0].value == "1.1.1-UC01")])
    problems = "\n".join(review(made, sheet.saved()).problems)
    for said in (
        "'Perhaps' is no status; there are idea, shortlisted",
        "1.1.1-UC03: say why it is rejected",
        "'soon' is no date; write one such as 2027-01-31",
        "the status is blank",
        "the row is that of 1.1.1-UC06, and says 1.1.1-UC99",
        f"A{last}: new did not come from an export",
        f"A{last + 1}: 1.1.1-UC01 stands in row ",
    ):
        assert said in problems
    with pytest.raises(ValueError, match=r"nothing was taken from out\.xlsx\. Something in it cannot be taken:\n[A-Z]+\d+: "):
        take(made, sheet.path, Meanwhile.overwrite)
    assert stored(made) == []
    assert "that takes the role editor" in "\n".join(review(made, sheet.path, BEN).problems)
    sheet.cells.delete_cols(hidden)
    with pytest.raises(ValueError, match="the columns as exported are missing"):
        review(made, sheet.saved())
    (tmp_path / "text.xlsx").write_text("UID")
    with pytest.raises(ValueError, match=r"text\.xlsx cannot be read as an exported table: The file is not an Excel workbook"):
        review(made, tmp_path / "text.xlsx")


def test_two_people_lose_nothing_of_each_other(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1")
    sheet = exported(made, tmp_path)
    sheet.set("1.1.1-UC01", Owner="Ada")
    sheet.set("1.1.1-UC02", Status="Approved", Tags="mine")
    sheet.set("1.1.1-UC03", Status="Shortlisted")
    sheet.saved()
    decide(made, "1.1.1-UC01", Change(UseCaseStatus.shortlisted))
    decide(made, "1.1.1-UC02", Change(UseCaseStatus.live, owner="Ben"))
    decide(made, "1.1.1-UC03", Change(UseCaseStatus.shortlisted))
    (conflict,) = review(made, sheet.path).conflicts
    assert "ben has changed the status of 1.1.1-UC02 since the export: it is Live now, and you wrote Approved" in conflict
    with pytest.raises(ValueError, match="Somebody else has changed the same"):
        take(made, sheet.path)
    assert [row[3] for row in stored(made)] == ["", "Ben", ""]
    assert take(made, sheet.path, Meanwhile.keep) == ["1.1.1-UC01", "1.1.1-UC02"]
    assert [(row[1], row[3], row[5]) for row in stored(made)] == [
        ("shortlisted", "Ada", []),
        ("live", "Ben", ["mine"]),
        ("shortlisted", "", []),
    ]
    assert take(made, sheet.path, Meanwhile.overwrite) == ["1.1.1-UC02"]
    assert [row[1] for row in stored(made)] == ["shortlisted", "approved", "shortlisted"]


def test_decisions_go_on_with_edits_and_not_with_new_answers(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1")
    sheet = exported(made, tmp_path)
    for uid in ("1.1.1-UC01", "1.1.1-UC02"):
        sheet.set(uid, Status="Shortlisted")
    sheet.saved()
    version = made.column("select version from caseforge.content where stage = :stage and is_current", stage=USECASES.key)[0]
    with made.store.begin() as connection:
        edit_item(connection, made.project, KEY, "1.1.1-UC01", {"description": "Counts the stock at night."}, version=version, by="ben")
    assert take(made, sheet.path) == ["1.1.1-UC01", "1.1.1-UC02"]
    sheet.set("1.1.1-UC03", Status="Shortlisted")
    made.generate("1.1.1", stages=[USECASES], ask_again=True)
    made.change("update caseforge.candidate set title = 'Another: ' || title where is_current")  # the stand-in says the same again
    conflicts = review(made, sheet.saved()).conflicts
    assert sorted(text.split(" ")[0] for text in conflicts) == ["1.1.1-UC01", "1.1.1-UC02", "1.1.1-UC03"]
    assert "was made anew or rewritten since the export" in conflicts[0]


def test_a_portfolio_goes_out_and_its_notes_come_back(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1", "2.1.1")
    ids = made.column("select id from caseforge.candidate where position = 1 order by candidate_uid desc")
    with made.store.begin() as connection:
        number = make_portfolio(connection, ADA, "Pilots", description="What comes **first**.\n\n- a list").id
        add_to_portfolio(connection, ADA, number, ids)
        assert export_portfolio(connection, made.project, ADA, number, tmp_path / "pilots.xlsx") == (2, 0)
        assert export_portfolio(connection, made.project, ADA, number, tmp_path / "pilots.pptx") == (2, 0)
        with pytest.raises(ValueError, match=r"a portfolio is written as one of \.xlsx, \.docx, \.pptx"):
            export_portfolio(connection, made.project, ADA, number, tmp_path / "pilots.txt")
        assert export_portfolio(connection, made.project, ADA, number, tmp_path / "pilots.docx") == (2, 0)
        with pytest.raises(LookupError):
            export_portfolio(connection, made.project, BEN, number, tmp_path / "bens.xlsx")
    title_page = " ".join(
        shape.text_frame.text for shape in Presentation(str(tmp_path / "pilots.pptx")).slides[0].shapes if shape.has_text_frame
    )
    assert "What comes first." in title_page  # no marks of Markdown
    assert "• a list" in title_page
    glance = Document(str(tmp_path / "pilots.docx")).tables[0]
    assert glance.columns[0].width >= Mm(10)  # of hundreds of use cases, the numbers stay on a line
    sheet = Sheet(tmp_path / "pilots.xlsx")
    assert [row[0].value for row in sheet.cells.iter_rows(min_row=2)] == ["2.1.1-UC01", "1.1.1-UC01"]
    assert take(made, sheet.saved()) == []
    sheet.set("1.1.1-UC01", Note="First of all.", Owner="Ada")
    sheet.set("2.1.1-UC01", Note="-2")
    assert take(made, sheet.saved()) == ["2.1.1-UC01", "1.1.1-UC01"]
    with made.store.begin() as connection:
        places = entries.entry_places(connection, number)
        assert {entry.uid: entry.note for entry in places} == {"2.1.1-UC01": "-2", "1.1.1-UC01": "First of all."}
        take_from_portfolio(connection, ADA, number, [places[0].id])
    sheet.set("2.1.1-UC01", Note="Gone?")
    assert ["was taken out of the portfolio since the export" in text for text in review(made, sheet.saved()).conflicts] == [True]


def import_until_killed(url: str, path: Path, statements: int, killed: Event) -> None:
    """In a process of its own, which dies at one of the statements of an import."""
    with open_store(url).begin() as connection:
        die_at(connection, statements, killed)
        import_decisions(connection, ADA, path)
    os._exit(0)


@pytest.mark.slow
def test_a_kill_at_any_statement_of_an_import_leaves_nothing_of_it(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1")
    with made.store.begin() as connection:
        number = make_portfolio(connection, ADA, "Pilots").id
        add_to_portfolio(connection, ADA, number, made.column("select id from caseforge.candidate where position < 4 order by id"))
        export_portfolio(connection, made.project, ADA, number, tmp_path / "pilots.xlsx")
    sheet = Sheet(tmp_path / "pilots.xlsx")
    for place in (1, 2, 3):
        sheet.set(f"1.1.1-UC0{place}", Status="Approved", Note=f"Note {place}.", Tags="pilot")
    sheet.saved()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    tables = ("use_case", "portfolio", "portfolio_entry", "audit_entry", "event")
    query = f"select {', '.join(f'(select jsonb_agg(t) from caseforge.{table} t)' for table in tables)}"
    before, statements = made.query(query), 0
    while True:
        killed = processes.Event()
        arguments = (made.store.url.render_as_string(hide_password=False), sheet.path, statements, killed)
        child = processes.Process(target=import_until_killed, args=arguments)
        child.start()
        child.join(PATIENCE_S)
        if not killed.is_set():
            break
        assert made.query(query) == before, statements
        statements += 3
    assert statements > 10
    assert [row[1] for row in stored(made)] == ["approved"] * 3
    assert made.column("select note from caseforge.portfolio_entry order by position") == ["Note 1.", "Note 2.", "Note 3."]
    assert take(made, sheet.path) == []
