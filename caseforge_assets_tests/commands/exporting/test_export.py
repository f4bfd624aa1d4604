"""Exports: what readers open, and nothing in it that their programs would execute."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from caseforge_assets.commands.exporting.export_contents import Exported, export_contents
from caseforge_assets.commands.gathering.choose_contents import Selection, say_selection
from caseforge_assets.stages.quality import RULES
from caseforge_assets_tests.workbench import KEY, SHOP, OpenBench, Workbench

DANGEROUS = ("=1+1", "+SUM(A1)", "-2", "@cmd", "\t=1", '=HYPERLINK("http://example.org")')
HTML = '# Overview\n\n<script>alert(1)</script> <img src=x onerror="alert(2)"> R&D > sales\n\n> a quotation'


def export(bench: Workbench, target: Path, kind: str, **options: object) -> Exported:
    with bench.store.connect() as connection:
        return export_contents(connection, bench.stages, KEY, target, kind, Selection(**options))  # type: ignore[arg-type]


@pytest.fixture
def made(bench: OpenBench) -> Workbench:
    opened = bench(batch_user_assignment="anna")
    opened.given("1.1.1", "2.1.1")
    return opened


def with_dangerous_texts(bench: Workbench) -> list[str]:
    ids = bench.column("select id from caseforge.candidate where is_current order by candidate_uid")
    for candidate_id, text in zip(ids, DANGEROUS, strict=False):
        bench.change("update caseforge.candidate set title = :text where id = :id", text=text, id=candidate_id)
    return [text for _, text in zip(ids, DANGEROUS, strict=False)]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_has_a_row_for_every_candidate_and_one_beside_it_for_every_document(made: Workbench, tmp_path: Path) -> None:
    written = export(made, tmp_path / "out.csv", "csv")
    candidates, documents = rows_of(tmp_path / "out.csv"), rows_of(tmp_path / "out-documents.csv")
    assert (written.documents, written.candidates) == (len(documents), len(candidates)) == (2, len(candidates))
    assert [row["candidate_uid"] for row in candidates] == made.column("select candidate_uid from caseforge.candidate order by 1")
    assert {row["code"] for row in documents} == {"1.1.1", "2.1.1"}
    assert all(row["description"] and row["complexity_score"] in "123" for row in candidates)


def test_cells_that_a_spreadsheet_would_compute_are_texts(made: Workbench, tmp_path: Path) -> None:
    texts = with_dangerous_texts(made)
    export(made, tmp_path / "out.csv", "csv")
    titles = [row["title"] for row in rows_of(tmp_path / "out.csv")]
    assert [f"'{text}".replace("\t=", "\t'=") for text in texts] == titles[: len(texts)]


def test_a_table_is_harmless_where_something_else_than_the_comma_separates(made: Workbench, tmp_path: Path) -> None:
    texts = ["Bill;=1+1", "＝1+1 Bill", "a\n+1 per case", "x\t@y", "a|=cmd", "\x1b[31m;-2+3"]
    for table, column in (("candidate", "title"), ("content", "generated_by")):
        ids = made.column(f"select id from caseforge.{table} where is_current order by id")
        for row_id, text in zip(ids, texts, strict=False):
            made.change(f"update caseforge.{table} set {column} = :text where id = :id", text=text, id=row_id)
    export(made, tmp_path / "out.csv", "csv")
    for path in (tmp_path / "out.csv", tmp_path / "out-documents.csv"):
        written = path.read_text(encoding="utf-8-sig")
        assert "\x1b" not in written
        assert "Bill" in written or "per case" in written
        for separator in ";\t|\n":
            cells = [cell.strip().strip('"') for line in written.split("\r\n") for cell in line.split(separator)]
            assert not [cell for cell in cells if re.match(r"[=+@＝]|-\d", cell)], separator


def test_a_workbook_opens_and_holds_no_formula(made: Workbench, tmp_path: Path) -> None:
    texts = with_dangerous_texts(made)
    export(made, tmp_path / "out.xlsx", "xlsx")
    book = load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["Decide", "Processes", "candidates", "documents", "costs"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    shown = {str(cell.value) for cell in cells}
    assert all(f"'{text}".replace("\t", "") in {value.replace("_x0009_", "").replace("\t", "") for value in shown} for text in texts)


def test_a_folder_has_an_index_whose_links_lead_to_pages(made: Workbench, tmp_path: Path) -> None:
    export(made, tmp_path / "out", "markdown")
    index = (tmp_path / "out" / "index.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", index)
    assert len(links) == 4
    assert [line.partition(":")[0] for line in index.splitlines()[2:]] == [
        "- 1 Sell",
        "  - 1.1 Win customers",
        "    - 1.1.1 Advertise",
        "- 2 Repair",
        "  - 2.1 Run the workshop",
        "    - 2.1.1 Take in bicycles",
    ]
    assert all((tmp_path / "out" / link).is_file() for link in links)
    page = (tmp_path / "out" / "process_details" / "1.1.1_c.md").read_text()
    assert page.startswith("# Process Details - Advertise")
    assert "(simulated)" in page.splitlines()[2]
    file, line = made.query("""
    select b.artifacts #>> '{output,path}', a.line_number from caseforge.content c join caseforge.attempt a on a.id = c.attempt_id
    join caseforge.batch b on b.id = a.batch_id where c.title = 'Process Details - Advertise'
    """)[0]
    assert f"| Result file | {file} |\n| Line in it | {line} |" in page


def test_every_row_says_where_it_is_from(made: Workbench, tmp_path: Path) -> None:
    export(made, tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["record"] for row in rows} == {"document", "candidate"}
    for row in rows:
        line = b"".join(made.folder.read(row["result_file"])).splitlines()[row["result_line"] - 1]
        answer = json.loads(line)
        assert answer["response"]["request_id"] == row["remote_request_id"]
        text = answer["response"]["body"]["choices"][0]["message"]["content"]
        assert hashlib.sha256(text.encode()).hexdigest() == row["answer_sha256"]
        assert (row["edited"], row["reused_from"], row["generation"]) == (False, None, 0)


def test_a_workbook_is_typed(made: Workbench, tmp_path: Path) -> None:
    export(made, tmp_path / "out.xlsx", "xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx")["documents"]
    names = [cell.value for cell in sheet[1]]
    first = dict(zip(names, sheet[2], strict=True))
    types = {
        name: first[name].data_type for name in ("code", "input_tokens", "cost_usd", "simulated", "answered_at", "stored_at", "result_line")
    }
    assert types == {
        "code": "s", "input_tokens": "n", "cost_usd": "n", "simulated": "b", "answered_at": "d", "stored_at": "d", "result_line": "n"
    }  # fmt: skip
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")


def test_only_some_categories(made: Workbench, tmp_path: Path) -> None:
    (category, count), *_ = made.query("select fields ->> 'category', count(*) from caseforge.candidate group by 1 order by 2, 1")
    nodes = made.column(
        "select count(distinct node_id) from caseforge.candidate where fields ->> 'category' = :category", category=category
    )[0]
    whole = made.column("select count(*) from caseforge.candidate")[0]
    written = export(made, tmp_path / "out.csv", "csv", categories=[category])
    assert (written.documents, written.candidates) == (nodes, count)
    assert written.left_out["candidates of other categories"] == whole - count
    assert written.left_out.get("contents without such a candidate", 0) == 4 - 2 * nodes
    assert {row["category"] for row in rows_of(tmp_path / "out.csv")} == {category}
    with pytest.raises(ValueError, match=f"'magic'; there are: .*{category}"):
        export(made, tmp_path / "out.csv", "csv", categories=["magic"])


def test_pages_hold_no_live_link_and_no_image_whatever_a_model_calls_itself(made: Workbench, tmp_path: Path) -> None:
    from markdown_it import MarkdownIt

    hostile = "[x](javascript:alert(1)) ![p](http://evil/p.png) <img src=x> | [y]: data:text/html,1"
    made.change(
        """
        set local session_replication_role = replica; -- a body is written once
        update caseforge.content set body = :hostile, title = :hostile, model = :hostile, generated_by = :hostile
        """,
        hostile=hostile,
    )
    made.change("update caseforge.node_version set name = :hostile", hostile=hostile)
    export(made, tmp_path / "out", "markdown")
    pages = list((tmp_path / "out").rglob("*.md"))
    assert len(pages) == 5
    for path in pages:
        page = MarkdownIt("commonmark").enable("table").render(path.read_text())
        assert set(re.findall(r"<(img|script)|href=\"([^\"]*)", page)) <= {
            ("", f"{stage}/{name}.md") for stage in ("process_details", "usecases") for name in ("1.1.1_c", "2.1.1_h")
        }


def test_pages_hold_no_html_and_stay_readable(made: Workbench, tmp_path: Path) -> None:
    made.change(
        """
        set local session_replication_role = replica; -- a body is written once
        update caseforge.content set body = :body, title = 'A <b>bold</b> title' where stage = 'process_details'
        """,
        body=HTML,
    )
    export(made, tmp_path / "out", "markdown")
    page = (tmp_path / "out" / "process_details" / "1.1.1_c.md").read_text()
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert "\n> a quotation" in page


def test_names_and_codes_from_a_framework_never_become_paths(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    opened.given("1.1.1")
    opened.change("update caseforge.node_version set partition_key = '../../outside' where code = '1.1.1'")
    export(opened, tmp_path / "deep" / "out", "markdown")
    assert {path.name for path in tmp_path.iterdir()} & {"outside", "outside.md"} == set()
    assert not (tmp_path / "deep" / "outside.md").exists()
    assert len(list((tmp_path / "deep" / "out" / "process_details").iterdir())) == 1


def test_names_in_the_index_cannot_break_its_links(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    opened.load([("1", "a", "Sell", ""), ("1.1", "c", "Tell <script>x</script> them", "")])
    opened.generate("1.1")
    export(opened, tmp_path / "out", "markdown")
    assert "<script" not in (tmp_path / "out" / "index.md").read_text()


def test_pages_differ_on_systems_that_do_not_tell_large_letters(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    opened.load(
        [
            ("A", "p", "Sell", ""),
            ("A.1", "x", "Up", ""),
            ("A.2", "X", "Low", ""),
            ("a", "q", "Serve", ""),
            ("a.1", "y", "Down", ""),
            ("CON", "z", "Console", ""),
        ]
    )
    opened.generate()
    export(opened, tmp_path / "out", "markdown")
    pages = [path.name for path in (tmp_path / "out" / "process_details").iterdir()]
    assert len({name.lower() for name in pages}) == len(pages) == 4
    assert all(name.partition(".")[0].lower() != "con" for name in pages)
    index = (tmp_path / "out" / "index.md").read_text()
    assert all(f"(process_details/{name})" in index for name in pages)


def test_lines_of_json_hold_everything(made: Workbench, tmp_path: Path) -> None:
    written = export(made, tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(rows) == written.documents + written.candidates
    bodies = {row["code"]: row["body"] for row in rows if "body" in row}
    assert bodies == dict(
        made.query("""
    select nv.code, c.body from caseforge.content c join caseforge.node_version nv on nv.node_id = c.node_id where c.stage = 'process_details'
    """)
    )


def test_only_an_owners_contents_or_only_some_nodes(made: Workbench, tmp_path: Path) -> None:
    assert export(made, tmp_path / "a.jsonl", "jsonl", owner="anna").documents == 2
    assert export(made, tmp_path / "b.jsonl", "jsonl", owner="ben") == Exported(0, 0, left_out={"contents of other owners": 4})
    written = export(made, tmp_path / "c.jsonl", "jsonl", nodes="2.*")
    assert (written.documents, written.left_out) == (1, {"contents of other nodes": 2})
    with pytest.raises(LookupError, match=r"'3\.\*' is no target node"):
        export(made, tmp_path / "d.jsonl", "jsonl", nodes="3.*")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl", "markdown"])
def test_nothing_to_export_is_an_empty_export(bench: OpenBench, tmp_path: Path, kind: str) -> None:
    target = tmp_path / ("out" if kind == "markdown" else f"out.{kind}")
    assert export(bench(), target, kind) == Exported(0, 0)
    assert target.exists()


def test_a_folder_of_somebody_elses_is_not_written_into(made: Workbench, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.md").write_text("precious")
    with pytest.raises(ValueError, match="was not made by an export"):
        export(made, tmp_path / "mine", "markdown")
    assert (tmp_path / "mine" / "index.md").read_text() == "precious"
    export(made, tmp_path / "out", "markdown")
    export(made, tmp_path / "out", "markdown")


def test_nodes_that_are_gone_from_the_edition_are_not_exported(made: Workbench, tmp_path: Path) -> None:
    made.load([row for row in SHOP if row[0] != "2.1.1"])
    assert export(made, tmp_path / "out.jsonl", "jsonl").documents == 1


def scored(bench: Workbench, **scores: int | None) -> None:
    """Gives the contents of the two nodes scores; None takes a score away."""
    for name, score in scores.items():
        code, stage = ("1.1.1" if "advertise" in name else "2.1.1"), ("usecases" if name.endswith("cases") else "process_details")
        which = """content_id in (select c.id from caseforge.content c join caseforge.node_version nv on nv.node_id = c.node_id
                                  where nv.code = :code and c.stage = :stage)"""
        change = (
            f"delete from caseforge.quality where {which}"
            if score is None
            else f"update caseforge.quality set score = {score} where {which}"
        )
        bench.change(change, code=code, stage=stage)


def written_scores(path: Path) -> set[tuple[str, str, int | None]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {(row["record"], row["code"], row["quality_score"]) for row in rows}


def test_only_scores_of_a_range_and_what_is_not_measured_is_counted(made: Workbench, tmp_path: Path) -> None:
    scored(made, advertise=90, advertise_cases=40, repair=None, repair_cases=70)
    out = tmp_path / "out.jsonl"
    written = export(made, out, "jsonl", min_score=70)
    assert written_scores(out) == {("document", "1.1.1", 90), ("candidate", "2.1.1", 70)}
    assert written.left_out == {"contents with another score": 1, "contents without a score": 1}
    written = export(made, out, "jsonl", max_score=70)
    assert written_scores(out) == {("candidate", "1.1.1", 40), ("candidate", "2.1.1", 70)}
    assert written.left_out == {"contents with another score": 1, "contents without a score": 1}
    export(made, out, "jsonl", min_score=40, max_score=69)
    assert written_scores(out) == {("candidate", "1.1.1", 40)}
    export(made, out, "jsonl")
    assert ("document", "2.1.1", None) in written_scores(out)
    with pytest.raises(ValueError, match="no score is 60 or more and 50 or less"):
        export(made, out, "jsonl", min_score=60, max_score=50)


def test_a_score_by_older_rules_is_none(made: Workbench, tmp_path: Path) -> None:
    assert made.column("select distinct rules from caseforge.quality") == [RULES]
    made.change("update caseforge.quality set rules = 'older'")
    assert export(made, tmp_path / "out.jsonl", "jsonl", min_score=0) == Exported(0, 0, left_out={"contents without a score": 4})


def test_the_score_stands_in_every_format(made: Workbench, tmp_path: Path) -> None:
    scored(made, advertise=83)
    for name, kind in {"out.csv": "csv", "out.xlsx": "xlsx", "out.jsonl": "jsonl", "out": "markdown"}.items():
        export(made, tmp_path / name, kind)
    assert rows_of(tmp_path / "out-documents.csv")[0]["quality_score"] == "83"
    assert rows_of(tmp_path / "out.csv")[0]["quality_score"].isdigit()
    sheet = load_workbook(tmp_path / "out.xlsx")["documents"]
    cell = dict(zip([cell.value for cell in sheet[1]], sheet[2], strict=True))["quality_score"]
    assert (cell.value, cell.data_type) == (83, "n")
    assert ("document", "1.1.1", 83) in written_scores(tmp_path / "out.jsonl")
    assert "| Quality score (0 to 100) | 83 |" in (tmp_path / "out" / "process_details" / "1.1.1_c.md").read_text()


def test_everything_that_chooses_holds_at_once(made: Workbench, tmp_path: Path) -> None:
    scored(made, advertise=90, advertise_cases=80, repair=95, repair_cases=30)
    (category,) = made.column("""
    select min(k.fields ->> 'category') from caseforge.candidate k join caseforge.content c on c.id = k.content_id
    join caseforge.node_version nv on nv.node_id = c.node_id where nv.code = '1.1.1'
    """)
    chosen = {"owner": "anna", "categories": [category], "min_score": 60}
    written = export(made, tmp_path / "out.jsonl", "jsonl", **chosen)
    assert written_scores(tmp_path / "out.jsonl") == {("document", "1.1.1", 90), ("candidate", "1.1.1", 80)}
    assert written.left_out["contents with another score"] == written.left_out["contents without such a candidate"] == 1
    assert export(made, tmp_path / "none.jsonl", "jsonl", nodes="2.*", **chosen).candidates == 0


def test_a_page_of_some_categories_has_these_candidates_only_and_the_index_says_what_was_chosen(made: Workbench, tmp_path: Path) -> None:
    titles: dict[str, set[str]] = {}
    query = """
    select k.fields ->> 'category', k.title from caseforge.candidate k join caseforge.content c on c.id = k.content_id
    join caseforge.node_version nv on nv.node_id = c.node_id where nv.code = '1.1.1'
    """
    for category, title in made.query(query):
        titles.setdefault(category, set()).add(title)
    category = min(titles)
    assert len(titles) > 1
    export(made, tmp_path / "out", "markdown", categories=[category], nodes="1.*")
    page = (tmp_path / "out" / "usecases" / "1.1.1_c.md").read_text()
    assert set(re.findall(r"^## \d+\. (.+)$", page, re.MULTILINE)) == titles[category]
    index = (tmp_path / "out" / "index.md").read_text()
    assert f"Selected: nodes 1.*; category {category}." in index
    assert "Left out: 2 contents of other nodes, " in index
    assert " candidates of other categories." in index


def test_contents_of_nodes_that_are_gone_are_chosen_like_others(made: Workbench, tmp_path: Path) -> None:
    made.load([row for row in SHOP if row[0] not in ("1.1.1", "2.1.1")])
    out = tmp_path / "out.jsonl"
    category = made.column("select min(fields ->> 'category') from caseforge.candidate")[0]
    assert export(made, out, "jsonl", retired=True, nodes="2.*").left_out == {"contents of other nodes": 2}
    assert {code for _, code, _ in written_scores(out)} == {"2.1.1"}
    assert export(made, out, "jsonl", retired=True, categories=[category], owner="anna").candidates > 0
    with pytest.raises(LookupError, match=r"'1\.1\.2' is no node that only older editions of shop have"):
        export(made, out, "jsonl", retired=True, nodes="1.1.2")


def test_one_is_said_to_be_one() -> None:
    left_out = {"contents of other nodes": 1_200, "contents without a score": 1, "candidates of other categories": 1}
    assert say_selection(Selection(), left_out) == [
        "Left out: 1,200 contents of other nodes, 1 content without a score, 1 candidate of other categories."
    ]


def test_an_eleventh_candidate_is_kept_and_exported_when_all_are_wanted(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench(faults=["item_count:count=12,match=usecases"])
    opened.generate("1.1.1")
    assert opened.column("select count(*) from caseforge.candidate") == [10]
    assert export(opened, tmp_path / "ten.csv", "csv").candidates == 10
    written = export(opened, tmp_path / "all.csv", "csv", all_candidates=True)
    assert (written.candidates, written.surplus) == (12, 2)
    rows = rows_of(tmp_path / "all.csv")
    assert [(row["candidate_uid"], row["surplus"]) for row in rows[9:]] == [
        ("1.1.1-UC10", "False"),
        ("1.1.1-UC11", "True"),
        ("1.1.1-UC12", "True"),
    ]
    assert all(row["description"] and row["remote_batch_id"] for row in rows)
    export(opened, tmp_path / "pages", "markdown", all_candidates=True)
    (page,) = (tmp_path / "pages" / "usecases").iterdir()
    assert len(re.findall(r"^## \d+\. ", page.read_text(), re.MULTILINE)) == 12
    of_one = export(opened, tmp_path / "some.jsonl", "jsonl", all_candidates=True, categories=[rows[11]["category"]])
    assert of_one.candidates >= 1
    said = [json.loads(line) for line in (tmp_path / "some.jsonl").read_text().splitlines()]
    assert {row["category"] for row in said if row["record"] == "candidate"} == {rows[11]["category"]}


def test_pages_are_made_of_candidates_as_they_are_shown_today(made: Workbench, tmp_path: Path) -> None:
    listed = "update caseforge.candidate set fields = jsonb_set(fields, '{impact_assessment}', to_jsonb(cast(:text as text)))"
    made.change(listed, text="- Time: less\n- Cost: less")
    export(made, tmp_path / "out", "markdown")
    pages = list((tmp_path / "out" / "usecases").iterdir())
    assert len(pages) == 2
    for page in pages:
        assert "**Impact.**\n\n- Time: less\n- Cost: less\n\n**Complexity.**" in page.read_text()
