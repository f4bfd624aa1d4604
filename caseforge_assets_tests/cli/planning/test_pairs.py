"""plan --similar and pairs, as a person uses them."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.workbench import SHOP, write_table


@pytest.mark.slow
def test_similar_nodes_are_listed_accepted_shown_and_forgotten(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--wait")
    other = [(f"7{row[0]}", f"{row[1]}2", f"{row[2]}!", row[3]) for row in SHOP]
    cli.run("load", str(write_table(cli.folder / "other.csv", other)), "--framework", "other")
    assert "is like another one" in cli.run("plan", "--framework", "other", "--similar", "1.0", "--nodes", "71.1.1")
    said = cli.run("plan", "--framework", "other", "--similar", "0.75")
    assert "caseforge pairs accept" in said
    found = cli.json("plan", "--framework", "other", "--similar", "0.75")
    assert {(pair["node"]["code"], pair["like"]["code"]) for pair in found} >= {("71.1.1", "1.1.1"), ("72.1.2", "2.1.2")}
    assert "takes its answers from shop:1.1.1" in cli.run("pairs", "accept", "71.1.1", "shop:1.1.1", "--framework", "other", "--by", "Ada")
    assert "1 reused at no cost, accepted as the same by a person: 1 from shop" in cli.run("plan", "--framework", "other")
    assert "Ada" in cli.run("pairs", "list")
    assert cli.json("pairs", "list")[0]["holds"] is True
    assert "has an answer of its own" in cli.run("pairs", "forget", "71.1.1", "--framework", "other")
    assert "has no accepted pair" in cli.run("pairs", "forget", "71.1.1", "--framework", "other", expected=2)
    assert "No pair was accepted" in cli.run("pairs", "list")
    assert "name one" in cli.run("pairs", "accept", "71.1.1", "shop:1.*", "--framework", "other", expected=2)
