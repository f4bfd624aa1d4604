"""Selects the nodes that content is generated for, by selectors as they stand in caseforge.toml and behind --nodes."""

import re
from collections.abc import Callable, Iterable, Sequence

from caseforge_assets.frameworks.keys import nodes_by_code, partition_key
from caseforge_assets.frameworks.records import Node

_LEVEL = re.compile(r"level:(\d{1,3})(?:-(\d{1,3}))?")
_GRAMMAR = 'Use "leaf", "all", "level:3", "level:2-3", a branch such as "8.*" or a code such as "8.1.2".'


def select_targets(nodes: Sequence[Node], selector: str | Sequence[str] = "leaf") -> tuple[Node, ...]:
    """Selects nodes, in the order of the framework.

    A selector is one or more terms, separated by spaces or commas. What and where are independent of each other:

        leaf          nodes without children; this is what is selected when nothing else is said
        all           all nodes
        level:3       nodes on level 3, leaves or not; level:2-3 for several levels
        8.*           within the branch of node 8 (or 8.0): the node and everything below it
        8.1.2         the node 8.1.2, whether leaf or not; nodes may be named by their ids or keys, too

    Several branches and codes, and several levels, add up: "8.* 9.1.*" are the leaves of both branches. A level and a branch
    narrow each other: "8.* level:4" are the nodes on level 4 in branch 8; "leaf level:4" are leaves on level 4. A code is
    taken as it is unless leaf or level is given, too. A sequence of selectors selects what any of them selects.

    Args:
        nodes: All nodes of an edition.
        selector: One selector, or several.

    Returns:
        The selected nodes without repetition, at least one.

    Raises:
        ValueError: A selector is not understood, names a node that is not there, or selects nothing.
    """
    selectors = [selector] if isinstance(selector, str) else list(selector)
    if not selectors:
        raise ValueError(f"There is no selector. {_GRAMMAR}")
    selected: set[str] = set()
    for text in selectors:
        selected |= _selected(nodes, text)
    return tuple(node for node in nodes if node.code in selected)


def _selected(nodes: Sequence[Node], text: str) -> set[str]:
    terms = text.replace(",", " ").split()
    if not terms:
        raise ValueError(f"The selector is empty. {_GRAMMAR}")
    kinds = [term for term in terms if term in ("leaf", "all") or term.startswith("level:")]
    places = [term for term in terms if term not in kinds]
    by_code = nodes_by_code(nodes)
    branch_heads = {_head(term, by_code).code for term in places if term.endswith(".*")}
    codes = {_head(term, by_code).code for term in places if not term.endswith(".*")}
    in_place = codes | (_below(nodes, branch_heads) if branch_heads or not places else set())
    fits = _kind_test(kinds)
    found = {node.code for node in nodes if node.code in in_place and (fits(node) or (not kinds and node.code in codes))}
    if not found:
        raise ValueError(
            f'The selector "{text}" selects no node. The framework has levels 1 to {max((node.level for node in nodes), default=0)}.'
        )
    return found


def _head(term: str, by_code: dict[str, Node]) -> Node:
    code = term.removesuffix(".*")
    node = by_code.get(code) or by_code.get(f"{code}.0") or _called_otherwise(code, by_code)
    if node is None:
        is_code = bool(re.fullmatch(r"[\w.-]*\d[\w.-]*", code))
        reason = f'There is no node "{code}" in the framework.' if is_code else f'"{term}" is not understood.'
        raise ValueError(f"{reason} {_GRAMMAR}")
    return node


def _called_otherwise(name: str, by_code: dict[str, Node]) -> Node | None:
    """The node with this id or key."""
    return next((node for node in by_code.values() if node.stable_id is not None and name in (node.stable_id, partition_key(node))), None)


def _below(nodes: Iterable[Node], heads: set[str]) -> set[str]:
    """Gives the codes of the heads and of all nodes below them; of all nodes where there are no heads."""
    if not heads:
        return {node.code for node in nodes}
    inside = set(heads)
    for node in sorted(nodes, key=lambda node: node.level):
        if node.parent_code in inside:
            inside.add(node.code)
    return inside


def _kind_test(kinds: Sequence[str]) -> Callable[[Node], bool]:
    levels: set[int] = set()
    for term in kinds:
        if term.startswith("level:"):
            levels |= _levels(term)
    leaves_only = "leaf" in kinds or not kinds
    return lambda node: (not leaves_only or node.is_leaf) and (not levels or node.level in levels)


def _levels(term: str) -> set[int]:
    match = _LEVEL.fullmatch(term)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise ValueError(f'"{term}" is not a level. {_GRAMMAR}')
    return set(range(first, last + 1))
