"""Use-case candidates: six to ten ideas for improving a process, made from its document."""

from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.templates import read_template, template_version
from caseforge_assets.stages.usecases.answer import judge_text
from caseforge_assets.stages.usecases.quality import measure
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, MOST_CANDIDATES, candidate_uid
from caseforge_assets.stages.usecases.request import FOLDER, build_messages
from caseforge_assets.stages.usecases.schema import response_format

STAGE = Stage(
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
    template_version=template_version(FOLDER, "system", "user"),
    definition="\n".join([read_template(FOLDER, "system"), read_template(FOLDER, "user"), f"{LEAST_CANDIDATES} to {MOST_CANDIDATES}"]),
    content_title="Use Cases - {}".format,
    build_messages=build_messages,
    response_format=response_format(),
    judge_text=judge_text,
    item_uid=candidate_uid,
    measure=measure,
)
