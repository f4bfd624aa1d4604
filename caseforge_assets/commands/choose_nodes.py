"""Which nodes a person means: codes, partition keys, branches, or a few spread over the framework."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.store import contents, nodes
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.exports import Listed
from caseforge_assets.store.nodes import NodeRow


def choose_nodes(connection: Connection, key: str, text: str | None, count: int | None = None) -> list[int] | None:
    """Node ids of target nodes; None means all of them.

    Args:
        text: codes or partition keys separated by commas; `8.*` is the branch below 8 (or 8.0).
        count: that many of the chosen ones, spread evenly.

    Raises:
        LookupError: a part names no target node; the text says which.
    """
    targets = nodes.target_nodes(connection, key)
    if not targets:
        raise LookupError(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    chosen = targets
    if text is not None:
        first = targets[0].code
        hint = f"target node of framework {key!r} (codes such as {first}, branches such as {first.split('.')[0]}.*)"
        wanted = named_nodes(targets, text, hint)
        chosen = [row for row in targets if row.node_id in wanted]
    if count is not None:
        chosen = spread(chosen, count)
    return None if text is None and count is None else [row.node_id for row in chosen]


def nodes_of_model(connection: Connection, key: str, stages: Sequence[str], text: str | None, model: str) -> list[int]:
    """Node ids of target nodes with content of any of these stages that a model made.

    Args:
        text: only these, as for `choose_nodes`.

    Raises:
        LookupError: there is no such content; the text names the models that made what there is.
    """
    chosen = choose_nodes(connection, key, text) or [row.node_id for row in nodes.target_nodes(connection, key)]
    found = {node_id for stage in stages for node_id in contents.made_by(connection, stage, chosen, model)}
    if not found:
        models = sorted({name for stage in stages for name in contents.models_of(connection, stage, chosen)})
        raise LookupError(f"{model} made nothing that is there; what is there is from: {', '.join(models) or 'no model yet'}")
    return [node_id for node_id in chosen if node_id in found]


def named_alone(connection: Connection, key: str, text: str | None) -> set[int]:
    """Node ids of the target nodes that a text names by themselves, not with their branch."""
    parts = [piece.strip() for piece in (text or "").split(",")]
    alone = {part for part in parts if part and not part.endswith(".*")}
    return {row.node_id for row in nodes.target_nodes(connection, key) if alone & {row.code, row.partition_key}}


def spread(rows: Sequence[NodeRow], count: int) -> list[NodeRow]:
    """At most `count` rows, evenly over the whole."""
    if count >= len(rows):
        return list(rows)
    return [rows[index * len(rows) // count] for index in range(count)]


def named_nodes(rows: Sequence[NodeRow] | Sequence[Listed], text: str, what: str) -> set[int]:
    """Node ids of the rows that a text names.

    Args:
        text: as for `choose_nodes`.
        what: what a row is, for the message where a part names none.

    Raises:
        LookupError: a part names no row; the text says which.
    """
    wanted: set[int] = set()
    for part in (piece.strip() for piece in text.split(",") if piece.strip()):
        found = {row.node_id for row in rows if _is_meant(row, part)}
        if not found:
            raise LookupError(f"{part!r} is no {what}")
        wanted |= found
    return wanted


def _is_meant(row: NodeRow | Listed, part: str) -> bool:
    if part.endswith(".*"):
        branch = part[:-2].removesuffix(".0")
        return row.code.startswith(f"{branch}.") or row.code == branch
    return part in (row.code, row.partition_key)
