"""preview: the exact request that a node would get in a stage, its tokens, and what it would cost. Reads the store, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from caseforge_assets.batches.request_forms import body_to_send
from caseforge_assets.commands.money.expect_costs import expected_output_tokens
from caseforge_assets.commands.providing.check_models import is_too_long, rule_faults
from caseforge_assets.commands.requests.build_contexts import context_of, kpi_lines
from caseforge_assets.costs.estimates import expected_cost_usd, request_tokens
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Source, Stage, request_body, stage_version
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating.choices import choices
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.submitting import providers


@dataclass(frozen=True)
class Preview:
    """A request as it would be made now.

    Attributes:
        node: Code and name.
        context: What the model is told about the node.
        stage_version: Of all that an answer depends on beside the node.
        endpoint: Where it would go.
        model: Its model, by which prices and rules go.
        body: The body that would be sent there, ready for JSON, with the provider's own name of the model.
        reads: The stage whose content it reads, if any.
        source_missing: Whether that content is not there yet; then a line stands in its place, and the tokens are typical ones.
        input_tokens: Of the request.
        output_tokens: Expected of the answer, thinking included.
        expected_cost_usd: At batch prices; None where the model has no known one.
        faults: What its model is known to refuse.
        too_long: Whether it is too long for its model; then it is made from half of what belongs in it before it is sent.
    """

    node: str
    context: str
    stage_version: str
    endpoint: str
    model: str
    body: dict[str, Any]
    reads: str | None
    source_missing: bool
    input_tokens: int
    output_tokens: int
    expected_cost_usd: Decimal | None
    faults: tuple[str, ...]
    too_long: bool


def preview_request(connection: Connection, project: Project, key: str, node_id: int, stage: Stage) -> Preview:
    """Makes the request of a target node in a stage, and prices it as one for a provider that bills.

    Raises:
        LookupError: the stage is made from chosen items, and none of the node's is chosen.
    """
    (target,) = nodes.target_nodes(connection, key, [node_id])
    stage, settings = project.stages.in_framework(stage, key), project.stage_settings[stage.key]
    source = contents.current_contents(connection, stage.reads, [node_id]).get(node_id) if stage.reads else None
    choice = choices(connection, key, stage.chosen_from, [node_id]).get(node_id) if stage.chosen_from else None
    if stage.chosen_from and choice is None:
        what = project.stages[stage.chosen_from].title.lower()
        raise LookupError(
            f"none of the {what} of {target.code} is chosen, so that {stage.key} asks nothing there: shortlist some of them first"
        )
    missing = stage.reads is not None and source is None
    read = source.body if source else f"(the content of {stage.reads}, which is not there yet)" if stage.reads else None
    context = context_of(connection, key, target)
    request = request_body(stage, settings, Source(target.name, context, kpi_lines(target), read, choice.items if choice else ()))
    tokens = stage.typical_input_tokens if missing else request_tokens(request)
    output = expected_output_tokens(connection, stage, settings.model, simulated=False)
    return Preview(
        f"{target.code} {target.name}",
        context,
        stage_version(stage, settings),
        settings.endpoint,
        settings.model,
        body_to_send(request) | {"model": project.configuration.name_at_provider(stage.key, settings.model)},
        stage.reads,
        missing,
        tokens,
        output,
        expected_cost_usd(settings.model, tokens, output, own=project.configuration.prices),
        tuple(fault.text for fault in rule_faults(project.configuration, stage, providers.model_ends(connection))),
        is_too_long(project, stage, settings.model, input_tokens=tokens, budget=request["max_completion_tokens"]),
    )
