"""The process document: ten sections on how a process works, one document a node."""

from caseforge_assets.stages.process_details.answer import judge_text
from caseforge_assets.stages.process_details.quality import measure
from caseforge_assets.stages.process_details.request import FOLDER, build_messages
from caseforge_assets.stages.process_details.sections import SECTIONS_FILE
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.templates import read_template, template_version

STAGE = Stage(
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
    template_version=template_version(FOLDER, "system", "user"),
    definition="\n".join([read_template(FOLDER, "system"), read_template(FOLDER, "user"), SECTIONS_FILE.read_text(encoding="utf-8")]),
    content_title="Process Details - {}".format,
    build_messages=build_messages,
    response_format=None,
    judge_text=judge_text,
    measure=measure,
)
