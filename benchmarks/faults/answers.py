"""Answers that are not what they should be: each fault of a line or a file ends in its named outcome, or is tolerated with a note."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import create_engine, text

from benchmarks.faults.billing import wrong_costs
from benchmarks.faults.contents import misplaced
from benchmarks.faults.forks import Ended
from benchmarks.faults.rows import BY_ITSELF, Case, Row, each
from benchmarks.faults.world import KEY, Project, World

NODES = 5
GENERATE = ("generate", "--framework", KEY, "--yes", "--wait")
NODES_FAILED = 3  # exit code of a command that did all it could
DOCUMENT, USE_CASES = "process_details", "usecases"
FIRST_NODE = "-1-1-1-r"


@dataclass(frozen=True)
class Expected:
    """The expected end of a fault of one node's answer: its outcome, whether there is content, and words of its detail or notes."""

    stage: str
    fault: str
    outcome: str
    kept: bool
    said: str = ""

    @property
    def spec(self) -> str:
        """The fault as the server takes it, on one node's request in this stage."""
        return f"{self.fault}{',' if ':' in self.fault else ':'}match={self.stage}.*{FIRST_NODE}"


def _kept(stage: str, *rows: tuple[str, str, str]) -> tuple[Expected, ...]:
    return tuple(Expected(stage, fault, outcome, True, said) for fault, outcome, said in rows)


def _failed(stage: str, *rows: tuple[str, str, str]) -> tuple[Expected, ...]:
    return tuple(Expected(stage, fault, outcome, False, said) for fault, outcome, said in rows)


ANSWERS = (
    *_kept(
        DOCUMENT,
        ("section:how=moved", "ok", "The sections are in another order."),
        ("section:how=demoted", "ok", "Section headings are not all at level 2."),
        ("odd_characters", "ok", "Characters that cannot be stored were replaced."),
        ("long_answer", "ok", ""),
        ("double_line", "ok", ""),
        ("unknown_custom_id", "ok", ""),
        ("repeated_line", "ok", ""),
        ("body_as_text", "ok", ""),
        ("in_error_file", "ok", ""),
        ("no_usage", "ok", ""),
    ),
    *_failed(
        DOCUMENT,
        ("truncate", "truncated_reasoning", "8,000"),
        ("truncate_content", "truncated", "cut off"),
        ("refusal", "refused", "can't help"),
        ("content_filter", "content_filtered", ""),
        ("no_text", "empty", ""),
        ("section:how=missing", "sections_missing", "absent: Inputs and Prerequisites"),
        ("section:how=empty", "sections_missing", "empty: Inputs and Prerequisites"),
        ("section:how=renamed", "sections_missing", "absent: Inputs and Prerequisites"),
        ("http_400", "invalid_request", "Invalid value"),
        ("context_length:tokens=50", "context_length", "maximum context length is 50"),
        ("http_429", "rate_limited", "Rate limit"),
        ("http_500", "server_error", "error"),
        ("missing_line", "missing_line", ""),
        ("not_json", "missing_line", ""),
    ),
    *_kept(
        USE_CASES,
        ("loose_json:how=fenced", "ok", "Text around the JSON was ignored."),
        ("loose_json:how=around", "ok", "Text around the JSON was ignored."),
        ("loose_json:how=comma", "ok", "The syntax of the JSON was repaired."),
        ("loose_json:how=quotes", "ok", "The syntax of the JSON was repaired."),
        ("loose_json:how=unclosed", "ok", "The brackets around the list do not match."),
        ("item_count:count=11", "ok", "11 candidates came; the last one is surplus."),
        ("same_title", "ok", "title"),
        ("odd_characters", "ok", ""),
        ("long_answer", "ok", ""),
    ),
    *_failed(
        USE_CASES,
        ("truncate_content:share=0.3", "truncated", "at least 6 are needed"),
        ("off_schema", "schema_violation", "missing"),
        ("wrong_enum", "schema_violation", "Somewhat"),
        ("item_count:count=0", "too_few_candidates", "0 candidates"),
        ("item_count:count=5", "too_few_candidates", "5 candidates"),
        ("refusal", "refused", "can't help"),
    ),
)
SHORT = (ANSWERS[0], ANSWERS[10], ANSWERS[-6])
UNKNOWN = {"no_usage": 1, "missing_line": 2, "not_json": 2}  # attempts whose cost nobody says
ATTEMPTS = """
select a.outcome, a.detail, a.notes #>> '{}' as notes, c.id is not null as kept
from caseforge.attempt a left join caseforge.content c on c.attempt_id = a.id where a.custom_id ~ :custom_id order by a.id desc limit 1
"""
OTHERS = """
select count(*) from caseforge.attempt a join caseforge.content c on c.attempt_id = a.id and c.is_current where a.custom_id !~ :custom_id
  and a.custom_id like :stage
"""


def answer_badly(world: World, expected: Expected) -> Row:
    """Generates while one node's answer in a stage has this fault; the others have to come through."""
    began = time.monotonic()
    patient = {"missing_files_grace_s": 0, "max_attempts": 1}
    with world.project(f"loaded_{NODES}", **patient) as project, project.served([expected.spec]):
        ended = project.run(*GENERATE)
        return _judged(project, expected, ended, time.monotonic() - began)


def _judged(project: Project, expected: Expected, ended: Ended, seconds: float) -> Row:
    custom_id = f"{expected.stage}.*{FIRST_NODE}"
    engine = create_engine(project.database_url)
    with engine.connect() as connection:
        row = connection.execute(text(ATTEMPTS), {"custom_id": custom_id}).one()
        others = int(connection.scalar(text(OTHERS), {"custom_id": custom_id, "stage": f"{expected.stage}%"}) or 0)
    engine.dispose()
    wrong = []
    if (row.outcome, row.kept) != (expected.outcome, expected.kept) or expected.said not in f"{row.detail} {row.notes}":
        wrong.append(f"{row.outcome}, {'kept' if row.kept else 'not kept'}: {row.detail} {row.notes}")
    if ended.status != (0 if expected.kept else NODES_FAILED):
        wrong.append(f"exit code {ended.status}: {ended.output[-300:]}{ended.errors[-300:]}")
    found, stats = project.look(), project.stats()
    wrong += [*found["wrong"], *wrong_costs(found, stats, project, UNKNOWN.get(expected.fault, 0)), *misplaced(project)]
    again = 1 if expected.outcome == "missing_line" else 0
    return Row(
        "answer",
        expected.fault,
        expected.stage,
        injected=1,
        paid_twice=stats["accepted"]["requests"] - stats["accepted"]["distinct_bodies"] - again,
        lost=project.nodes - 1 - others,
        silent=len(wrong),
        recovered=expected.outcome if not expected.kept else BY_ITSELF,
        seconds=seconds,
        details=tuple(wrong),
    )


def run_answers(world: World, answers: Iterable[Expected] = ANSWERS) -> Iterator[Row]:
    """A row for each of these faults of an answer."""
    yield from each(Case(("answer", answer.fault, answer.stage), partial(answer_badly, world, answer)) for answer in answers)
