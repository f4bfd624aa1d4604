"""Exports of the kinds that people open, from contents that were made: whole, atomic, and with what was decided of them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import docx
import openpyxl
import pandas
import pptx
import pytest

from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.commands.editing.edit_content import ContentOf, Taken, edit_content
from caseforge_assets.commands.exporting.export_contents import WRITERS, Exported, export_contents
from caseforge_assets.commands.gathering.choose_contents import Selection
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench


def export(bench: Workbench, target: Path, kind: str, *, quietly: bool = False, **options: object) -> Exported:
    with bench.store.connect() as connection:
        return export_contents(connection, bench.stages, KEY, target, kind, Selection(**options), quietly=quietly)  # type: ignore[arg-type]


@pytest.mark.slow
def test_all_kinds_of_what_was_made(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    made.given("1.1.1", "2.1.1")
    (chosen,) = made.column("select id from caseforge.candidate where candidate_uid = '1.1.1-UC02'")
    with made.store.begin() as connection:
        decided = Change(UseCaseStatus.shortlisted, owner="Ada", review_on=date(2027, 1, 31), tags=("pilot",))
        decide_use_cases(connection, {chosen: decided}, by="Ada")

    export(made, tmp_path / "out.xlsx", "xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert workbook.sheetnames == ["Decide", "Processes", "candidates", "documents", "costs"]
    head, *rows = workbook["Decide"].iter_rows(values_only=True)
    by_uid = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert len(by_uid) == made.column("select count(*) from caseforge.candidate")[0]
    one = by_uid["1.1.1-UC02"]
    assert (one["Status"], one["Owner"], one["Tags"], one["Level 2"]) == ("Shortlisted", "Ada", "pilot", "1.1 Win customers")
    assert one["Written by"].endswith("(simulated)")
    assert re.fullmatch(r"\$0\.\d{4} \(simulated\)", one["Cost"]), "its share of what the content would have cost"
    priorities = [row["Priority"] for row in by_uid.values()]
    assert priorities == sorted(priorities, reverse=True)

    export(made, tmp_path / "one.docx", "docx", nodes="1.1.1")
    styles = [line.style.name for line in docx.Document(str(tmp_path / "one.docx")).paragraphs]
    assert (styles.count("Title"), "Contents" in styles) == (2, False)
    export(made, tmp_path / "book.docx", "docx")
    said = [line.text for line in docx.Document(str(tmp_path / "book.docx")).paragraphs]
    assert said[0] == "shop"
    assert {"1 Sell", "1.1 Win customers", "1.1.1 Process Details - Advertise", "2.1.1 Use Cases - Take in bicycles"} <= set(said)

    written = export(made, tmp_path / "deck.pptx", "pptx", nodes="1.1.1")
    assert len(pptx.Presentation(str(tmp_path / "deck.pptx")).slides) == written.candidates + 4

    export(made, tmp_path / "steps.bpmn", "bpmn", nodes="1.1.1")
    assert "Process_1.1.1" in (tmp_path / "steps.bpmn").read_text()
    export(made, tmp_path / "diagrams", "bpmn")
    assert sorted(path.name for path in (tmp_path / "diagrams").iterdir()) == ["1.1.1-process_details.bpmn", "2.1.1-process_details.bpmn"]
    with pytest.raises(ValueError, match="shows the steps of one document, and 2 are meant"):
        export(made, tmp_path / "both.bpmn", "bpmn")
    with made.store.begin() as connection:
        edit_content(connection, made.project, ContentOf(KEY, made.ids("1.1.1")[0], PROCESS), Taken("No steps.", ()), by="Ada", anyway=True)
    with pytest.raises(ValueError, match=r"the document of 1\.1\.1 has no numbered steps"):
        export(made, tmp_path / "none.bpmn", "bpmn", nodes="1.1.1")

    export(made, tmp_path / "out.parquet", "parquet")
    frame = pandas.read_parquet(tmp_path / "out.parquet")
    assert set(frame["candidate_uid"]) == set(by_uid)
    assert list(pandas.read_parquet(tmp_path / "out-documents.parquet")["code"]) == ["1.1.1", "2.1.1"]
    export(made, tmp_path / "out.md", "md")
    text = (tmp_path / "out.md").read_text()
    assert "# 1 Sell\n\n## 1.1 Win customers\n\n### 1.1.1 Process Details - Advertise\n" in text
    assert not list(tmp_path.glob("*.part"))


def test_nothing_to_hand_on(bench: OpenBench, tmp_path: Path) -> None:
    made = bench()
    assert set(WRITERS) == set(KINDS)
    for kind in KINDS:
        _nothing(made, tmp_path / f"out{KINDS[kind].ending}", kind)


def _nothing(made: Workbench, target: Path, kind: str) -> None:
    if kind in ("pptx", "bpmn"):
        with pytest.raises(ValueError, match="none is meant"):
            export(made, target, kind)
        assert not target.exists()
    else:
        assert export(made, target, kind) == Exported(0, 0)
        assert target.exists()
