"""decide: where use cases stand, who brings them forward, when they are looked at again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import framework_option, json_option, pass_session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.curation.statuses import UseCaseStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.store.curating.use_cases import UseCaseRow
    from caseforge_assets.store.database.engine import Connection

STATUSES = [status.words.replace(" ", "-") for status in UseCaseStatus]


@click.command()
@click.argument("uids", nargs=-1, required=True, metavar="UID...")
@framework_option
@click.option("--status", type=click.Choice(STATUSES), help="Where they stand from now on.")
@click.option("--reason", metavar="TEXT", help="Why; a rejection has to say it.")
@click.option("--owner", metavar="NAME", help="Who brings them forward; an empty text: nobody.")
@click.option("--review", type=click.DateTime(["%Y-%m-%d"]), help="The day on which they are to be looked at again.")
@click.option("--no-review", is_flag=True, help="They have no such day any more.")
@click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Their tags from now on (may be repeated).")
@click.option("--no-tags", is_flag=True, help="They have no tags any more.")
@click.option("--comment", metavar="TEXT", help="What is to be said to it, as a comment.")
@json_option
@pass_session
def decide(
    session: Session,
    uids: tuple[str, ...],
    key: str | None,
    status: str | None,
    reason: str | None,
    owner: str | None,
    review: datetime | None,
    no_review: bool,
    tags: tuple[str, ...],
    no_tags: bool,
    comment: str | None,
    as_json: bool,
) -> None:
    """Decide on use cases such as 1.2.4-UC01: on all that are named, or on none. What is not said stays; with nothing said, they are shown.

    A decision stays with the use case as it was chosen: where its process is asked for anew, it is superseded, and the new ones are ideas.
    """
    from caseforge_assets.commands.curating.comment_use_case import comment_use_case
    from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
    from caseforge_assets.curation.statuses import status_from

    change = Change(
        status=None if status is None else status_from(status),
        reason=reason,
        owner=owner,
        review_on=None if review is None else review.date(),
        clear_review=no_review,
        tags=() if no_tags else tags or None,
    )
    framework = session.known_key(key)
    with session.store.begin() as connection:
        chosen = chosen_use_cases(connection, framework, uids)
        rows = decide_use_cases(connection, dict.fromkeys(chosen, change), by=account_name()) if change != Change() else []
        for candidate_id in chosen if comment else ():
            comment_use_case(connection, candidate_id, comment or "", by=account_name())
        rows = rows or list(chosen.values())
    show_use_cases(rows, as_json=as_json)


def chosen_use_cases(connection: Connection, key: str, uids: Sequence[str]) -> dict[int, UseCaseRow]:
    """The current use cases that are named, by their candidates' ids.

    Raises:
        LookupError: one is not there.
    """
    from caseforge_assets.store.curating.use_cases import use_cases_called

    found = use_cases_called(connection, key, uids)
    if missing := [uid for uid in uids if uid not in found]:
        raise LookupError(f"{key} has no current use case {missing[0]!r}; caseforge show CODE --framework {key} names those of a process")
    return {found[uid].candidate_id: found[uid] for uid in uids}


def show_use_cases(rows: Sequence[UseCaseRow], *, as_json: bool) -> None:
    """Use cases with what was decided."""
    if as_json:
        print_json([json_of(row) for row in rows])
        return
    table = FittingTable("Use case", "Title", "Status", "Owner", "Review", "Tags", "Why", drop=("Tags", "Why", "Review"))
    for row in rows:
        decision = row.decision
        due = "" if decision.review_on is None else f"{decision.review_on:%Y-%m-%d}"
        table.add_row(row.uid, row.title, decision.status.words, decision.owner, due, ", ".join(decision.tags), decision.reason)
    console.print(table)


def json_of(row: UseCaseRow) -> dict[str, object]:
    """A use case for scripts."""
    decision = row.decision
    return {
        "id": row.candidate_id,
        "framework": row.framework_key,
        "uid": row.uid,
        "title": row.title,
        "superseded": not row.is_current,
        "status": str(decision.status),
        "reason": decision.reason,
        "owner": decision.owner,
        "review_on": None if decision.review_on is None else decision.review_on.isoformat(),
        "tags": list(decision.tags),
        "revision": row.revision,
    }
