"""webhooks: who is told of events, and what came of each delivery."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.events.addresses import shown_url
from caseforge_assets.events.kinds import DeliveryState, EventKind

if TYPE_CHECKING:
    from caseforge_assets.settings.service_secret import ServiceSecret
    from caseforge_assets.store.serving.webhooks import WebhookRow

NOT_TAKEN = 1
webhook_argument = click.argument("webhook_id", metavar="WEBHOOK", type=click.IntRange(1))


@click.group()
def webhooks() -> None:
    """Webhooks: addresses that are told of events, signed, at least once. `caseforge serve` (or `work`) delivers."""


@webhooks.command()
@click.argument("url", metavar="URL")
@click.option(
    "--events", "kinds", metavar="KINDS", default="", help=f"Of these kinds only, with commas between them: {', '.join(EventKind)}."
)
@click.option("--framework", metavar="KEY", help="Of this framework only.")
@pass_session
def add(session: Session, url: str, kinds: str, framework: str | None) -> None:
    """Have URL told of what happens from now on. What signs the messages is printed once."""
    from caseforge_assets.commands.telling.manage_webhooks import add_webhook

    named = [_kind(kind.strip()) for kind in kinds.split(",") if kind.strip()]
    key = session.known_key(framework) if framework else None
    allowed = session.settings.configuration.service.webhook_allow
    secret = _secret(session)
    with session.store.begin() as connection:
        row = add_webhook(connection, url, named, key, allowed=allowed, by=account_name())
    _print_secret(secret, row)


@webhooks.command()
@webhook_argument
@pass_session
def rotate(session: Session, webhook_id: int) -> None:
    """Sign what WEBHOOK is sent with another secret from now on; it is printed once."""
    from caseforge_assets.commands.telling.manage_webhooks import rotate_secret

    secret = _secret(session)
    with session.store.begin() as connection:
        row = rotate_secret(connection, webhook_id, by=account_name())
    _print_secret(secret, row)


@webhooks.command("list")
@json_option
@pass_session
def list_webhooks(session: Session, as_json: bool) -> None:
    """Show who is told of what, and how much waits or was given up."""
    from caseforge_assets.store.serving.webhooks import standing

    with session.store.connect() as connection:
        rows = standing(connection)
    if as_json:
        print_json([asdict(row) | {"url": shown_url(row.url)} for row in rows])
        return
    if not rows:
        console.print("Nobody is told of events. Add a webhook with `caseforge webhooks add URL`.")
        return
    table = FittingTable("Webhook", "URL", "Events", "Framework", "Waiting", "Given up")
    for row in rows:
        kinds = ", ".join(row.kinds) or "all"
        table.add_row(str(row.id), shown_url(row.url), kinds, row.framework_key or "all", f"{row.waiting:,}", f"{row.dead:,}")
    console.print(table)


@webhooks.command()
@webhook_argument
@pass_session
def remove(session: Session, webhook_id: int) -> None:
    """Deliver nothing more to WEBHOOK; what waits for it is given up."""
    from caseforge_assets.commands.telling.manage_webhooks import remove_webhook

    with session.store.begin() as connection:
        row = remove_webhook(connection, webhook_id, by=account_name())
    console.print(f"Webhook {webhook_id} ({shown_url(row.url)}) is removed.")


@webhooks.command()
@webhook_argument
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those that stand so.")
@json_option
@pass_session
def deliveries(session: Session, webhook_id: int, state: str | None, as_json: bool) -> None:
    """The newest 100 deliveries to WEBHOOK, and why those failed that did."""
    from caseforge_assets.commands.telling.manage_webhooks import found
    from caseforge_assets.store.serving import webhooks as stored

    with session.store.connect() as connection:
        found(connection, webhook_id)
        rows = stored.deliveries(connection, webhook_id, state=state)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        console.print("There is no such delivery.")
        return
    table = FittingTable("Delivery", "Event", "About", "State", "Tries", "Problem")
    for row in rows:
        table.add_row(
            str(row.id),
            row.kind,
            row.subject,
            row.state,
            str(row.tries),
            row.problem,
            style="red" if row.state == DeliveryState.dead else None,
        )
    console.print(table)


@webhooks.command()
@click.argument("delivery_id", metavar="DELIVERY", type=click.IntRange(1))
@pass_session
def redeliver(session: Session, delivery_id: int) -> None:
    """Have DELIVERY tried anew, however it stands, under the same id."""
    from caseforge_assets.store.access import audit
    from caseforge_assets.store.serving import webhooks as stored

    with session.store.begin() as connection:
        if not stored.try_again(connection, delivery_id):
            raise LookupError(f"there is no delivery {delivery_id}, or its webhook was removed")
        audit.note(connection, account_name(), "webhook.redelivered", f"delivery {delivery_id}")
    console.print(f"Delivery {delivery_id} is tried anew by whoever serves.")


@webhooks.command()
@webhook_argument
@pass_session
def test(session: Session, webhook_id: int) -> None:
    """Send WEBHOOK a message that reports nothing, and say what came of it. Exit code 1 when it was not taken."""
    from caseforge_assets.commands.telling.deliver_events import try_webhook
    from caseforge_assets.commands.telling.manage_webhooks import found

    with session.store.connect() as connection:
        row = found(connection, webhook_id)
    answer = try_webhook(session.store, row, _secret(session), session.settings.configuration.service.webhook_allow)
    console.print(
        f"{shown_url(row.url)}: {f'not taken: {answer.problem}' if answer.problem else 'taken'}", style="red" if answer.problem else None
    )
    sys.exit(NOT_TAKEN if answer.problem else 0)


def _kind(name: str) -> EventKind:
    try:
        return EventKind(name)
    except ValueError:
        raise click.BadParameter(f"there is no event {name!r}; there are: {', '.join(EventKind)}", param_hint="--events") from None


def _secret(session: Session) -> ServiceSecret:
    """Refused where services of the database have another one: nobody would sign with what is printed here."""
    from caseforge_assets.commands.providing.compare_secret import find_known_secret

    return find_known_secret(session.store, session.settings)


def _print_secret(of_service: ServiceSecret, row: WebhookRow) -> None:
    from caseforge_assets.commands.telling.manage_webhooks import signing_secret

    secret = signing_secret(of_service, row.id, row.secret_number)
    errors.print(
        f"Webhook {row.id}: {shown_url(row.url)} is told of {', '.join(row.kinds) or 'everything'}. Its messages are signed with this, which is not shown again:"
    )
    click.echo(secret)
