"""Checks after each disturbance: the provider answered each question once, the store has each answer once, and Dagster says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.faults.verdict import OPEN
from caseforge_assets_tests.hosts.cluster import Cluster

CONTENTS = ("process_documents", "usecase_candidates")
STAGES = ("process_details", "usecases")
_PARTITIONS = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  partitionStats { numPartitions numMaterialized numFailed numMaterializing } } } }"""
_RUNNING = """{ runsOrError(filter: {statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]}) { ... on Runs { results { runId jobName status } } } }"""
_CONTENTS = """
select framework_key, stage, count(*), count(distinct node_id) from caseforge.content where is_current and framework_key = any(%s) group by 1, 2
"""
_TARGETS = "select framework_key, count(*) from caseforge.target_node where framework_key = any(%s) group by 1"
# What is not finished, but for the journal, which is written now and then.
_UNFINISHED = f"select what from ({OPEN.replace('%', '%%')}) open where what not like 'changes of %%'"
_ANSWERS = "select count(*), count(*) filter (where outcome = 'ok') from caseforge.attempt where status_code is not null"


def targets(cluster: Cluster, keys: Sequence[str]) -> dict[str, int]:
    """Counts each framework's nodes that get contents."""
    return dict(cluster.rows(_TARGETS, list(keys)))


def is_done(cluster: Cluster, keys: Sequence[str]) -> bool:
    """Tells whether all contents are there, nothing is under way, and everything was shown."""
    wanted = targets(cluster, keys)
    held = {(key, stage): rows for key, stage, rows, _ in cluster.rows(_CONTENTS, list(keys))}
    return (
        all(held.get((key, stage)) == wanted[key] for key in keys for stage in STAGES)
        and not cluster.rows(_UNFINISHED)
        and not running(cluster)
    )


def running(cluster: Cluster) -> list[dict[str, Any]]:
    """Runs of Dagster that are not over."""
    found: list[dict[str, Any]] = cluster.graphql(_RUNNING)["runsOrError"]["results"]
    return found


def faults(cluster: Cluster, keys: Sequence[str], questions: int) -> list[str]:
    """Lists what is not as it has to be, as texts.

    Args:
        cluster: where.
        keys: frameworks that were asked for until now.
        questions: how many questions they all have together, each to be paid once.
    """
    wanted = targets(cluster, keys)
    answered = cluster.bill()["answered"]["requests"]
    known, good = cluster.rows(_ANSWERS)[0]
    wrong = [f"{answered} answers were paid for, {questions} questions were asked"] if answered != questions else []
    wrong += [f"the store knows of {known} answers, {good} of them good"] if (known, good) != (questions, questions) else []
    contents = {(key, stage): (rows, nodes) for key, stage, rows, nodes in cluster.rows(_CONTENTS, list(keys))}
    for key in keys:
        for stage, asset in zip(STAGES, CONTENTS, strict=True):
            if contents.get((key, stage)) != (wanted[key], wanted[key]):
                wrong.append(f"{key}/{stage}: {contents.get((key, stage))} contents of {wanted[key]} nodes")
            shown = cluster.graphql(_PARTITIONS, key={"path": [key, asset]})["assetNodeOrError"]["partitionStats"]
            if shown != {"numPartitions": wanted[key], "numMaterialized": wanted[key], "numFailed": 0, "numMaterializing": 0}:
                wrong.append(f"{key}/{asset}: Dagster shows {shown}, of {wanted[key]}")
    return wrong + [what for (what,) in cluster.rows(OPEN.replace("%", "%%"))]
