"""users: the accounts of people, their roles and passwords."""

from __future__ import annotations

import sys
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.costs.sums import exact_usd
from caseforge_assets.settings import check_framework_key

role_option = click.option("--role", type=click.Choice([role.value for role in Role]), help="What it allows: see, edit, spend, everything.")
in_framework_option = click.option("--framework", "key", metavar="KEY", help="Only in this framework; without it, in all of them.")
limit_option = click.option(
    "--limit-usd",
    type=click.FloatRange(0),
    help="The most that all plans may cost which are approved by it; without it, as the budgets allow.",
)


def grant_of(role: str, key: str | None) -> Grant:
    """A role as options name it.

    Raises:
        ConfigurationError: the key is none of a framework.
    """
    return Grant(Role(role), None if key is None else check_framework_key(key))


def limit_of(limit_usd: float | None) -> Decimal | None:
    """An amount as an option has it."""
    return None if limit_usd is None else Decimal(str(limit_usd))


def read_password() -> str:
    """Asked for twice on a terminal; otherwise the first line of standard input. It is never an argument, which others on the machine could see.

    Raises:
        click.UsageError: there is none.
    """
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("the password is read from the terminal or from standard input, and there is none")
    return password


@click.group()
def users() -> None:
    """Accounts of people for `caseforge serve`: who may sign in, and what they may do."""


@users.command()
@click.argument("name")
@role_option
@in_framework_option
@limit_option
@click.option("--issuer", metavar="URL", help="The OpenID provider where the person signs in, or `proxy`; then there is no password here.")
@click.option("--subject", metavar="TEXT", help="What that one calls the person.")
@pass_session
def add(
    session: Session, name: str, role: str | None, key: str | None, limit_usd: float | None, issuer: str | None, subject: str | None
) -> None:
    """Add an account. Its password is asked for, or read from standard input."""
    from caseforge_assets.commands.access.add_account import add_account, vouched_by

    grants = [] if role is None else [grant_of(role, key)]
    password = read_password() if issuer is None else None
    with session.store.begin() as connection:
        vouched = vouched_by(issuer, subject)
        made = add_account(
            connection, name, by=account_name(), password=password, vouched=vouched, grants=grants, limit_usd=limit_of(limit_usd)
        )
    said = f"is {grants[0]}" if grants else f"may do nothing yet: caseforge users role {made.name} reader"
    console.print(f"Account {made.name} is there and {said}.")


@users.command("list")
@json_option
@pass_session
def list_users(session: Session, as_json: bool) -> None:
    """All accounts with their roles."""
    from caseforge_assets.store.access import accounts

    with session.store.connect() as connection:
        rows = accounts.page(connection)
        roles = accounts.roles_of(connection, [row.id for row in rows])
    if as_json:
        print_json([_json(row, roles[row.id]) for row in rows])
        return
    if not rows:
        console.print("There is no account. `caseforge users add NAME --role admin` adds the first one.")
        return
    table = FittingTable("Name", "Roles", "Limit", "Signs in", "Since", drop=("Since", "Limit"))
    for row in rows:
        where = "no longer: disabled" if row.disabled_at else f"at {row.issuer}" if row.issuer else "with a password"
        limit = "" if row.limit_usd is None else exact_usd(row.limit_usd)
        table.add_row(row.name, ", ".join(map(str, roles[row.id])) or "none", limit, where, f"{row.created_at:%Y-%m-%d}")
    console.print(table)


def _json(row: Any, roles: tuple[Grant, ...]) -> dict[str, Any]:
    return asdict(row) | {"roles": [{"role": str(grant.role), "framework": grant.framework_key} for grant in roles]}


@users.command()
@click.argument("name")
@click.option("--enable", is_flag=True, help="Let the person in again.")
@pass_session
def disable(session: Session, name: str, enable: bool) -> None:
    """Let nobody in with the account NAME any more, at once."""
    from caseforge_assets.commands.access.change_account import disable_account

    with session.store.begin() as connection:
        row = disable_account(connection, name, by=account_name(), enable=enable)
    console.print(f"Account {row.name} can be used again." if enable else f"Account {row.name} is disabled, and its sessions are ended.")


@users.command()
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@in_framework_option
@click.option("--take", is_flag=True, help="Take the role instead of giving it.")
@pass_session
def role(session: Session, name: str, role: str, key: str | None, take: bool) -> None:
    """Give the account NAME a ROLE, overall or in one framework, or take it.

    reader: sees; editor: edits documents and curates; planner: makes and approves plans; admin: everything.
    """
    from caseforge_assets.commands.access.change_account import change_role

    grant = grant_of(role, key)
    with session.store.begin() as connection:
        row = change_role(connection, name, grant, by=account_name(), give=not take)
    console.print(f"{row.name} is {grant} {'no longer' if take else 'from now on'}.")


@users.command()
@click.argument("name")
@click.option("--usd", "limit_usd", type=click.FloatRange(0), help="The most that all plans may cost which the person approves.")
@click.option("--no-limit", is_flag=True, help="As much as the budgets in caseforge.toml allow.")
@pass_session
def limit(session: Session, name: str, limit_usd: float | None, no_limit: bool) -> None:
    """Set what the person of the account NAME may approve in all."""
    from caseforge_assets.commands.access.change_account import limit_account

    if no_limit == (limit_usd is not None):
        raise click.UsageError("say one of --usd and --no-limit")
    with session.store.begin() as connection:
        row = limit_account(connection, name, limit_of(limit_usd), by=account_name())
    console.print(f"{row.name} may approve {'without a limit' if row.limit_usd is None else f'up to {exact_usd(row.limit_usd)} in all'}.")


@users.command()
@click.argument("name")
@pass_session
def password(session: Session, name: str) -> None:
    """Give the account NAME another password, asked for or read from standard input. Its sessions are ended."""
    from caseforge_assets.commands.access.change_account import set_password

    new = read_password()
    with session.store.begin() as connection:
        row = set_password(connection, name, new, by=account_name())
    console.print(f"{row.name} has a new password; who was signed in has to sign in again.")
