"""similar: use cases that tell the same idea."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.console import busy, console, print_json
from caseforge_assets.cli.shared.options import framework_option, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.store.candidates.candidates import ListedCandidate

MOST = 1_000


@click.command()
@click.argument("uid", required=False)
@framework_option
@click.option("--branch", metavar="CODE", help="Only candidates at or below this node count.")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many are listed.")
@click.option("--anew", is_flag=True, help="Compare all use cases anew, whatever is known of them.")
@json_option
@pass_session
def similar(session: Session, uid: str | None, key: str | None, branch: str | None, limit: int, anew: bool, as_json: bool) -> None:
    """Use cases that tell the same idea for several processes, the ideas that serve most processes first.

    With UID, such as 1.2.4-UC01, those of all frameworks that tell the idea of this one. What was made since the last time is compared
    first. Where embeddings are on, what is nearest to it in meaning is listed, too. (Nodes that are nearly the same are listed by `plan --similar`.)
    """
    from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
    from caseforge_assets.commands.mirroring.refresh_meanings import refresh_meanings
    from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar

    with busy("Comparing use cases"):
        refresh_lists(session.store, session.project, texts=0)
        refresh_meanings(session.store, session.project)
        behind = refresh_similar(session.store, session.project, anew=anew)
    if uid is None:
        _print_groups(session, key, branch, limit, as_json=as_json)
    else:
        _print_like(session, session.framework_key(key), uid, limit, as_json=as_json)
    if behind and not as_json:
        console.print("Another process is comparing use cases just now: ask again in some minutes.", style="dim")


def _print_groups(session: Session, key: str | None, branch: str | None, limit: int, *, as_json: bool) -> None:
    from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
    from caseforge_assets.store.similar.similar_groups import group_sizes, shown_groups

    if branch is not None:
        key = session.framework_key(key)
    meant = CandidateFilter(None if key is None else [session.framework_key(key)], branches=[(key, branch)] if key and branch else None)
    with session.store.connect() as connection:
        asked = conditions(connection, meant)
        sizes = group_sizes(connection, asked)
        shown = shown_groups(connection, sizes[:limit], asked)
    if as_json:
        print_json({"groups": len(sizes), "shown": [asdict(group) for group in shown]})
        return
    if not shown:
        console.print("No two use cases tell the same idea.")
        return
    table = FittingTable(
        "Processes", "Candidates", "Frameworks", "Idea, as one of them tells it", title="The same idea", drop=("Frameworks",)
    )
    for group in shown:
        frameworks = ", ".join(f"{name} {count}" for name, count in group.frameworks.items())
        told = f"{group.shown.title}\n{group.shown.framework} {group.shown.uid}"
        table.add_row(str(group.size.processes), str(group.size.members), frameworks, told)
    console.print(table)
    console.print(
        f"{counted(len(sizes), 'idea')} told by several use cases. `caseforge similar UID --framework KEY` lists who tells one.",
        style="dim",
    )


def _print_like(session: Session, key: str, uid: str, limit: int, *, as_json: bool) -> None:
    from caseforge_assets.store.similar.similar_groups import group_of, members, near_in_meaning

    with session.store.connect() as connection:
        candidate, group = group_of(connection, key, uid)
        found = [] if group is None else members(connection, group, None, None, limit, but=candidate)
        near = near_in_meaning(connection, candidate, group, None, limit)
    if as_json:
        told = ((hit, "idea") for hit in found), ((hit, "meaning") for hit in near)
        print_json([asdict(hit.candidate) | {"likeness": round(hit.score, 4), "by": by} for rows in told for hit, by in rows])
        return
    if not found:
        console.print(f"No other use case tells the idea of {key} {uid}.")
    else:
        _print_table("The same idea", [(f"{hit.score:.0%}", hit.candidate) for hit in found])
    if near:
        simulated = " (SIMULATED: near where words are the same)" if near[0].simulated else ""
        _print_table(f"Near in meaning{simulated}", [(f"{hit.score:.2f}", hit.candidate) for hit in near])


def _print_table(title: str, rows: Sequence[tuple[str, ListedCandidate]]) -> None:
    table = FittingTable("Likeness", "Use case", "Process", "Title", title=title, drop=("Process",))
    for likeness, shown in rows:
        table.add_row(likeness, f"{shown.framework} {shown.uid}", f"{shown.code} {shown.name}", shown.title)
    console.print(table)
