"""Finds the nodes that a person names: by codes, partition keys, branches, or as a few spread over the framework."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.frameworks.keys import key_of
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import frameworks, nodes
from caseforge_assets.store.editions.nodes import NodeRow, PlacedNode
from caseforge_assets.store.figures.exports import Listed

BRANCH = ".*"
OWNERS_SHOWN = 10


def choose_nodes(
    connection: Connection, key: str, text: str | None, count: int | None = None, *, owner: str | None = None
) -> list[int] | None:
    """Node ids of target nodes; None means all of them.

    Args:
        text: codes, ids, partition keys or names (those without a comma) separated by commas; `8.*` is the branch of 8 (or 8.0), which may be named
            by its id or key, too.
        count: that many of the chosen ones, spread evenly.
        owner: of these, those whose own owner this is, or whose framework's, where they have none of their own.

    Raises:
        LookupError: a part names no target node, or none has this owner; the text says which, and which owners there are.
    """
    targets = nodes.target_nodes(connection, key)
    if not targets:
        raise LookupError(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    chosen = targets
    if text is not None:
        first = targets[0].code
        hint = f"target node of framework {key!r} (codes such as {first}, branches such as {first.split('.')[0]}.*)"
        wanted = named_nodes(connection, key, targets, text, hint)
        chosen = [row for row in targets if row.node_id in wanted]
    if owner is not None:
        chosen = _owned(connection, key, chosen, owner)
    if count is not None:
        chosen = spread(chosen, count)
    return None if text is None and count is None and owner is None else [row.node_id for row in chosen]


def _owned(connection: Connection, key: str, rows: Sequence[NodeRow], owner: str) -> list[NodeRow]:
    edition = frameworks.current_edition(connection, key)
    of_framework = edition.owner if edition else ""
    found = [row for row in rows if (row.owner or of_framework) == owner]
    if not found:
        owners = sorted({row.owner or of_framework for row in rows} - {""})
        shown = f"{', '.join(owners[:OWNERS_SHOWN])}{', …' if len(owners) > OWNERS_SHOWN else ''}" if owners else "nobody"
        raise LookupError(f"no node of {key} that is meant has the owner {owner!r}; owners of these are: {shown}")
    return found


def nodes_of_model(
    connection: Connection, key: str, stages: Sequence[str], text: str | None, model: str, *, owner: str | None = None
) -> list[int]:
    """Node ids of target nodes with content of any of these stages that a model made.

    Args:
        text, owner: only these, as for `choose_nodes`.

    Raises:
        LookupError: there is no such content; the text names the models that made what there is.
    """
    chosen = choose_nodes(connection, key, text, owner=owner) or [row.node_id for row in nodes.target_nodes(connection, key)]
    found = {node_id for stage in stages for node_id in contents.made_by(connection, stage, chosen, model)}
    if not found:
        models = sorted({name for stage in stages for name in contents.models_of(connection, stage, chosen)})
        raise LookupError(f"{model} made nothing that is there; what is there is from: {', '.join(models) or 'no model yet'}")
    return [node_id for node_id in chosen if node_id in found]


def named_alone(connection: Connection, key: str, text: str | None) -> set[int]:
    """Node ids of the target nodes that a text names by themselves, not with their branch."""
    parts = [piece.strip() for piece in (text or "").split(",")]
    targets = nodes.target_nodes(connection, key)
    return {row.node_id for part in parts if part and not part.endswith(BRANCH) for row in _called(targets, part)}


def spread(rows: Sequence[NodeRow], count: int) -> list[NodeRow]:
    """At most `count` rows, evenly over the whole."""
    if count >= len(rows):
        return list(rows)
    return [rows[index * len(rows) // count] for index in range(count)]


def named_nodes(
    connection: Connection, key: str, rows: Sequence[NodeRow] | Sequence[Listed], text: str, what: str, *, retired: bool = False
) -> set[int]:
    """Node ids of the rows that a text names.

    Args:
        rows: target nodes, or contents of them.
        text: as for `choose_nodes`.
        what: what a row is, for the message where a part names none.
        retired: whether the rows are of older editions.

    Raises:
        LookupError: a part names no row; the text says which.
    """
    parts = [piece.strip() for piece in text.split(",") if piece.strip()]
    placed = nodes.placed_nodes(connection, key, all_editions=retired) if any(part.endswith(BRANCH) for part in parts) else []
    wanted: set[int] = set()
    for part in parts:
        found = (
            _of_branch(rows, placed, part.removesuffix(BRANCH)) if part.endswith(BRANCH) else {row.node_id for row in _called(rows, part)}
        )
        if not found:
            is_branch = not part.endswith(BRANCH) and _heads(nodes.placed_nodes(connection, key, all_editions=retired), part)
            raise LookupError(f"{part!r} is no {what}" + (f"; what is below it is {part}{BRANCH}" if is_branch else ""))
        wanted |= found
    return wanted


def _called(rows: Sequence[NodeRow] | Sequence[Listed], name: str) -> list[NodeRow | Listed]:
    """The rows that are called so: by code or key, else by id, else by the process's name."""
    return (
        [row for row in rows if name in (row.code, row.partition_key)]
        or [row for row in rows if name == row.identity]
        or [row for row in rows if name.casefold() == row.name.casefold()]
    )


def _of_branch(rows: Sequence[NodeRow] | Sequence[Listed], placed: Sequence[PlacedNode], head: str) -> set[int]:
    """The rows at or below a node; where no node is called so, those whose codes begin so."""
    inside = _below(placed, _heads(placed, head))
    if inside:
        return {row.node_id for row in rows if row.node_id in inside}
    beginning = head.removesuffix(".0")
    return {row.node_id for row in rows if row.code.startswith(f"{beginning}.") or row.code == beginning}


def _heads(placed: Sequence[PlacedNode], name: str) -> set[tuple[int, str]]:
    """Edition and code of the nodes that are called so: by code, else by id or key."""
    codes = {name, f"{name}.0", name.removesuffix(".0")}
    found = {(node.edition_id, node.code) for node in placed if node.code in codes}
    return found or {(node.edition_id, node.code) for node in placed if name in (node.identity, key_of(node.code, node.identity))}


def _below(placed: Sequence[PlacedNode], heads: set[tuple[int, str]]) -> set[int]:
    """Ids of the nodes at or below these, by their parents; rows of an edition may stand in any order."""
    children: dict[tuple[int, str], list[PlacedNode]] = {}
    for node in placed:
        if node.parent_code is not None:
            children.setdefault((node.edition_id, node.parent_code), []).append(node)
    inside = {node.node_id for node in placed if (node.edition_id, node.code) in heads}
    pending = list(heads)
    while pending:
        for node in children.get(pending.pop(), ()):
            inside.add(node.node_id)
            pending.append((node.edition_id, node.code))
    return inside
