"""Working batches until some nodes are through a stage, as long as may be waited and there is something to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caseforge_assets.batches.consent import Consent
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.commands.rounds.work import Round, next_look_s, work_round
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.openai_batch.errors import ProviderError, ProviderUnclear
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.requests import requests
from caseforge_assets.store.submitting.batches import BatchRow

SHOWN_AFTER_S = 15.0


@dataclass(frozen=True)
class Waiting:
    """The provider that answers come from, and the longest time to wait for them.

    Attributes:
        provider: None where there is none: then nothing is sent, and simulated content counts.
        wait_s: Per stage; 0 leaves the requests to others, and collects only what is finished.
        show: Called when waiting takes long: what was made by then is to be seen.
        why_none: Why there is no provider, for people.
    """

    provider: Provider | None
    wait_s: float = 0.0
    show: Callable[[], object] = lambda: None
    why_none: str = "no provider is configured"

    @property
    def simulated(self) -> bool:
        """Tell whether simulated content counts as there."""
        return self.provider is None or self.provider.simulated


def await_answers(
    project: OpenProject, key: str, stage: Stage, node_ids: Sequence[int], waiting: Waiting, *, sent_with: Sequence[int] = ()
) -> str:
    """Works until no node waits any more, the time is over, or waiting is of no use. Of what is pending, only requests of these nodes are sent.

    Args:
        sent_with: nodes whose requests are sent together with those of the nodes that are waited for.

    Returns:
        What stands in the way, for people; empty where nothing does but time.
    """
    end = time.monotonic() + waiting.wait_s
    trouble, shown = "", False
    unfinished: Sequence[BatchRow] = ()
    while _any_waits(project, key, stage, node_ids):
        try:
            consent = _consent(project.store, stage, [*node_ids, *sent_with])
            done = work_round(project, consent=consent, submit=waiting.wait_s > 0)
        except ProviderUnclear as error:
            trouble = str(error)
        except ProviderError as error:
            return str(error)
        else:
            trouble, unfinished = "", done.unfinished
            if reason := _hopeless(done):
                return reason
        left_s = end - time.monotonic()
        if left_s <= 0:
            break
        if not shown and left_s < waiting.wait_s - SHOWN_AFTER_S:
            waiting.show()
            shown = True
        time.sleep(min(left_s, next_look_s(project.store, project.provider, project.configuration, unfinished)))
    return trouble


def _consent(store: Engine, stage: Stage, node_ids: Sequence[int]) -> Consent:
    with store.connect() as connection:
        return Consent(request_ids=frozenset(request.id for request in requests.current_requests(connection, stage.key, node_ids).values()))


def _any_waits(project: OpenProject, key: str, stage: Stage, node_ids: Sequence[int]) -> bool:
    with project.store.connect() as connection:
        surveyed = survey(connection, project, key, stage, project.provider.simulated, node_ids)
    return any(state is NodeState.WAITING for _, state in surveyed)


def _hopeless(done: Round) -> str:
    """Says why nothing more will come by itself: it was refused, or is held back while nothing is under way."""
    if done.refused:
        return f"{done.refused[0].name} was refused: {done.refused[0].reason}"
    return "" if done.under_way else done.held_back or _stuck(done)


def _stuck(done: Round) -> str:
    return f"{done.stuck[0].name} {done.stuck[0].reason}" if done.stuck else ""
