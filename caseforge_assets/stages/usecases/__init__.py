"""Use-case candidates: six to ten ideas for improving a process, made from its document."""

from functools import partial
from pathlib import Path

from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.strict_schema import strict_format
from caseforge_assets.stages.templates import Templates
from caseforge_assets.stages.usecases.answer import judge_text
from caseforge_assets.stages.usecases.quality import measure
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, MOST_CANDIDATES, UseCases, candidate_uid, render_candidates
from caseforge_assets.stages.usecases.request import SYSTEM_VALUES, USER_VALUES, message_builder
from caseforge_assets.stages.usecases.rereading import read_page_of_candidates, with_fields


def make_stage(templates: Templates) -> Stage:
    """Make the stage.

    Args:
        templates: `system` and `user`.

    Raises:
        TemplateFault: A template of one's own cannot be used.
    """
    templates.demand(system=SYSTEM_VALUES, user=USER_VALUES, needed=("document",))
    return Stage(
        key="usecases",
        title="Use-case candidates",
        inputs="usecase_batch_inputs",
        outputs="usecase_batch_outputs",
        content="usecase_candidates",
        validity="candidates_valid",
        reads="process_details",
        max_tokens_setting="batch_max_completion_tokens_usecase",
        default_max_completion_tokens=15_000,
        max_max_completion_tokens=60_000,
        typical_input_tokens=4_500,
        typical_output_tokens=8_891,
        template_version=templates.version("system", "user"),
        definition="\n".join([templates.text("system"), templates.text("user"), f"{LEAST_CANDIDATES} to {MOST_CANDIDATES}"]),
        content_title="Use Cases - {}".format,
        build_messages=message_builder(templates),
        response_format=strict_format("use_cases", UseCases),
        judge_text=judge_text,
        item_uid=candidate_uid,
        measure=partial(measure, language=templates.language),
        language_rules="Leave the keys of the JSON object and the values of category, complexity_score, estimated_roi and risk_level in English, as the schema has them.",
        tells_thinking=True,
        render_items=render_candidates,
        read_items=read_page_of_candidates,
        with_fields=with_fields,
        items_name="candidates",
        level_shares={"complexity": {"Low": 0.2, "Medium": 0.6, "High": 0.2}},  # quick wins, a broad middle, a few ambitious ones
        idea_fields=("description",),
        item_columns={"category": "category", "complexity": "complexity_score", "roi": "estimated_roi", "risk": "risk_level"},
        templates=templates,
        files=("system.jinja", "user.jinja"),
    )


STAGE = make_stage(Templates(Path(__file__).parent))
