"""plan --similar and pairs: nodes that are nearly the same, and those that a person accepted as the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import chosen_id, framework_option, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Connection
    from caseforge_assets.store.editions.pairs import ComparedNode


def print_similar(
    session: Session, connection: Connection, key: str, at_least: float, ids: list[int] | None, *, simulated: bool, as_json: bool
) -> None:
    """Nodes that would be asked for, each beside one that it is like; where the descriptions differ, both are shown."""
    from caseforge_assets.commands.editions.find_similar import find_similar

    pairs = find_similar(connection, session.project, key, at_least, simulated=simulated, node_ids=ids)
    if as_json:
        print_json([asdict(pair) for pair in pairs])
        return
    if not pairs:
        console.print(f"No node that would be asked for is like another one by {at_least:.0%} in name and description.")
        return
    table = FittingTable("Node", "is like", "Names", "Texts", "Answer there", title="Nearly the same", show_lines=True)
    for pair in pairs:
        alike = (f"{pair.of_names:.0%}", f"{pair.of_descriptions:.0%}", "yes" if pair.like.has_content else "not yet")
        texts = pair.node.description != pair.like.description
        table.add_row(_described(pair.node, texts), _described(pair.like, texts), *alike)
    console.print(table)
    first = pairs[0]
    console.print(
        "Alike is not the same: read both. A pair that means the same is accepted with\n"
        f"  caseforge pairs accept {first.node.code} {first.like.framework_key}:{first.like.code} --framework {first.node.framework_key}"
    )


def _described(node: ComparedNode, with_text: bool) -> str:
    return f"{node.framework_key} {node.code} {node.name}" + (f"\n{node.description}" if with_text and node.description else "")


@click.group()
def pairs() -> None:
    """Nodes that take their answers from another one, because a person said that the two are the same.

    `caseforge plan --similar 0.9` lists the nodes that are nearly the same.
    """


@pairs.command()
@click.argument("node")
@click.argument("like", metavar="LIKE")
@framework_option
@click.option("--by", metavar="NAME", help="Who accepts it; by default the name of the account.")
@pass_session
def accept(session: Session, node: str, like: str, key: str | None, by: str | None) -> None:
    """Let NODE take the answers of LIKE: a code, or framework:code for one of another framework.

    It is remembered, also for later editions, and holds as long as NODE's own name and description stay as they are.
    """
    from caseforge_assets.commands.editions.accept_pair import accept_pair

    key = session.framework_key(key)
    with session.store.begin() as connection:
        node_id, like_id = chosen_id(connection, key, node), chosen_id(connection, *_split(session, like, key))
        accept_pair(connection, session.stages, node_id, like_id, by or account_name())
    console.print(f"{key} {node} takes its answers from {like}. `caseforge plan --framework {key}` shows what that saves.")


@pairs.command()
@click.argument("node")
@framework_option
@pass_session
def forget(session: Session, node: str, key: str | None) -> None:
    """Take NODE's pair back. What was reused by it stays until NODE is asked for again."""
    from caseforge_assets.commands.editions.accept_pair import forget_pair

    key = session.framework_key(key)
    with session.store.begin() as connection:
        found = forget_pair(connection, session.stages, chosen_id(connection, key, node), by=account_name())
    if not found:
        raise LookupError(f"{key} {node} has no accepted pair; `caseforge pairs list` shows those there are")
    console.print(f"{key} {node} has an answer of its own from the next time that it is asked for.")


@pairs.command("list")
@json_option
@pass_session
def show(session: Session, as_json: bool) -> None:
    """All accepted pairs, and whether they still hold."""
    from caseforge_assets.store.editions import pairs as accepted

    with session.store.connect() as connection:
        rows = accepted.accepted_pairs(connection)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        console.print("No pair was accepted. `caseforge plan --similar 0.9 --framework KEY` lists nodes that are nearly the same.")
        return
    table = FittingTable("Node", "takes the answers of", "Holds", "Accepted by", "When", drop=("When", "Accepted by"))
    for row in rows:
        holds = "yes" if row.holds else "no: the node's text has changed since"
        texts = (f"{row.framework_key} {row.code} {row.name}", f"{row.like_framework_key} {row.like_code} {row.like_name}")
        table.add_row(*texts, holds, row.accepted_by, f"{row.accepted_at:%Y-%m-%d %H:%M}")
    console.print(table)


def _split(session: Session, text: str, key: str) -> tuple[str, str]:
    framework, colon, code = text.rpartition(":")
    return (session.framework_key(framework), code) if colon else (key, code)
