"""Decisions on use cases: bound to what was chosen, kept through edits and new answers, and never lost to somebody else's."""

from __future__ import annotations

from datetime import date

import pytest

from caseforge_assets.commands.curating.decide_use_cases import Change, DecidedMeanwhile, decide_use_cases
from caseforge_assets.commands.curating.keep_use_cases import keep_use_cases
from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.curating import comments, use_cases
from caseforge_assets.store.figures.changes import changes_so_far
from caseforge_assets_tests.workbench import KEY, USECASES, OpenBench

SHORTLISTED = Change(status=UseCaseStatus.shortlisted)


def test_a_decision_is_made_once_and_told(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    (first, second) = opened.column("select id from caseforge.candidate where position < 3 order by position")
    with opened.store.connect() as connection:
        before = changes_so_far(connection)
    with opened.store.begin() as connection:
        change = Change(UseCaseStatus.shortlisted, owner=" Ada  L. ", review_on=date(2027, 1, 31), tags=("quick win", "Quick Win"))
        (row,) = decide_use_cases(connection, {first: change}, by="ada")
        assert (row.decision.owner, row.decision.tags, row.revision) == ("Ada L.", ("quick win",), 1)
        (again,) = decide_use_cases(connection, {first: change}, by="ben", revisions={first: 1})
        assert (again.revision, again.changed_by) == (1, "ada")
    with opened.store.connect() as connection:  # figures of what was made need not be counted again
        now = changes_so_far(connection)
        assert (now.all == before.all, now.made == before.made) == (False, True)
    with opened.store.begin() as connection, pytest.raises(DecidedMeanwhile, match="changed by ada meanwhile: it is shortlisted now"):
        decide_use_cases(connection, {second: SHORTLISTED, first: Change(UseCaseStatus.approved)}, by="ben", revisions={first: 0})
    with opened.store.begin() as connection, pytest.raises(ValueError, match="say why"):
        decide_use_cases(connection, {first: Change(UseCaseStatus.rejected)}, by="ben")
    with opened.store.begin() as connection, pytest.raises(LookupError, match="there is no use case 999"):
        decide_use_cases(connection, {999: SHORTLISTED}, by="ben")
    assert opened.query("select candidate_id, status from caseforge.use_case") == [(first, "shortlisted")]
    told = opened.query("select kind, subject, framework_key, data ->> 'status' from caseforge.event where kind like 'usecase.%'")
    assert told == [("usecase.decided", f"use case {row.id}", KEY, "shortlisted")]
    assert opened.column("select count(*) from caseforge.audit_entry where subject = :subject", subject=f"use case {row.id}") == [1]


def test_a_decision_goes_on_with_an_edit_and_stays_with_what_was_chosen_when_it_is_asked_for_anew(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    (first,) = opened.column("select id from caseforge.candidate where position = 1")
    with opened.store.begin() as connection:
        decide_use_cases(connection, {first: SHORTLISTED}, by="ada")
        (use_case_id,) = keep_use_cases(connection, [first], by="ada")
        comments.add_comment(connection, use_case_id, "ada", "Begin with this one.")
    version = opened.column("select version from caseforge.content where stage = :stage and is_current", stage=USECASES.key)[0]
    with opened.store.begin() as connection:
        edit_item(connection, opened.project, KEY, "1.1.1-UC01", {"title": "Count the stock at night"}, version=version, by="ben")
    with opened.store.begin() as connection:
        now = use_cases.use_cases_called(connection, KEY, ["1.1.1-UC01"])["1.1.1-UC01"]
        assert (now.id, now.title, now.decision.status) == (use_case_id, "Count the stock at night", UseCaseStatus.shortlisted)
        assert now.candidate_id != first
        assert [comment.text for comment in comments.comments(connection, use_case_id)] == ["Begin with this one."]

    opened.generate("1.1.1", stages=[USECASES], ask_again=True)
    with opened.store.begin() as connection:
        kept = use_cases.use_cases(connection, [now.candidate_id])[now.candidate_id]
        assert (kept.is_current, kept.decision.status, kept.title) == (False, UseCaseStatus.shortlisted, "Count the stock at night")
        fresh = use_cases.use_cases_called(connection, KEY, ["1.1.1-UC01"])["1.1.1-UC01"]
        assert (fresh.id, fresh.decision.status) == (None, UseCaseStatus.idea)
