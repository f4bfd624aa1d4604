"""Names nodes to Dagster, and finds their ancestors. No reading, no selecting."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from caseforge_assets.frameworks.records import Node


def partition_key(node: Node) -> str:
    """Gives the node's partition key: code and stable id, "1.2.4_10039"; the code alone where the file has no id.

    Dagster refuses "..." and line breaks in keys and separates keys by commas; in ids such characters are percent-encoded.
    """
    return key_of(node.code, node.stable_id)


def key_of(code: str, stable_id: str | None) -> str:
    """Gives the partition key for a code and a stable id. An underscore in the id is encoded: the last one separates."""
    if stable_id is None:
        return code
    encoded = quote(stable_id, safe="").replace("_", "%5F").replace("~", "%7E").replace("..", "%2E%2E")
    return f"{code}_{encoded}"


def nodes_by_code(nodes: Iterable[Node]) -> dict[str, Node]:
    """Indexes the nodes of one edition by their codes."""
    return {node.code: node for node in nodes}


def node_path(node: Node, by_code: Mapping[str, Node]) -> tuple[Node, ...]:
    """Gives the node's ancestors, root first, without the node itself.

    Raises:
        KeyError: by_code is of another edition and lacks an ancestor.
    """
    ancestors: list[Node] = []
    code = node.parent_code
    while code is not None:
        ancestor = by_code[code]
        ancestors.append(ancestor)
        code = ancestor.parent_code
    return tuple(reversed(ancestors))
