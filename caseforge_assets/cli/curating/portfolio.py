"""portfolio: named collections of use cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.cli.curating.deciding import chosen_use_cases, json_of
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import framework_option, json_option, pass_session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.commands.portfolios.view_portfolio import Entry, PortfolioView
    from caseforge_assets.store.curating.portfolios import PortfolioRow
    from caseforge_assets.store.database.engine import Connection

portfolio_argument = click.argument("portfolio", metavar="PORTFOLIO")


def caller() -> Caller:
    """Say who calls: the user of this machine, who may do everything."""
    return Caller(account_name(), (Grant(Role.admin),))


def chosen_portfolio(connection: Connection, named: str) -> PortfolioRow:
    """The portfolio that is named, by its number or its name.

    Raises:
        LookupError: there is none.
        ValueError: several people have one of this name.
    """
    from caseforge_assets.commands.portfolios.find_portfolio import find_portfolio
    from caseforge_assets.store.curating.portfolios import portfolios_seen

    me = caller()
    rows = [row for row in portfolios_seen(connection, me.name, everybodys=True) if row.name == named]
    rows = [row for row in rows if row.owner == me.name] or rows
    if len(rows) > 1:
        numbers = ", ".join(f"{row.id} of {row.owner}" for row in rows)
        raise ValueError(f"several portfolios are called {named}: {numbers}; name one by its number")
    if not rows and not named.isdigit():
        raise LookupError(f"there is no portfolio {named!r}; caseforge portfolio list names those that there are")
    return find_portfolio(connection, me, rows[0].id if rows else int(named))


@click.group()
def portfolio() -> None:
    """Portfolios: named collections of use cases, with notes, an order and sums."""


@portfolio.command("list")
@json_option
@pass_session
def list_portfolios(session: Session, as_json: bool) -> None:
    """All portfolios, by name."""
    from caseforge_assets.store.curating.portfolios import portfolios_seen

    with session.store.connect() as connection:
        rows = portfolios_seen(connection, account_name(), everybodys=True)
    if as_json:
        print_json([_json(row) for row in rows])
        return
    if not rows:
        console.print("There is no portfolio. `caseforge portfolio make NAME` makes one.")
        return
    table = FittingTable("No.", "Name", "Use cases", "Whose", "Seen by", "Changed", drop=("Changed",))
    for row in rows:
        seen = "everybody" if row.is_shared else "its owner"
        table.add_row(str(row.id), row.name, f"{row.entries:,}", row.owner, seen, f"{row.changed_at:%Y-%m-%d}")
    console.print(table)


@portfolio.command()
@portfolio_argument
@json_option
@pass_session
def show(session: Session, portfolio: str, as_json: bool) -> None:
    """The use cases of PORTFOLIO (its number or name), in their order, and what they come to."""
    from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio

    with session.store.connect() as connection:
        view = view_portfolio(connection, session.project, caller(), chosen_portfolio(connection, portfolio).id)
    if as_json:
        print_json(_json(view.portfolio) | {"sums": _sums(view), "items": [_entry_json(entry) for entry in view.entries]})
        return
    shared = "shared" if view.portfolio.is_shared else "private"
    console.print(f"{view.portfolio.name}, {shared}, of {view.portfolio.owner}", style="bold", markup=False)
    if view.portfolio.description:
        console.print(view.portfolio.description, markup=False)
    if not view.entries:
        console.print(f"Nothing is in it yet: caseforge portfolio add {view.portfolio.id} UID --framework KEY")
        return
    table = FittingTable("", "Use case", "Title", "Process", "Priority", "Status", "Owner", "Note", drop=("Note", "Owner", "Process"))
    for entry in view.entries:
        of = entry.row.described
        decision = of.use_case.decision
        title = f"{of.use_case.title} (superseded)" if entry.is_superseded else of.use_case.title
        priority = "–" if entry.priority is None else str(entry.priority)
        process = f"{of.code} {of.name}"
        table.add_row(str(entry.place), of.use_case.uid, title, process, priority, decision.status.words, decision.owner, entry.row.note)
    console.print(table)
    console.print(_said(view), markup=False)


def _said(view: PortfolioView) -> str:
    sums = view.sums
    parts = [counted(sums.entries, "use case"), counted(sums.processes, "process", "processes")]
    parts += [f"{name}: {_counts(counts)}" for name, counts in (("value", sums.value), ("effort", sums.effort), ("risk", sums.risk))]
    parts += [f"{sums.superseded:,} superseded"] if sums.superseded else []
    return ", ".join(parts)


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{count:,} {level or 'unknown'}" for level, count in counts.items())


@portfolio.command()
@click.argument("name")
@click.option("--description", default="", metavar="TEXT", help="What it is for, as markdown.")
@click.option("--shared", is_flag=True, help="Everybody sees it, and editors change it.")
@pass_session
def make(session: Session, name: str, description: str, shared: bool) -> None:
    """Make a portfolio called NAME."""
    from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio

    with session.store.begin() as connection:
        row = make_portfolio(connection, caller(), name, description=description, is_shared=shared)
    console.print(f"Portfolio {row.id}, {row.name}, is there: caseforge portfolio add {row.id} UID --framework KEY", markup=False)


@portfolio.command()
@portfolio_argument
@click.option("--name", metavar="TEXT", help="What it is called from now on.")
@click.option("--description", metavar="TEXT", help="What is said of it from now on, as markdown.")
@click.option("--shared/--private", "shared", default=None, help="Whether everybody sees it, and editors change it.")
@pass_session
def change(session: Session, portfolio: str, name: str | None, description: str | None, shared: bool | None) -> None:
    """Rename, describe or share PORTFOLIO (its number or name)."""
    from caseforge_assets.commands.portfolios.change_portfolio import change_portfolio

    with session.store.begin() as connection:
        chosen = chosen_portfolio(connection, portfolio)
        row = change_portfolio(connection, caller(), chosen.id, name=name, description=description, is_shared=shared)
    console.print(f"Portfolio {row.id} is {row.name}, {'shared' if row.is_shared else 'private'}.", markup=False)


@portfolio.command()
@portfolio_argument
@click.argument("uids", nargs=-1, required=True, metavar="UID...")
@framework_option
@click.option("--note", default="", metavar="TEXT", help="What is to be said to each of them there.")
@pass_session
def add(session: Session, portfolio: str, uids: tuple[str, ...], key: str | None, note: str) -> None:
    """Add use cases such as 1.2.4-UC01 to PORTFOLIO (its number or name)."""
    from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio

    framework = session.known_key(key)
    with session.store.begin() as connection:
        row = chosen_portfolio(connection, portfolio)
        added = add_to_portfolio(connection, caller(), row.id, list(chosen_use_cases(connection, framework, uids)), note=note)
    there = len(set(uids)) - len(added)
    rest = f"; {counted(there, 'was', 'were')} in it already" if there else ""
    console.print(f"{counted(len(added), 'use case is', 'use cases are')} new in {row.name}{rest}.", markup=False)


@portfolio.command()
@portfolio_argument
@click.argument("uids", nargs=-1, metavar="[UID]...")
@click.option("--all", "whole", is_flag=True, help="The portfolio itself.")
@pass_session
def remove(session: Session, portfolio: str, uids: tuple[str, ...], whole: bool) -> None:
    """Take use cases out of PORTFOLIO (its number or name), or with --all remove the portfolio. What was decided on them stays."""
    from caseforge_assets.commands.portfolios.change_entries import take_from_portfolio
    from caseforge_assets.commands.portfolios.remove_portfolio import remove_portfolio

    if whole == bool(uids):
        raise click.UsageError("say which use cases are to be taken out, or --all")
    with session.store.begin() as connection:
        row = chosen_portfolio(connection, portfolio)
        if whole:
            remove_portfolio(connection, caller(), row.id)
        else:
            taken = take_from_portfolio(connection, caller(), row.id, [_entry(connection, session, row, uid).row.id for uid in uids])
    console.print(
        f"{row.name} is removed." if whole else f"{counted(len(taken), 'use case is', 'use cases are')} out of {row.name}.", markup=False
    )


@portfolio.command()
@portfolio_argument
@click.argument("uid")
@click.option("--to", "place", type=click.IntRange(1), help="Its place from now on; the first is 1.")
@click.option("--note", metavar="TEXT", help="What is said to it from now on; an empty text: nothing.")
@click.option("--take", "new_uid", metavar="UID", help="The use case that stands there instead: one of those that its process has now.")
@pass_session
def entry(session: Session, portfolio: str, uid: str, place: int | None, note: str | None, new_uid: str | None) -> None:
    """Change how UID stands in PORTFOLIO: its place, its note, or a new use case instead of one that was superseded."""
    from caseforge_assets.commands.portfolios.change_entries import place_entry, take_new_one, write_note

    with session.store.begin() as connection:
        row = chosen_portfolio(connection, portfolio)
        found = _entry(connection, session, row, uid)
        if place is not None:
            place_entry(connection, caller(), row.id, found.row.id, place)
        if note is not None:
            write_note(connection, caller(), row.id, found.row.id, note)
        if new_uid is not None:
            (candidate_id,) = chosen_use_cases(connection, found.row.described.use_case.framework_key, [new_uid])
            take_new_one(connection, caller(), row.id, found.row.id, candidate_id)
    console.print(f"{row.name} is as you said.", markup=False)


def _entry(connection: Connection, session: Session, row: PortfolioRow, uid: str) -> Entry:
    """The one entry of a portfolio that is called so.

    Raises:
        LookupError: none is, or several are, of several frameworks or versions.
    """
    from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio

    view = view_portfolio(connection, session.project, caller(), row.id)
    found = [entry for entry in view.entries if uid in (entry.row.described.use_case.uid, f"#{entry.place}")]
    if len(found) != 1:
        how = "has no" if not found else "has several"
        raise LookupError(f"{row.name} {how} {uid}; caseforge portfolio show {row.id} shows them, and #1 means the first one")
    return found[0]


def _json(row: PortfolioRow) -> dict[str, object]:
    names = ("id", "name", "description", "owner", "is_shared", "revision", "created_at", "changed_at", "entries")
    return {name.removeprefix("is_"): getattr(row, name) for name in names}


def _entry_json(entry: Entry) -> dict[str, object]:
    of = entry.row.described
    more = {"place": entry.place, "note": entry.row.note, "code": of.code, "name": of.name, "values": dict(entry.values)}
    return json_of(of.use_case) | more | {"priority": entry.priority, "score": of.score, "simulated": of.simulated}


def _sums(view: PortfolioView) -> dict[str, object]:
    names: Sequence[str] = (
        "entries",
        "processes",
        "superseded",
        "simulated",
        "value",
        "effort",
        "risk",
        "categories",
        "frameworks",
        "statuses",
    )
    return {name: getattr(view.sums, name) for name in names}
