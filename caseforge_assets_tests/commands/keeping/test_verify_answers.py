"""Each answer is held against the content that was made from it: what was swapped or altered is named, whoever did it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from caseforge_assets.batches.results.derivation import comes_from
from caseforge_assets.commands.collecting import record_answers as recording
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.stages.judgement import Content, Item, Outcome
from caseforge_assets.store.database.engine import Engine
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.commands.result_files import NODES, answer_line, document, take_over, use_cases, written, wrong
from caseforge_assets_tests.commands.worlds import edit, eventful
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench

PAIR = "select id from caseforge.content where is_current and stage = :stage order by id limit 2"
OTHERS = "its answer says: it may be another node's"


def forged(opened: Workbench, sql: str, **values: Any) -> None:
    """A change by somebody who may do anything, journaled as if it were in order."""
    with opened.store.begin() as connection:
        for table in ("content", "request"):
            connection.execute(text(f"alter table caseforge.{table} disable trigger written_once"))
        for statement in sql.split(";"):
            connection.execute(text(statement), values)
        for table in ("content", "request"):
            connection.execute(text(f"alter table caseforge.{table} enable trigger written_once"))


def swap(opened: Workbench, table: str, columns: str, one: int, other: int) -> None:
    names = [name.strip() for name in columns.split(",")]
    sets = ", ".join(f"{name} = o.{name}" for name in names)
    forged(
        opened,
        f"update caseforge.{table} t set {sets} from caseforge.{table} o where (t.id = :one and o.id = :other) or (t.id = :other and o.id = :one)",
        one=one,
        other=other,
    )


def made(bench: OpenBench, stage_key: str = "process_details") -> tuple[Workbench, int, int]:
    opened = bench()
    opened.given("1.1.1", "1.1.2")
    assert wrong(opened) == []
    one, other = opened.column(PAIR, stage=stage_key)
    return opened, one, other


@pytest.mark.slow
def test_texts_that_were_swapped_between_nodes_are_named(bench: OpenBench) -> None:
    opened, one, other = made(bench)
    swap(opened, "content", "body, version", one, other)
    (what,) = [what for kind, what in wrong(opened) if kind == "rows and artifacts differ"]
    assert OTHERS in what
    assert all(name in what for name in ("process_details-1-1-1-r1", "process_details-1-1-2-r2"))


@pytest.mark.slow
def test_items_that_were_swapped_between_nodes_are_named(bench: OpenBench) -> None:
    opened, one, other = made(bench, "usecases")
    swap(opened, "content", "body, version", one, other)
    statements = (
        "update caseforge.candidate set position = position + 100, content_id = :other where content_id = :one;"
        "update caseforge.candidate set content_id = :one where content_id = :other and position < 100;"
        "update caseforge.candidate set position = position - 100 where position > 100;"
        "update caseforge.candidate k set node_id = c.node_id from caseforge.content c where c.id = k.content_id"
    )
    forged(opened, statements, one=one, other=other)
    (what,) = [what for kind, what in wrong(opened) if kind == "rows and artifacts differ"]
    assert OTHERS in what


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("content", "attempt_id", "its answer is one of another node"),
        ("content", "request_id", "its answer is one to another request"),
        ("attempt", "node_id", "its answer is one of another node"),
        ("request", "node_id", "its request is one of another node"),
        ("attempt", "custom_id", "the answer in the artifact is not the one"),
        ("attempt", "answer_sha256", "the answer in the artifact is not the one"),
    ],
)
def test_rows_that_were_swapped_are_named(bench: OpenBench, table: str, column: str, said: str) -> None:
    opened, one, other = made(bench)
    ids = (one, other)
    if table != "content":
        ids = tuple(opened.column(f"select {table}_id from caseforge.content where id in (:one, :other) order by id", one=one, other=other))
    indexes = {("request", "node_id"): "uq_request_current", ("content", "attempt_id"): "uq_content_attempt"}
    constraint = "alter table caseforge.attempt drop constraint uq_attempt_batch_id_custom_id" if column == "custom_id" else ""
    if (table, column) in indexes:
        constraint = f"drop index caseforge.{indexes[table, column]}"
    if constraint:
        opened.change(constraint)
    swap(opened, table, column, *ids)
    assert any(said in what for _, what in wrong(opened)), wrong(opened)


def test_nodes_that_were_swapped_everywhere_are_named_by_the_manifest(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", "1.1.2", stages=[PROCESS])
    opened.change("drop index caseforge.uq_request_current; drop index caseforge.uq_content_current")
    first, second = opened.ids("1.1.1", "1.1.2")
    for table in ("request", "attempt", "content"):
        forged(opened, f"update caseforge.{table} set node_id = case node_id when :one then :other else :one end", one=first, other=second)
    assert [what for _, what in wrong(opened)] == [
        "the manifest says that these were asked for another node, or something else: process_details-1-1-1-r1, process_details-1-1-2-r2"
    ]


def test_an_answer_that_was_stored_for_another_node_is_named(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program itself: of two answers each is stored for the node of the other."""
    record = recording.record_answers

    def mixed_up(connection: Any, reception: Any, judged: Any) -> Any:
        contents = [answer.judgement for answer in judged][::-1]
        return record(connection, reception, [replace(answer, judgement=other) for answer, other in zip(judged, contents, strict=True)])

    monkeypatch.setattr("caseforge_assets.commands.collecting.collect_batch.record_answers", mixed_up)
    opened = bench()
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    assert any(OTHERS in what for _, what in wrong(opened))


def test_a_word_that_was_altered_is_named(bench: OpenBench) -> None:
    opened, one, _ = made(bench)
    (body,) = opened.column("select body from caseforge.content where id = :id", id=one)
    altered = Content(body.replace(" the ", " no ", 1))
    forged(
        opened,
        "update caseforge.content set body = :body, version = :version where id = :id",
        body=altered.body,
        version=altered.version,
        id=one,
    )
    assert any(OTHERS in what for _, what in wrong(opened))


def test_a_content_that_is_gone_or_came_from_nowhere_is_named(bench: OpenBench) -> None:
    opened, one, other = made(bench, "usecases")
    forged(
        opened,
        "delete from caseforge.quality where content_id = :id; delete from caseforge.candidate where content_id = :id; delete from caseforge.content where id = :id",
        id=one,
    )
    forged(opened, "update caseforge.content set attempt_id = null where id = :id", id=other)
    said = [what for _, what in wrong(opened)]
    assert any("have a good answer, and no content was made from it: usecases-1-1-1-r" in what for what in said)
    assert any("made from no answer, copied from no content, and written by nobody" in what for what in said)


def test_a_copy_that_says_something_else_is_named(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    opened.load(SHOP, key="other")
    opened.generate("1.1.1", stages=[PROCESS], key="other")
    assert wrong(opened) == []
    other = Content("Something else.")
    forged(
        opened,
        "update caseforge.content set body = :body, version = :version where reused_from is not null",
        body=other.body,
        version=other.version,
    )
    assert any("it is a copy, and its original says something else" in what for _, what in wrong(opened))


def test_a_world_in_which_everything_happened_is_in_order_and_so_is_its_copy(bench: OpenBench, empty_store: Engine) -> None:
    opened = eventful(bench)
    take_over(opened, written(opened.path / "a.jsonl", answer_line("node_1_2.1.3", document())), PROCESS, NODES, KEY)
    take_over(opened, written(opened.path / "b.jsonl", answer_line("node_1_2.1.3", use_cases())), USECASES, NODES, KEY)
    edit(opened, "2.1.3")
    assert wrong(opened) == []
    restore(empty_store, opened.folder)
    write_journal(empty_store, opened.folder)
    assert [
        problem.kind for problem in verify(empty_store, opened.stages, opened.folder).problems if not problem.where.startswith("workbooks/")
    ] == []


PUT_RIGHT = [
    "loose_json:how=comma",
    "truncate_content:share=0.8",
    "double_line",
    "repeated_line",
    "unknown_custom_id",
    "section:how=demoted",
]


@pytest.mark.parametrize("fault", some_at_once(PUT_RIGHT, "loose_json:how=comma", "repeated_line"))
def test_answers_that_were_put_right_are_in_order(bench: OpenBench, fault: str) -> None:
    opened = bench(faults=[fault])
    opened.generate("1.1.1", "1.1.2")
    assert wrong(opened) == []


def test_what_an_older_judge_made_of_the_same_text_is_in_order(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", "1.1.2")

    def other_form(judge: Any) -> Any:
        def judged(answer: Any) -> Any:
            found = judge(answer)
            if found.content is None:
                return found
            lines = [f"### {line[3:].upper()}" if line.startswith("## ") else f"* **{line}**" for line in found.content.body.splitlines()]
            return replace(found, content=Content("\n\n".join(lines), found.content.items))

        return judged

    assert wrong(opened.with_stages(*(replace(stage, judge_text=other_form(stage.judge_text)) for stage in (PROCESS, USECASES)))) == []
    nothing = lambda answer: replace(PROCESS.judge_text(answer), outcome=Outcome.empty, content=None)  # noqa: E731
    assert wrong(opened.with_stages(*(replace(stage, judge_text=nothing) for stage in (PROCESS, USECASES)))) == []
    assert wrong(opened.with_stages(PROCESS)) == []


def test_what_comes_from_an_answer() -> None:
    answer = (
        '{"use_cases": [{"title": "Sort \\"old\\" mail", "description": "Reads\\neach mail\\u00e9 and sorts it by what it asks for."}]}'
    )
    fields = {"description": "Reads\neach mailé and sorts it by what it asks for.", "complexity_score": 2}
    assert comes_from(Content("anything", (Item('Sort "old" mail', fields),)), answer)
    assert not comes_from(
        Content("anything", (Item("Sort mail", fields | {"description": "Reads each letter and sorts it by what it asks for."}),)), answer
    )
    assert comes_from(
        Content("## Overview\n\n1. The *clerk* checks the invoice twice."), "# overview\n- The clerk **checks** the invoice twice."
    )
    assert not comes_from(Content("The clerk checks the invoice once."), "The clerk checks the invoice twice, not once.")
    assert comes_from(Content("Short."), "Short.")
    assert not comes_from(Content("Short."), "Long.")
    assert not comes_from(Content(""), "Long.")
