"""A node's version is another one where its texts, path or indicators are, and for no other reason."""

from dataclasses import replace

import pytest

from caseforge_assets.contexts import context_version, node_version
from caseforge_assets.frameworks import Kpi, Node
from caseforge_assets_tests.contexts.nodes import node

ROOT = node("Sell", "Selling things.")
LEAF = node("Call people", "Calling them.", kpis=(Kpi("Calls", "a / b", "calls", "Cycle Time", "7"),))


def test_codes_ids_and_places_do_not_count():
    moved = replace(LEAF, code="9.9", stable_id="x", identity="x", level=5, parent_code="9", position=77, is_leaf=False)
    assert node_version(moved, (replace(ROOT, code="9"),)) == node_version(LEAF, (ROOT,))


def test_invisible_differences_do_not_count():
    assert node_version(replace(LEAF, name="Call\u00a0people "), (ROOT,)) == node_version(LEAF, (ROOT,))


@pytest.mark.parametrize(
    ("leaf", "ancestors"),
    [
        (replace(LEAF, name="Call persons"), (ROOT,)),
        (replace(LEAF, description="Calling all."), (ROOT,)),
        (replace(LEAF, kpis=()), (ROOT,)),
        (replace(LEAF, kpis=(replace(LEAF.kpis[0], formula="a"),)), (ROOT,)),
        (LEAF, (replace(ROOT, name="Sale"),)),
        (LEAF, (replace(ROOT, description=""),)),
        (LEAF, ()),
        (LEAF, (ROOT, ROOT)),
    ],
)
def test_texts_path_and_kpis_count(leaf: Node, ancestors: tuple[Node, ...]):
    assert node_version(leaf, ancestors) != node_version(LEAF, (ROOT,))


def test_versions_are_sha256_in_hex():
    assert context_version("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(node_version(LEAF, (ROOT,))) == 64
