"""Versions of nodes and contexts: hashes over their content. Codes are not content, they change between editions."""

import hashlib
import json
from collections.abc import Sequence

from caseforge_assets.frameworks.normalize import normalize_description, normalize_name
from caseforge_assets.frameworks.records import Node


def node_version(node: Node, ancestors: Sequence[Node]) -> str:
    """Gives the version of a node: SHA-256, in hex, over the names and descriptions on its path and its KPIs.

    Args:
        node: The node; its code, id, level and position do not count.
        ancestors: Root first, without the node.
    """
    content = {
        "path": [[normalize_name(part.name), normalize_description(part.description)] for part in (*ancestors, node)],
        "kpis": [[kpi.name, kpi.formula, kpi.units, kpi.category] for kpi in node.kpis],
    }
    return _sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def context_version(text: str) -> str:
    """Gives the version of a context: SHA-256, in hex, over its UTF-8 text."""
    return _sha256(text)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
