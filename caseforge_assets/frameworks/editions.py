"""Identities and codes that an edition takes over from those before it, so that a node stays the same: how it is known, and its code where codes are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseforge_assets.frameworks.normalize import identifying, normalize_name
from caseforge_assets.frameworks.records import Edition, Node
from caseforge_assets.frameworks.tables.codes import made_codes


def as_before(edition: Edition, known: Mapping[str, str]) -> tuple[Node, ...]:
    """Gives an edition's nodes as they are known from earlier ones.

    An identity that differs from an earlier one only by what cannot be seen is that one. Where codes are made, a node keeps its own, and none is given to
    another node.

    Args:
        edition: As read.
        known: The newest code of each node that any edition had, by identity.
    """
    nodes = _with_known_identities(edition.nodes, known)
    return _with_known_codes(nodes, known) if edition.codes_are_made else nodes


def _with_known_identities(nodes: Sequence[Node], known: Mapping[str, str]) -> tuple[Node, ...]:
    read = {node.identity for node in nodes}
    seen = {identifying(normalize_name(identity)): identity for identity in known if identity not in read}
    return tuple(
        node
        if node.identity in known or identifying(node.identity) not in seen
        else replace(node, identity=seen[identifying(node.identity)])
        for node in nodes
    )


def _with_known_codes(nodes: Sequence[Node], known: Mapping[str, str]) -> tuple[Node, ...]:
    positions = {node.code: position for position, node in enumerate(nodes)}
    parents = [None if node.parent_code is None else positions[node.parent_code] for node in nodes]
    codes = made_codes(parents, [known.get(node.identity) for node in nodes], known.values())
    return tuple(
        replace(node, code=codes[position], parent_code=None if (parent := parents[position]) is None else codes[parent])
        for position, node in enumerate(nodes)
    )
