"""Embeddings: vectors of a process and of its use cases, by which the search and what is similar go by meaning. One request a node, one vector a text."""

from caseforge_assets.stages.embeddings.answer import judge_text
from caseforge_assets.stages.embeddings.request import DEFINITION, build_messages
from caseforge_assets.stages.stage import Stage

STAGE = Stage(
    key="embeddings",
    title="Embeddings",
    inputs="embedding_batch_inputs",
    outputs="embedding_batch_outputs",
    content="node_embeddings",
    validity="embeddings_complete",
    reads="usecases",
    on_by_default=False,
    model="text-embedding-3-small",
    dimensions=512,
    max_tokens_setting="",
    default_max_completion_tokens=0,  # nothing is written
    max_max_completion_tokens=0,
    typical_input_tokens=940,  # 207 of contexts of Cross-Industry 7.4, and 731 of what gpt-5 wrote for three processes
    typical_output_tokens=0,
    template_version="1",
    definition=DEFINITION,
    content_title="Embeddings - {}".format,
    build_messages=build_messages,
    response_format=None,
    judge_text=judge_text,
)
