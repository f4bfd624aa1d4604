"""Has a person decide where no list tells whether a batch exists: they look at the provider's own page, and take it over or give it up."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import create_engine, text

from benchmarks.faults.forks import Ended
from benchmarks.faults.rows import ANYTHING, Row, judged
from benchmarks.faults.world import KEY, OPENAI, Project
from caseforge_assets.batch_server import LIKENESSES
from caseforge_assets.batch_server.likeness import Pages

DECIDED = "a person decided, as was said"
GENERATE_AGAIN = ("generate", "--framework", KEY, "--yes", "--wait")
SEND_AGAIN = ("retry", "--framework", KEY, "--yes", "--wait")
ASKED = re.compile(r"cannot be looked up at its provider.*`caseforge adopt (\d+) ID`.*`caseforge cancel \1`", re.DOTALL)


def group_at(group: str, like: str) -> str:
    """Names the rows of a group at a server that imitates a provider."""
    return group if like == OPENAI else f"{group}, {like}"


def settled(name: tuple[str, str, str], project: Project, ended: Ended, began: float) -> Row:
    """The row of a command that has to have ended well, or, at a provider whose list cannot be relied on, to have asked a person, who then acts.

    While nobody has acted, nothing may be created.
    """
    asked = ASKED.search(f"{ended.output}{ended.errors}") if LIKENESSES[project.like].batch_list is Pages.STUCK else None
    if not ended.status or asked is None:
        return judged(name, project, [ended], began)
    before = project.stats()["batches_created"]
    project.run("monitor", "--once")
    wrong = [] if project.stats()["batches_created"] == before else ["a batch was created while nobody knew whether it exists"]
    remote_id = _seen_on_their_page(project)
    acts = [("adopt", asked[1], remote_id), GENERATE_AGAIN] if remote_id else [("cancel", asked[1]), SEND_AGAIN]
    ended_last = [project.run(*act) for act in acts]
    unknown = 0 if remote_id else project.nodes
    row = judged(name, project, ended_last, began, message=ANYTHING, also=wrong, unknown_costs=unknown)
    return replace(row, recovered=DECIDED if row.good else row.recovered)


def _seen_on_their_page(project: Project) -> str | None:
    """The batch that is there and that the store does not know."""
    engine = create_engine(project.database_url)
    with engine.connect() as connection:
        known = set(connection.scalars(text("select remote_id from caseforge.batch where remote_id is not null")))
    engine.dispose()
    with project.sdk() as sdk:
        return next((batch.id for batch in sdk.batches.list(limit=100).data if batch.id not in known), None)
