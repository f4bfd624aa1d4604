"""The process document: ten sections on how a process works, one document a node."""

from functools import partial
from pathlib import Path

from caseforge_assets.stages.process_details.answer import judge_text
from caseforge_assets.stages.process_details.own_sections import SECTIONS_NAME, language_rules, sections_of, unasked_sections
from caseforge_assets.stages.process_details.quality import measure
from caseforge_assets.stages.process_details.request import SYSTEM_VALUES, USER_VALUES, message_builder
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.templates import TemplateFault, Templates


def make_stage(templates: Templates) -> Stage:
    """Make the stage.

    Args:
        templates: `system` and `user`, and beside them `sections.toml`.

    Raises:
        TemplateFault: A file of one's own cannot be used.
    """
    templates.demand(system=SYSTEM_VALUES, user=USER_VALUES, needed=("context",))
    sections = sections_of(templates)
    if faults := unasked_sections(templates, sections):
        raise TemplateFault("\n".join(faults))
    return Stage(
        key="process_details",
        title="Process documents",
        inputs="process_batch_inputs",
        outputs="process_batch_outputs",
        content="process_documents",
        validity="sections_complete",
        reads=None,
        max_tokens_setting="batch_max_completion_tokens_process",
        default_max_completion_tokens=8_000,
        max_max_completion_tokens=32_000,
        typical_input_tokens=1_400,
        typical_output_tokens=4_239,
        template_version=templates.version("system", "user"),
        definition="\n".join([templates.text("system"), templates.text("user"), sections.definition]),
        content_title="Process Details - {}".format,
        build_messages=message_builder(templates, sections),
        response_format=None,
        judge_text=partial(judge_text, sections=sections),
        measure=partial(measure, sections=sections, language=templates.language),
        language_rules=language_rules(sections),
        tells_thinking=True,
        templates=templates,
        files=("system.jinja", "user.jinja", SECTIONS_NAME),
    )


STAGE = make_stage(Templates(Path(__file__).parent))
