"""Embeddings from the command line, and in Dagster: switched on by a line, planned with the others, searched, and left out of what people are handed."""

from __future__ import annotations

import dagster as dg
import pytest

from caseforge_assets.definitions import build_defs
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.workbench import CODES

pytestmark = pytest.mark.slow

STAGES = ["process_details", "usecases", "embeddings"]
ON = "[stages.embeddings]\nenabled = true"


def test_a_line_makes_them_part_of_everything(command_line: OpenCommandLine) -> None:
    cli = command_line(ON)
    cli.load_shop()
    assert "text-embedding-3-small" in cli.run("config", "check")
    assert "nothing has a vector yet" in cli.run("search", "--by", "meaning", "bicycles", expected=2)
    plan = cli.json("plan")
    assert [(part["stage"], part["now"], part["later"]) for part in plan["stages"]] == [
        ("process_details", 6, 0),
        ("usecases", 0, 6),
        ("embeddings", 0, 6),
    ]
    cli.run("generate", "--yes", "--wait")
    assert cli.json("status")["frameworks"][0]["stages"] == {stage: {"done": 6} for stage in STAGES}
    with dg.DagsterInstance.from_config(str(cli.folder)) as instance:
        for asset in ("embedding_batch_inputs", "embedding_batch_outputs", "node_embeddings"):
            assert len(instance.get_materialized_partitions(dg.AssetKey(["shop", asset]))) == len(CODES)
    assert dg.AssetKey(["shop", "node_embeddings"]) in build_defs().get_repository_def().asset_graph.get_all_asset_keys()

    title = cli.json("show", "2.1.2")["candidates"][1]["title"]
    (first, *_) = cli.json("search", "--by", "meaning", title)
    assert (first["kind"], first["title"][0]["text"]) == ("candidate", title)
    assert "SIMULATED" in cli.run("search", "--by", "meaning", title)
    assert cli.json("search", "advertise", "--kind", "node")[0]["name"] == "1.1.1"
    assert "Near in meaning (SIMULATED" in cli.run("similar", "2.1.2-UC02")
    shown = cli.run("show", "2.1.2")
    assert "vectors of 512 numbers" in shown
    assert "search" in cli.run("costs")
    said = cli.run("export", str(cli.folder / "out.csv"))
    assert said.startswith("6 documents")
    assert "vectors of" not in (cli.folder / "out-documents.csv").read_text()
    assert cli.run("verify")
    assert "are data, not a text" in cli.run(
        "edit", "2.1.2", "--stage", "embeddings", "--file", str(cli.folder / "caseforge.toml"), expected=2
    )
