"""Plans a stage for use cases that people have chosen: their processes, framework by framework, and which of the use cases take no part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from caseforge_assets.commands.planning.make_plan import Plan, draft_plan
from caseforge_assets.commands.surveying.choose_stages import accepted_stages
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.curation.statuses import CHOSEN
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.curating.use_cases import UseCaseRow
from caseforge_assets.store.database.engine import Connection


@dataclass(frozen=True)
class TakingPart:
    """Use cases by what becomes of them when a stage is asked for that is made from chosen ones.

    Attributes:
        chosen: By framework, those that people have chosen.
        others: Those that nobody has chosen, or that are of another stage: nothing is asked for them.
    """

    chosen: Mapping[str, Sequence[UseCaseRow]] = field(default_factory=dict)
    others: Sequence[UseCaseRow] = ()

    def node_ids(self, key: str) -> list[int]:
        """The processes of a framework's, in their order, each once."""
        return list(dict.fromkeys(row.node_id for row in self.chosen[key]))


def taking_part(stage: Stage, rows: Iterable[UseCaseRow]) -> TakingPart:
    """Sorts use cases by whether a stage is asked for them."""
    chosen: dict[str, list[UseCaseRow]] = {}
    others = []
    for row in rows:
        if row.stage == stage.chosen_from and row.decision.status in CHOSEN:
            chosen.setdefault(row.framework_key, []).append(row)
        else:
            others.append(row)
    return TakingPart(chosen, others)


def plan_chosen(
    connection: Connection, project: Project, stage: Stage, key: str, node_ids: Sequence[int], *, simulated: bool
) -> tuple[Plan, list[str]]:
    """A draft that asks for a stage of these processes, where it is missing, stale or failed; and what is to be said of its model.

    Raises:
        ConfigurationError: the stage's model is known to refuse its settings, or has ended.
    """
    accepted = accepted_stages(connection, project, [stage.key])
    plan = draft_plan(connection, project, Scope(key, accepted.stages, simulated, node_ids), made_by="plan")
    return plan, accepted.warnings
