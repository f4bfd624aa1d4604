"""tokens: what programs show to use the service."""

from __future__ import annotations

from dataclasses import asdict

import click

from caseforge_assets.access.roles import Role
from caseforge_assets.cli.access.users import grant_of, in_framework_option, limit_of, limit_option
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.costs.sums import exact_usd


@click.group()
def tokens() -> None:
    """Tokens of programs for `caseforge serve`: `Authorization: Bearer TOKEN`."""


@tokens.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What the program may do.")
@in_framework_option
@limit_option
@click.option("--expires", default="90d", show_default=True, metavar="TIME", help="How long it can be used, such as 12h or 90d; `never`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@pass_session
def create(session: Session, name: str, role: str, key: str | None, limit_usd: float | None, expires: str, as_json: bool) -> None:
    """Make a token called NAME. It is printed once, on standard output, and cannot be shown again."""
    from caseforge_assets.commands.access.create_token import create_token, life_of

    grant = grant_of(role, key)
    with session.store.begin() as connection:
        secret, row = create_token(connection, name, grant, by=account_name(), limit_usd=limit_of(limit_usd), lasts=life_of(expires))
    until = "until it is revoked" if row.expires_at is None else f"until {row.expires_at:%Y-%m-%d %H:%M} UTC"
    errors.print(f"Token {row.name}, {grant}, can be used {until}. Keep it now, it is not shown again:")
    if as_json:
        import json

        click.echo(json.dumps({"name": row.name, "token": secret, "expires_at": None if row.expires_at is None else str(row.expires_at)}))
    else:
        click.echo(secret)


@tokens.command("list")
@click.option("--all", "with_ended", is_flag=True, help="Those that were revoked or are over as well.")
@json_option
@pass_session
def list_tokens(session: Session, with_ended: bool, as_json: bool) -> None:
    """Tokens with their last use; never what they are."""
    from caseforge_assets.store.access import tokens as kept

    with session.store.connect() as connection:
        rows = kept.page(connection, with_ended=with_ended)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        console.print("There is no token. `caseforge tokens create NAME --role reader` makes one.")
        return
    table = FittingTable("Name", "Role", "Limit", "Made by", "Ends", "Last used", drop=("Made by", "Limit"))
    for row in rows:
        ends = f"revoked by {row.revoked_by}" if row.revoked_at else f"{row.expires_at:%Y-%m-%d}" if row.expires_at else "never"
        used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never"
        where = f"{row.role} in {row.framework_key}" if row.framework_key else row.role
        table.add_row(row.name, where, "" if row.limit_usd is None else exact_usd(row.limit_usd), row.created_by, ends, used)
    console.print(table)


@tokens.command()
@click.argument("name")
@pass_session
def revoke(session: Session, name: str) -> None:
    """End the token NAME at once."""
    from caseforge_assets.commands.access.revoke_token import revoke_token

    with session.store.begin() as connection:
        row = revoke_token(connection, name, by=account_name())
    console.print(f"Token {row.name} is revoked; the next call with it is refused.")
