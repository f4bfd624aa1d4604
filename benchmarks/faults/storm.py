"""A storm: faults in a tenth of the lines and a third of the HTTP calls, and kills again and again, until the whole framework is through."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from functools import partial

from sqlalchemy import create_engine, text

from benchmarks.faults.billing import wrong_costs
from benchmarks.faults.contents import misplaced
from benchmarks.faults.forks import Ended
from benchmarks.faults.rows import BY_ITSELF, Case, Row, each
from benchmarks.faults.world import KEY, Project, World

NODES, SHORT_NODES = 1_545, 30
KILLS, SHORT_KILLS = 8, 2
GENERATE = ("generate", "--framework", KEY, "--yes", "--wait")
BAD_LINES = ("http_500:rate=0.03", "truncate:rate=0.03", "truncate_content:rate=0.02", "no_text:rate=0.02")
BAD_CALLS = (
    "reply_error:status=500,rate=0.15,match=/v1/(batches|files)",
    "reply_reset:rate=0.15,match=/v1/(batches|files)",
)
NODES_FAILED = 3  # exit code of a command that did all it could
PATIENCE_S, ANSWER_PATIENCE_S, GRACE_S = 600.0, 5.0, 1.0

UNFINISHED = """
select count(*) from caseforge.node_version nv join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current
cross join unnest(array['process_details', 'usecases']) as of_stage(stage)
where nv.partition_key is not null
  and not exists (select 1 from caseforge.content c where c.node_id = nv.node_id and c.stage = of_stage.stage and c.is_current)
  and not exists (select 1 from caseforge.request r where r.node_id = nv.node_id and r.is_current and r.state = 'failed')
"""
WITHOUT_REASON = """
select count(*) from caseforge.request r where r.is_current and r.state = 'failed'
  and not exists (select 1 from caseforge.attempt a where a.request_id = r.id and a.outcome is not null and a.outcome not in ('ok', 'salvaged'))
"""
SENT = "select count(*) from caseforge.attempt where outcome is distinct from 'not_sent'"
DOUBLE = "select count(*) from (select 1 from caseforge.content where reused_from is null group by attempt_id having count(*) > 1) twice"


def storm(world: World, *, nodes: int = NODES, kills: int = KILLS, seed: int = 1) -> Row:
    """Generates both stages through the storm; the command is killed 1 to 10 seconds after each of its first starts.

    Args:
        kills: how often.
        seed: of the moments.
    """
    moments = random.Random(seed)
    faults = (*BAD_LINES, *BAD_CALLS)
    began = time.monotonic()
    with world.project(f"loaded_{nodes}", create_grace_s=GRACE_S) as project, project.served(faults, latency_s=1.0):
        done = 0
        for _ in range(kills):
            pid = project.start(*GENERATE, patience_s=ANSWER_PATIENCE_S)
            time.sleep(moments.uniform(1.0, 10.0))
            os.kill(pid, signal.SIGKILL)
            done += project.wait(pid).killed
        ended = project.wait(project.start(*GENERATE, patience_s=ANSWER_PATIENCE_S), PATIENCE_S)
        return _judged(project, ended, done, time.monotonic() - began)


def _judged(project: Project, ended: Ended, kills: int, seconds: float) -> Row:
    engine = create_engine(project.database_url)
    with engine.connect() as connection:
        unfinished, unexplained, sent, double = (
            int(connection.scalar(text(sql)) or 0) for sql in (UNFINISHED, WITHOUT_REASON, SENT, DOUBLE)
        )
    engine.dispose()
    found, stats = project.look(), project.stats()
    untold = [*found["wrong"], *wrong_costs(found, stats, project), *misplaced(project)]
    wrong = [*found["open"], *untold]
    if ended.status not in (0, NODES_FAILED):
        wrong.append(f"exit code {ended.status}: {ended.output[-500:]}{ended.errors[-500:]}")
    return Row(
        *_name(project.nodes, kills),
        injected=kills,
        paid_twice=max(0, stats["requests_accepted"] - sent) + double,
        lost=unfinished,
        silent=unexplained + len(untold),
        recovered=BY_ITSELF if not wrong else "not all is well",
        seconds=seconds,
        details=tuple(wrong),
    )


def run_storm(world: World, nodes: int = NODES, kills: int = KILLS) -> Iterator[Row]:
    """One storm over so many nodes, with so many kills."""
    yield from each([Case(_name(nodes, kills), partial(storm, world, nodes=nodes, kills=kills))])


def _name(nodes: int, kills: int) -> tuple[str, str, str]:
    return "storm", "a tenth of the lines, a third of the calls, kills", f"{nodes:,} nodes, {kills} kills"
