"""Specifications: one a node, of the use cases that people have chosen there, made from the process document and these."""

from functools import partial
from pathlib import Path

from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.templates import Templates
from caseforge_assets.stages.usecase_specs.answer import judge_text
from caseforge_assets.stages.usecase_specs.outline import outline_in
from caseforge_assets.stages.usecase_specs.quality import measure
from caseforge_assets.stages.usecase_specs.request import SYSTEM_VALUES, USER_VALUES, message_builder


def make_stage(templates: Templates) -> Stage:
    """Make the stage.

    Args:
        templates: `system` and `user`.

    Raises:
        TemplateFault: A template of one's own cannot be used.
    """
    templates.demand(system=SYSTEM_VALUES, user=USER_VALUES, needed=("document", "use_cases", "outline"))
    outline = outline_in(templates.language)
    return Stage(
        key="usecase_specs",
        title="Specifications",
        inputs="spec_batch_inputs",
        outputs="spec_batch_outputs",
        content="usecase_specifications",
        validity="specifications_complete",
        reads="process_details",
        chosen_from="usecases",
        on_by_default=False,
        max_tokens_setting="",  # [stages.usecase_specs] max_completion_tokens
        default_max_completion_tokens=24_000,
        max_max_completion_tokens=64_000,
        typical_input_tokens=8_500,
        typical_output_tokens=9_000,
        template_version=templates.version("system", "user"),
        definition="\n".join([templates.text("system"), templates.text("user"), outline.sections.definition, outline.headings(("",))]),
        content_title="Specification - {}".format,
        build_messages=message_builder(templates, outline),
        response_format=None,
        judge_text=partial(judge_text, outline=outline),
        measure=partial(measure, outline=outline),
        language_rules="Leave all headings worded exactly as the outline has them, in whatever language.",
        tells_thinking=True,
        templates=templates,
        files=("system.jinja", "user.jinja"),
    )


STAGE = make_stage(Templates(Path(__file__).parent))
