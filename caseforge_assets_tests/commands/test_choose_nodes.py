"""Which nodes a person means by what is typed behind --nodes."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.choose_nodes import choose_nodes
from caseforge_assets_tests.workbench import KEY, OpenBench, Workbench


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
