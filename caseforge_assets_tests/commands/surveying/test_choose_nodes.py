"""Nodes are found by what is typed behind --nodes."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.editions.load_framework import NewEdition, load_framework
from caseforge_assets.commands.reporting.read_standing import read_standing
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.frameworks import read_framework
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench


def chosen(bench: Workbench, text: str | None, count: int | None = None) -> list[str]:
    with bench.store.connect() as connection:
        ids = choose_nodes(connection, KEY, text, count)
    return bench.column("select code from caseforge.node_version where node_id = any(:ids) order by position", ids=ids or [])


def test_codes_partition_keys_and_branches_in_the_frameworks_order(bench: OpenBench) -> None:
    opened = bench()
    assert chosen(opened, "2.1.1") == ["2.1.1"]
    assert chosen(opened, " 2.1.3_j, 1.1.2 ") == ["1.1.2", "2.1.3"]
    assert chosen(opened, "1.*,2.1.2") == ["1.1.1", "1.1.2", "1.1.3", "2.1.2"]
    assert chosen(opened, "2.1.*") == ["2.1.1", "2.1.2", "2.1.3"]


def test_branches_by_the_id_or_key_of_their_parent(bench: OpenBench) -> None:
    opened = bench()
    for name in ("g", "2.1_g", "2.1", "2_f", "f", "2", "2.0"):
        assert chosen(opened, f"{name}.*") == ["2.1.1", "2.1.2", "2.1.3"], name
    assert chosen(opened, "j") == ["2.1.3"]
    assert chosen(opened, "c.*") == ["1.1.1"]


def test_branches_are_those_of_the_tree_not_of_the_letters_of_codes(bench: OpenBench) -> None:
    opened = bench()
    path = opened.path / "tree.csv"
    path.write_text("id,name,parent id\n100,Sell,\n20,Win,100\n7,Call,20\n1001,Serve,\n21,Fix,1001\n")
    edition = read_framework(path).edition
    assert edition is not None
    load_framework(
        opened.store,
        opened.project,
        NewEdition("tree", FrameworkSettings(title="t", source="tree.csv", targets=("all",)), edition, "tree.csv"),
        by="test",
    )
    with opened.store.connect() as connection:
        ids = choose_nodes(connection, "tree", "100.*")
        with pytest.raises(LookupError, match=r"'10\.\*' is no target node"):
            choose_nodes(connection, "tree", "10.*")
    assert opened.column("select code from caseforge.node_version where node_id = any(:ids) order by position", ids=ids) == [
        "100",
        "20",
        "7",
    ]


def test_a_few_are_spread_over_the_framework(bench: OpenBench) -> None:
    opened = bench()
    assert chosen(opened, None, 2) == ["1.1.1", "2.1.1"]
    assert chosen(opened, "2.*", 99) == ["2.1.1", "2.1.2", "2.1.3"]


def test_all_of_them_need_no_list(bench: OpenBench) -> None:
    opened = bench()
    with opened.store.connect() as connection:
        assert choose_nodes(connection, KEY, None) is None


@pytest.mark.parametrize("text", ["1.1", "9.9.9", "1.1.1,nonsense"])
def test_what_is_no_target_node_is_named(bench: OpenBench, text: str) -> None:
    opened = bench()
    with opened.store.connect() as connection, pytest.raises(LookupError, match=f"{text.split(',')[-1]!r} is no target node"):
        choose_nodes(connection, KEY, text)


def test_a_framework_that_was_not_loaded_says_how_to_load_it(bench: OpenBench) -> None:
    opened = bench()
    with opened.store.connect() as connection, pytest.raises(LookupError, match="caseforge load FILE --framework other"):
        choose_nodes(connection, "other", None)


def test_a_node_with_others_below_it_says_how_they_are_named(bench: OpenBench) -> None:
    opened = bench()
    with opened.store.connect() as connection:
        with pytest.raises(LookupError, match=r"'1\.1' is no target node .*; what is below it is 1\.1\.\*$"):
            choose_nodes(connection, KEY, "1.1")
        assert choose_nodes(connection, KEY, "1.1.*")
        with pytest.raises(LookupError, match=r"branches such as 1\.\*\)$"):
            choose_nodes(connection, KEY, "9.9")


def test_owners_choose_nodes_of_the_table_and_else_of_the_framework(bench: OpenBench) -> None:
    opened = bench()
    opened.change("update caseforge.node_version set owner = 'Bo' where code = '1.1.2'")
    opened.change("update caseforge.framework set owner = 'Ada'")
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    with opened.store.connect() as connection:
        assert choose_nodes(connection, KEY, None, owner="Bo") == opened.ids("1.1.2")
        assert choose_nodes(connection, KEY, "1.*", owner="Ada") == opened.ids("1.1.1", "1.1.3")
        assert choose_nodes(connection, KEY, None, 2, owner="Ada") == opened.ids("1.1.1", "2.1.1")
        with pytest.raises(LookupError, match=r"'Zoe'; owners of these are: Ada, Bo$"):
            choose_nodes(connection, KEY, None, owner="Zoe")
        standing = read_standing(connection, opened.project, KEY, simulated=True, owner="Bo")
    assert standing.stages == {"process_details": {"done": 1}, "usecases": {"waiting": 1}}
    assert [row["attempts"] for row in standing.spent] == [1]
