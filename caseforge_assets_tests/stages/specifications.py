"""Specifications of use cases as the local server writes them, and answers with them, for tests that spoil them."""

from caseforge_assets.batch_server.writer.completion import complete
from caseforge_assets.stages.discovery import all_as_they_come
from caseforge_assets.stages.judgement import Answer, Item
from caseforge_assets.stages.quality import NodeFacts
from caseforge_assets.stages.stage import Source, Stage, StageSettings, request_body

SPECS = all_as_they_come()["usecase_specs"]
TITLES = ("Automate intake of orders", "Detect anomalies: early (pilot)", "Solution for a summary of contracts")
FIELDS = {
    "description": "Reads each order and fills in the form.",
    "impact_assessment": "Fewer errors, because nothing is typed twice.",
    "complexity_score": 2,
    "complexity_details": "One interface.",
    "technology_requirements": "Extraction of text.",
    "success_metrics": "Share of orders without a correction.",
    "implementation_timeline": "Weeks 1 to 4: pilot.",
    "category": "automation",
    "estimated_roi": 3,
    "risk_level": 1,
}
CONTEXT = "Process: Pack goods\nDescription: Put goods into boxes and label them."
FACTS = NodeFacts("Pack goods", "Put goods into boxes and label them.", ("Packing cost per order",))


def source(*titles: str) -> Source:
    """The source that a specification of some use cases is made from."""
    return Source(
        "Pack goods",
        CONTEXT,
        ("Packing cost per order",),
        "## Overview\n\nGoods are packed.",
        tuple(Item(title, FIELDS) for title in titles),
    )


def written(stage: Stage = SPECS, titles: tuple[str, ...] = TITLES) -> str:
    """A specification as the local server writes it."""
    answered = complete(request_body(stage, StageSettings(), source(*titles)), 0.0)
    return str(answered.body["choices"][0]["message"]["content"])


def answer(text: str, *, finish_reason: str = "stop", titles: tuple[str, ...] = TITLES) -> Answer:
    """An answer to a request that was made from these use cases."""
    return Answer(text, finish_reason, None, None, None, None, chosen=titles)
