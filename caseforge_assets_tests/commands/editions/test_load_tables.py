"""Loading tables without codes, with owners and with invisible differences: a node stays the same node, under the same code."""

from __future__ import annotations

from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.frameworks import TableForm, read_framework
from caseforge_assets.reports.comparing.difference import Change
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets_tests.workbench import OpenBench, Workbench

PLAIN = "plain"

CURRENT = """
select nv.code, nv.name from caseforge.node_version nv
join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current and v.framework_key = 'plain' order by nv.position
"""


def load(bench: Workbench, text: str, name: str = "plain.csv", **form: object) -> Loaded:
    """Loads a table by its text."""
    path = bench.path / name
    path.write_text(text, encoding="utf-8")
    result = read_framework(path, form=TableForm(**form))  # type: ignore[arg-type]
    assert result.edition is not None, result.problems
    return load_framework(
        bench.store, bench.project, NewEdition(PLAIN, FrameworkSettings(title=PLAIN, source=name), result.edition, name), by="test"
    )


def counts(loaded: Loaded) -> dict[str, int]:
    return {str(change): len(nodes) for change, nodes in loaded.difference.changes.items()}


FIRST = "name,description\nSales,\n  Win,Finds customers.\n  Keep,Keeps them.\nService,\n  Repair,Repairs.\n"


def test_codes_that_are_made_stay_with_their_process_over_editions(bench: OpenBench) -> None:
    opened = bench()
    load(opened, FIRST)
    assert opened.query(CURRENT) == [("1", "Sales"), ("1.1", "Win"), ("1.2", "Keep"), ("2", "Service"), ("2.1", "Repair")]
    second = (
        "name,description\nPlan,\n  Look,Looks.\nSales,\n  Advertise,New.\n  Keep,Keeps them.\nService,\n  Repair,Repairs.\n  Lend,Lends.\n"
    )
    changes = counts(load(opened, second))
    assert opened.query(CURRENT) == [
        ("3", "Plan"),
        ("3.1", "Look"),
        ("1", "Sales"),
        ("1.3", "Advertise"),
        ("1.2", "Keep"),
        ("2", "Service"),
        ("2.1", "Repair"),
        ("2.2", "Lend"),
    ]
    assert changes == {"new": 3, "gone": 1}
    back = "name,description\nSales,\n  Win,Finds customers.\n  Advertise,New.\n"
    load(opened, back)
    assert opened.query(CURRENT) == [("1", "Sales"), ("1.1", "Win"), ("1.3", "Advertise")]


def test_contents_stay_when_rows_move(bench: OpenBench) -> None:
    opened = bench()
    load(opened, FIRST)
    opened.generate("1.1", "2.1", key=PLAIN)
    moved = "name,description\nService,\n  Repair,Repairs.\nSales,\n  Keep,Keeps them.\n  Win,Finds customers.\n"
    assert counts(load(opened, moved)) == {}
    fresh = opened.query("select count(*) from caseforge.content where is_current and framework_key = 'plain'")
    assert fresh == [(4,)]
    assert all(part.nodes == 0 for part in opened.draft("1.1", "2.1", key=PLAIN).stages)


def test_a_difference_that_cannot_be_seen_is_none(bench: OpenBench) -> None:
    opened = bench()
    load(opened, "code,name,description\n1,Sales,\n1.1,Win,Finds.\n")
    loaded = load(opened, "code,name,description\n1,Sa\u200eles,\n\u200f1.1,W\u200fin\u200e,Fin\u200eds.\n")
    assert (counts(loaded), loaded.difference.same) == ({}, 1)


def test_nodes_that_were_stored_with_invisible_characters_are_found_again(bench: OpenBench) -> None:
    opened = bench()
    load(opened, "code,name,description\n1,Sales,\n1.1,Win,Finds.\n")
    with opened.store.begin() as connection:
        connection.exec_driver_sql("update caseforge.node set identity = replace(identity, 'W', 'W' || chr(8206))")
    loaded = load(opened, "code,name,description\n1,Sales,\n1.1,Win,Finds more.\n")
    assert counts(loaded) == {"redescribed": 1}
    assert opened.query("select count(*) from caseforge.node where framework_key = 'plain'") == [(2,)]


def test_the_same_file_is_loaded_anew_where_more_is_said_of_its_form(bench: OpenBench) -> None:
    opened = bench()
    table = "code,name,parent\n1,Sell,\n1.1,Win,\n"
    assert load(opened, table, hierarchy="parent").targets == 2
    again = load(opened, table, hierarchy="dotted")
    assert (again.changed, again.targets, again.difference.count(Change.GONE)) == (True, 1, 2)
    assert not load(opened, table, hierarchy="dotted").changed


def test_owners_are_stored_and_a_new_owner_makes_nothing_stale(bench: OpenBench) -> None:
    opened = bench()
    load(opened, "code,name,description,owner\n1,Sales,,Ada\n1.1,Win,Finds.,\n1.2,Keep,Keeps.,Bob\n")
    owners = "select nv.owner from caseforge.node_version nv join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current and v.framework_key = 'plain' order by nv.position"
    assert opened.column(owners) == ["Ada", "Ada", "Bob"]
    loaded = load(opened, "code,name,description,owner\n1,Sales,,Eve\n1.1,Win,Finds.,\n1.2,Keep,Keeps.,Bob\n")
    assert (loaded.changed, counts(loaded)) == (True, {})
    assert opened.column(owners) == ["Eve", "Eve", "Bob"]
