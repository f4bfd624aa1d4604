"""Properties of trees, selections and keys, for any framework."""

import csv
import io
import tempfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseforge_assets.frameworks import Node, node_path, nodes_by_code, partition_key, read_framework, select_targets
from caseforge_assets.frameworks.keys import key_of

# For each node the place of its parent among the nodes before it; 0 is none.
SHAPES = st.lists(st.integers(min_value=0, max_value=30), min_size=1, max_size=30).map(
    lambda numbers: [number % (place + 1) for place, number in enumerate(numbers)]
)


def framework(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> tuple[Node, ...]:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "framework.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        result = read_framework(path)
    assert result.problems == ()
    assert result.edition is not None
    return result.edition.nodes


def levels_of(shape: list[int]) -> list[int]:
    levels: list[int] = []
    for parent in shape:
        levels.append(1 if parent == 0 else levels[parent - 1] + 1)
    return levels


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES.filter(lambda shape: max(levels_of(shape)) <= 12), order=st.randoms(use_true_random=False))
def test_any_tree_is_built_whatever_the_order_of_its_rows(shape: list[int], order):
    rows = [(f"n{place}", f"Name {place}", "x", f"n{parent}" if parent else "") for place, parent in enumerate(shape, start=1)]
    order.shuffle(rows)
    nodes = framework(rows, ("code", "name", "description", "parent"))
    by_code = nodes_by_code(nodes)
    assert [node.code for node in nodes] == [row[0] for row in rows]
    for place, (parent, level) in enumerate(zip(shape, levels_of(shape), strict=True), start=1):
        node = by_code[f"n{place}"]
        assert (node.parent_code, node.level) == (f"n{parent}" if parent else None, level)
        assert node.is_leaf == (place not in shape)
        path = node_path(node, by_code)
        assert [ancestor.level for ancestor in path] == list(range(1, level))
        assert node.identity == " › ".join(part.name for part in (*path, node))


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES.filter(lambda shape: max(levels_of(shape)) <= 12))
def test_dotted_codes_and_a_parent_column_give_the_same_tree(shape: list[int]):
    codes: list[str] = []
    children: Counter[int] = Counter()
    for parent in shape:
        children[parent] += 1
        codes.append(f"{codes[parent - 1]}.{children[parent]}" if parent else str(children[0]))
    names = [(code, f"Name {code}", "x") for code in codes]
    dotted = framework(names, ("code", "name", "description"))
    stated = framework(
        [(*row, codes[parent - 1] if parent else "") for row, parent in zip(names, shape, strict=True)],
        ("code", "name", "description", "parent"),
    )
    assert dotted == stated


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES.filter(lambda shape: max(levels_of(shape)) <= 12))
def test_leaves_of_all_branches_are_all_leaves(shape: list[int]):
    rows = [(f"n{place}", f"Name {place}", "x", f"n{parent}" if parent else "") for place, parent in enumerate(shape, start=1)]
    nodes = framework(rows, ("code", "name", "description", "parent"))
    roots = [node.code for node in nodes if node.level == 1]
    assert select_targets(nodes, [f"{code}.*" for code in roots]) == select_targets(nodes) == tuple(node for node in nodes if node.is_leaf)
    by_level = [select_targets(nodes, f"level:{level}") for level in range(1, max(levels_of(shape)) + 1)]
    assert sum(map(len, by_level)) == len(nodes) == len(select_targets(nodes, "all"))


def tree() -> tuple[Node, ...]:
    codes = ["1.0", "1.1", "1.1.1", "1.1.2", "1.2", "10.0", "10.1", "8.0"]
    return framework([(code, f"id{code}", f"Name {code}", "x") for code in codes], ("code", "id", "name", "description"))


@pytest.mark.parametrize(
    ("selector", "codes"),
    [
        ("leaf", "1.1.1 1.1.2 1.2 10.1 8.0"),
        ("all", "1.0 1.1 1.1.1 1.1.2 1.2 10.0 10.1 8.0"),
        ("level:2", "1.1 1.2 10.1"),
        ("level:1-2", "1.0 1.1 1.2 10.0 10.1 8.0"),
        ("leaf level:2", "1.2 10.1"),
        ("1.*", "1.1.1 1.1.2 1.2"),
        ("1.0.*", "1.1.1 1.1.2 1.2"),
        ("8.*", "8.0"),
        ("10.*, 1.1.*", "1.1.1 1.1.2 10.1"),
        ("1.* level:2", "1.1 1.2"),
        ("1.* all", "1.0 1.1 1.1.1 1.1.2 1.2"),
        ("1.1", "1.1"),
        ("1 10.*", "1.0 10.1"),
        (["10.*", "level:1"], "1.0 10.0 10.1 8.0"),
        ("id1.1.*", "1.1.1 1.1.2"),
        ("1.1_id1.1.*", "1.1.1 1.1.2"),
        ("id1.0.* id8.0", "1.1.1 1.1.2 1.2 8.0"),
    ],
)
def test_selectors(selector: str | list[str], codes: str):
    assert " ".join(node.code for node in select_targets(tree(), selector)) == codes


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("7.*", 'There is no node "7" in the framework'),
        ("1.9", 'There is no node "1.9"'),
        ("leaves", '"leaves" is not understood'),
        ("level:x", '"level:x" is not a level'),
        ("level:0", '"level:0" is not a level'),
        ("level:3-2", "is not a level"),
        ("level:7", "selects no node. The framework has levels 1 to 3"),
        ("10.* level:3", "selects no node"),
        ("1.1 leaf", "selects no node"),
        (" ", "The selector is empty"),
        ([], "There is no selector"),
    ],
)
def test_selectors_that_mean_nothing(selector: str | list[str], message: str):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        select_targets(tree(), selector)


def test_partition_keys():
    assert partition_key(tree()[2]) == "1.1.1_id1.1.1"
    assert key_of("1.2.4", None) == "1.2.4"
    assert key_of("1.2.4", "a_b, c…") == "1.2.4_a%5Fb%2C%20c%E2%80%A6"
    assert key_of("1", "a...b") == "1_a%2E%2E.b"


@given(
    stable_id=st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()),
    code=st.from_regex(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", fullmatch=True),
)
def test_keys_are_safe_and_can_be_taken_apart(stable_id: str, code: str):
    key = key_of(code, stable_id)
    assert "..." not in key
    assert not set(key) & set(", \n\r[]")
    assert key.rpartition("_")[0] == code
    assert unquote(key.rpartition("_")[2]) == stable_id
