"""A world in which everything has happened that a restore has to bring back, and ways to compare two databases."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import text

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.commands.approving.plan_retry import plan_retry
from caseforge_assets.commands.curating.comment_use_case import comment_use_case
from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.change_entries import take_from_portfolio
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.planning import plans
from caseforge_assets.store.schema.journal_marks import journaled_tables
from caseforge_assets_tests.commands.created_twice import create_another
from caseforge_assets_tests.workbench import CODES, KEY, PATIENCE_S, PROCESS, SHOP, USECASES, OpenBench, Workbench

NOT_RESTORED = {"outbox"}  # what Dagster is told: only what stands comes back
OTHER_SHOP = [(f"9{row[0][1:]}" if row[0][0] == "1" else row[0], *row[1:]) for row in SHOP]


def eventful(bench: OpenBench) -> Workbench:
    """Duplicates, failures, retries, reuse, an edit, two editions, another answer to the same question, a node that is gone."""
    opened = bench(faults=["reply_error:call=1", "truncate:attempts=1,match=-1-1-1-r"])
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    submit_batches(opened.project)
    create_another(opened)
    wait_for_answers(opened, 2 * len(CODES))  # or the second batch would be cancelled before it has answered
    opened.work()
    opened.generate("1.1.2", stages=[PROCESS], ask_again=True)
    retry(opened)
    opened.generate()
    edit(opened, "1.1.2")
    opened.generate("1.1.2", stages=[USECASES])
    opened.load(OTHER_SHOP, key="other")
    opened.generate("2.1.1", "2.1.2", key="other")
    opened.load([("1.1.3", "e", "Write quotations", SHOP[4][3]) if row[1] == "e" else row for row in SHOP if row[1] != "d"])
    opened.generate()
    choose(opened)
    write_journal(opened.store, opened.folder)
    return opened


def choose(opened: Workbench) -> None:
    """People decide on use cases, comment them, and keep a portfolio, of which one is taken out again."""
    chosen = opened.column("select id from caseforge.candidate where is_current order by id limit 3")
    caller = Caller("Ada", (Grant(Role.admin),))
    with opened.store.begin() as connection:
        decide_use_cases(connection, dict.fromkeys(chosen, Change(UseCaseStatus.shortlisted, tags=("a", "b"))), by="Ada")
        comment_use_case(connection, chosen[0], "Ours: \\t 'ö' 🚲", by="Ada")
        made = make_portfolio(connection, caller, "Next year", is_shared=True)
        add_to_portfolio(connection, caller, made.id, chosen)
    write_journal(opened.store, opened.folder)
    with opened.store.begin() as connection:
        entries = view_portfolio(connection, opened.project, caller, made.id).entries
        take_from_portfolio(connection, caller, made.id, [entries[1].row.id])


def wait_for_answers(opened: Workbench, count: int) -> None:
    """Waits until the server has answered so many requests."""
    end = time.monotonic() + PATIENCE_S
    while opened.stats()["answered"]["requests"] < count:
        assert time.monotonic() < end, opened.stats()
        time.sleep(0.02)


def retry(opened: Workbench) -> None:
    """Sends what failed once more."""
    with opened.store.begin() as connection:
        plan = plan_retry(connection, opened.project, Scope(KEY, [PROCESS, USECASES], opened.provider.simulated))
        plans.decide(connection, plan.id, True)
    opened.work()


def edit(opened: Workbench, code: str) -> None:
    """A person adds a line to a document."""
    body = opened.column(
        "select c.body from caseforge.content c where c.is_current and c.stage = 'process_details' and c.node_id = :id",
        id=opened.ids(code)[0],
    )[0]
    with opened.store.begin() as connection:
        edit_content(
            connection, opened.project, ContentOf(KEY, opened.ids(code)[0], PROCESS), f"{body}\n\nAda knows: \\t \"=1+1\" 'ö' 🚲", by="Ada"
        )


def everything(store: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables with all columns, in order."""
    with store.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(text(f"select * from {table.fullname} order by 1"))]
            for table in journaled_tables()
            if table.name not in NOT_RESTORED
        }
