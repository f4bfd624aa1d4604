"""Portfolios: whose they are, who changes what, what they show to whom, and that nothing of them is lost or half done."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.synchronize import Event

import pytest
from sqlalchemy import text

from caseforge_assets.access.roles import Caller, Grant, NotAllowed, Role
from caseforge_assets.commands.curating.comment_use_case import comment_use_case
from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.commands.curating.remove_comment import remove_comment
from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.commands.editions.remove_framework import remove_framework
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.change_entries import place_entry, take_from_portfolio, take_new_one, write_note
from caseforge_assets.commands.portfolios.change_portfolio import change_portfolio
from caseforge_assets.commands.portfolios.find_portfolio import ChangedMeanwhile, find_portfolio
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets.commands.portfolios.remove_portfolio import remove_portfolio
from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.curating import comments, entries, portfolios, use_cases
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets_tests.commands.curating.killing import die_at
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, SHOP, USECASES, OpenBench, Workbench

OTHER = "other"
ADA = Caller("ada", (Grant(Role.reader),))
BEN = Caller("ben", (Grant(Role.editor, KEY),))  # sees one framework, and edits there
CLEO = Caller("cleo", (Grant(Role.reader, OTHER),))
ADMIN = Caller("root", (Grant(Role.admin),))


@pytest.fixture
def opened(bench: OpenBench) -> Workbench:
    """Two frameworks with candidates."""
    opened = bench()
    opened.load([*SHOP[:3]], key=OTHER)
    opened.generate("1.1.1")
    opened.generate("1.1.1", key=OTHER)
    return opened


def candidates(opened: Workbench, key: str = KEY) -> list[int]:
    return opened.column("select id from caseforge.candidate where framework_key = :key and is_current order by node_id, position", key=key)


def titles(opened: Workbench, caller: Caller, portfolio_id: int) -> list[str]:
    with opened.store.begin() as connection:
        return [entry.row.described.use_case.uid for entry in view_portfolio(connection, opened.project, caller, portfolio_id).entries]


def test_one_keeps_what_one_sees_and_shares_what_one_owns(opened: Workbench) -> None:
    first, second, third, *_ = candidates(opened)
    (foreign, *_) = candidates(opened, OTHER)
    with opened.store.begin() as connection:
        mine = make_portfolio(connection, ADA, "  Quick   wins ", description="First.")
        assert (mine.name, mine.owner, mine.is_shared, mine.entries) == ("Quick wins", "ada", False, 0)
        assert len(add_to_portfolio(connection, ADA, mine.id, [second, first, second, foreign], note="see")) == 3
        assert [row.uid for row in add_to_portfolio(connection, ADA, mine.id, [first, third])] == ["1.1.1-UC03"]
        for wrong in (lambda: make_portfolio(connection, ADA, "Quick wins"), lambda: make_portfolio(connection, ADA, " ")):
            with pytest.raises(ValueError, match=r"another name|a name"):
                wrong()
        with pytest.raises(LookupError, match="no portfolio"):
            view_portfolio(connection, opened.project, BEN, mine.id)
        with pytest.raises(LookupError, match="no use case"):
            add_to_portfolio(connection, CLEO, make_portfolio(connection, CLEO, "Mine").id, [first])
        assert [row.name for row in portfolios.portfolios_seen(connection, "ben")] == []
        assert len(portfolios.portfolios_seen(connection, "root", everybodys=True)) == 2
        change_portfolio(connection, ADA, mine.id, is_shared=True)
        seen_by_ben = view_portfolio(connection, opened.project, BEN, mine.id)
        assert ([entry.row.described.use_case.uid for entry in seen_by_ben.entries], seen_by_ben.hidden) == (
            ["1.1.1-UC02", "1.1.1-UC01", "1.1.1-UC03"],
            1,
        )
        assert (seen_by_ben.sums.entries, seen_by_ben.sums.processes, dict(seen_by_ben.sums.frameworks)) == (3, 1, {KEY: 3})
        assert sum(seen_by_ben.sums.value.values()) == sum(seen_by_ben.sums.effort.values()) == 3
        assert view_portfolio(connection, opened.project, ADA, mine.id).sums.processes == 2
        with pytest.raises(NotAllowed, match="for ada and admins"):
            remove_portfolio(connection, BEN, mine.id)
        with pytest.raises(NotAllowed, match="takes the role editor"):
            add_to_portfolio(connection, CLEO, mine.id, [foreign])
        remove_portfolio(connection, ADMIN, mine.id)
        with pytest.raises(LookupError, match="no portfolio"):
            find_portfolio(connection, ADA, mine.id)
        make_portfolio(connection, ADA, "Quick wins")  # its name is free again
    told = opened.column("select data ->> 'what' from caseforge.event where kind = 'portfolio.changed' order by id")
    assert told == ["shared", "removed"]  # what is private is nobody else's matter
    kept = opened.column("select details ->> 'what' from caseforge.audit_entry where subject = :s order by id", s=f"portfolio {mine.id}")
    assert kept == ["made", "added", "added", "shared", "removed"]


def test_entries_are_ordered_noted_and_taken_out_by_the_revision_that_was_read(opened: Workbench) -> None:
    first, second, third, *_ = candidates(opened)
    (foreign, *_) = candidates(opened, OTHER)
    with opened.store.begin() as connection:
        made = make_portfolio(connection, ADMIN, "All", is_shared=True)
        add_to_portfolio(connection, ADMIN, made.id, [first, foreign, second, third])
        a, x, b, c = (entry.row.id for entry in view_portfolio(connection, opened.project, ADMIN, made.id).entries)
        revision = find_portfolio(connection, BEN, made.id).revision
        place_entry(connection, BEN, made.id, c, 2, revision=revision)  # the second of those that ben sees
        assert [entry.row.id for entry in view_portfolio(connection, opened.project, ADMIN, made.id).entries] == [a, x, c, b]
        for late in (
            lambda: place_entry(connection, BEN, made.id, c, 1, revision=revision),
            lambda: write_note(connection, ADMIN, made.id, c, "late", revision=revision),
            lambda: take_from_portfolio(connection, ADMIN, made.id, [c], revision=revision),
            lambda: change_portfolio(connection, ADMIN, made.id, name="Late", revision=revision),
            lambda: remove_portfolio(connection, ADMIN, made.id, revision=revision),
        ):
            with pytest.raises(ChangedMeanwhile, match="All was changed meanwhile"):
                late()
        place_entry(connection, BEN, made.id, a, 99)
        write_note(connection, BEN, made.id, c, " begin here ")
        with pytest.raises(LookupError, match="no entry"):
            take_from_portfolio(connection, BEN, made.id, [x])
        assert [use_case.uid for use_case in take_from_portfolio(connection, BEN, made.id, [b, b])] == ["1.1.1-UC02"]
        now = view_portfolio(connection, opened.project, ADMIN, made.id)
        assert [(entry.row.id, entry.row.note) for entry in now.entries] == [(x, ""), (c, "begin here"), (a, "")]
        before = now.portfolio.revision
        place_entry(connection, BEN, made.id, c, 1)  # of those that ben sees it is the first already
        write_note(connection, BEN, made.id, c, "begin here")
        assert find_portfolio(connection, BEN, made.id).revision == before


def test_what_was_chosen_stays_when_it_is_edited_made_anew_renamed_or_taken_out(opened: Workbench) -> None:
    first, second, *_ = candidates(opened)
    with opened.store.begin() as connection:
        made = make_portfolio(connection, ADMIN, "Chosen")
        add_to_portfolio(connection, ADMIN, made.id, [first, second], note="as it is")
        decide_use_cases(connection, {first: Change(UseCaseStatus.approved)}, by="root")
    version = opened.column(
        "select version from caseforge.content where stage = :s and framework_key = :k and is_current", s=USECASES.key, k=KEY
    )
    with opened.store.begin() as connection:
        edit_item(connection, opened.project, KEY, "1.1.1-UC01", {"title": "Count at night"}, version=version[0], by="ben")
        view = view_portfolio(connection, opened.project, ADMIN, made.id)
        assert (view.entries[0].row.described.use_case.title, view.entries[0].is_superseded) == ("Count at night", False)
    opened.generate("1.1.1", stages=[USECASES], ask_again=True)
    with opened.store.begin() as connection:
        view = view_portfolio(connection, opened.project, ADMIN, made.id)
        assert [entry.is_superseded for entry in view.entries] == [True, True]
        assert (view.sums.superseded, view.entries[0].row.described.use_case.title) == (2, "Count at night")
        new = view.entries[0].new_ones
        assert [described.use_case.uid for described in new][:2] == ["1.1.1-UC01", "1.1.1-UC02"]
        take_new_one(connection, ADMIN, made.id, view.entries[0].row.id, new[0].use_case.candidate_id)
        take_new_one(connection, ADMIN, made.id, view.entries[1].row.id, new[0].use_case.candidate_id)  # is in it already: the old one goes
        (kept,) = view_portfolio(connection, opened.project, ADMIN, made.id).entries
        assert (kept.row.note, kept.is_superseded, kept.row.described.use_case.decision.status) == ("as it is", False, UseCaseStatus.idea)

    opened.load([("1.1.9", *row[1:]) if row[0] == "1.1.1" else row for row in SHOP])
    assert titles(opened, ADMIN, made.id) == ["1.1.9-UC01"]
    remove_framework(opened.store, opened.project.stages, KEY, by="root")
    with opened.store.begin() as connection:
        (entry,) = view_portfolio(connection, opened.project, ADMIN, made.id).entries
        assert (entry.is_superseded, entry.row.described.is_retired, entry.row.described.code, list(entry.new_ones)) == (
            True,
            True,
            "1.1.9",
            [],
        )
    opened.load()
    assert titles(opened, ADMIN, made.id) == ["1.1.1-UC01"]
    assert opened.column(
        "select status from caseforge.use_case where candidate_id in (select id from caseforge.candidate where title = 'Count at night')"
    ) == ["approved"]


def test_comments_are_told_and_removed_by_who_wrote_them_or_an_admin(opened: Workbench) -> None:
    first, *_ = candidates(opened)
    with opened.store.begin() as connection:
        one, two = (comment_use_case(connection, first, f" {said} ", by="ben") for said in ("Good.", "Bad."))
        with pytest.raises(ValueError, match="says nothing"):
            comment_use_case(connection, first, " ", by="ben")
        with pytest.raises(NotAllowed, match="may not remove what ben wrote"):
            remove_comment(connection, first, one, by=ADA)
        remove_comment(connection, first, one, by=BEN)
        remove_comment(connection, first, two, by=ADMIN)
        with pytest.raises(LookupError, match="removed already"):
            remove_comment(connection, first, two, by=ADMIN)
        use_case_id = use_cases.use_cases(connection, [first])[first].id
        assert use_case_id is not None
        assert comments.comments(connection, use_case_id) == []
    assert opened.column("select count(*) from caseforge.event where kind = 'usecase.commented'") == [2]
    kept = opened.column("select action from caseforge.audit_entry where subject = :s order by id", s=f"use case {use_case_id}")
    assert kept == ["usecase.commented"] * 2 + ["usecase.comment-removed"] * 2


def test_decisions_and_portfolios_come_back_from_the_journal_and_what_was_taken_out_stays_out(
    opened: Workbench, empty_store: Engine
) -> None:
    first, second, third, *_ = candidates(opened)
    with opened.store.begin() as connection:
        made = make_portfolio(connection, ADMIN, "Kept")
        add_to_portfolio(connection, ADMIN, made.id, [first, second, third])
        decide_use_cases(connection, {first: Change(UseCaseStatus.live, tags=("a", "b"))}, by="root")
        comment_use_case(connection, first, "Ours.", by="root")
    write_journal(opened.store, opened.folder)
    with opened.store.begin() as connection:
        entry = view_portfolio(connection, opened.project, ADMIN, made.id).entries[1].row.id
        take_from_portfolio(connection, ADMIN, made.id, [entry])
    write_journal(opened.store, opened.folder)
    restore(empty_store, opened.folder)
    for table in ("use_case", "use_case_comment", "portfolio", "portfolio_entry"):
        query = text(f"select * from caseforge.{table} order by id")
        with opened.store.connect() as before, empty_store.connect() as after:
            rows = [tuple(row) for row in before.execute(query)]
            assert rows
            assert [tuple(row) for row in after.execute(query)] == rows


def change_until_killed(url: str, chosen: list[int], statements: int, killed: Event) -> None:
    """In a process of its own, which dies at one of the statements of a change."""
    with open_store(url).begin() as connection:
        die_at(connection, statements, killed)
        made = make_portfolio(connection, ADMIN, "Killed", is_shared=True)
        add_to_portfolio(connection, ADMIN, made.id, chosen)
        decide_use_cases(connection, {candidate_id: Change(UseCaseStatus.shortlisted) for candidate_id in chosen}, by="root")
        first, second, _ = (entry.id for entry in entries.entry_places(connection, made.id))
        write_note(connection, ADMIN, made.id, first, "Begin here.")
        place_entry(connection, ADMIN, made.id, second, 3)
        take_from_portfolio(connection, ADMIN, made.id, [first])
        change_portfolio(connection, ADMIN, made.id, name="Renamed")
    os._exit(0)


@pytest.mark.slow
def test_a_kill_inside_a_change_leaves_nothing_of_it(opened: Workbench) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    url = opened.store.url.render_as_string(hide_password=False)
    tables = ("use_case", "portfolio", "portfolio_entry", "audit_entry", "event")
    query = f"select {', '.join(f'(select count(*) from caseforge.{table})' for table in tables)}"
    before, statements = opened.query(query), 0
    while True:
        killed = processes.Event()
        child = processes.Process(target=change_until_killed, args=(url, candidates(opened)[:3], statements, killed))
        child.start()
        child.join(PATIENCE_S)
        if not killed.is_set():
            break
        assert opened.query(query) == before, statements
        statements += 2
    assert statements > 20
    assert opened.query(query)[0][:3] == (3, 1, 2)
    assert opened.column("select name from caseforge.portfolio") == ["Renamed"]
