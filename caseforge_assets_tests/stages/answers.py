"""Answers of a model, good ones to be spoiled by tests."""

import json
from typing import Any

from caseforge_assets.stages.judgement import Answer, Judgement
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

SECTIONS = (
    "Overview",
    "Key Activities",
    "Inputs and Prerequisites",
    "Process Steps",
    "Outputs and Deliverables",
    "Roles and Responsibilities",
    "Best Practices",
    "Common Challenges",
    "Performance Metrics",
    "Technology and Tools",
)


def answer(text: str, finish_reason: str | None = "stop", **changes: Any) -> Answer:
    values: dict[str, Any] = {"refusal": None, "reasoning_tokens": 100, "output_tokens": 4_000, "max_completion_tokens": 8_000}
    return Answer(text=text, finish_reason=finish_reason, **(values | changes))


def document(headings: dict[str, str] | None = None, texts: dict[str, str] | None = None, leave_out: tuple[str, ...] = ()) -> str:
    """A process document; `headings` and `texts` replace those of single sections by name."""
    parts = []
    for name in SECTIONS:
        if name not in leave_out:
            heading = (headings or {}).get(name, f"## {name}")
            parts.append(f"{heading}\n\n{(texts or {}).get(name, f'Something is said about the {name.lower()} of shipping.')}")
    return "\n\n".join(parts)


def candidate(number: int, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": f"Candidate number {number}",
        "description": 'Reads the "delivery notes" of carriers, and it\'s checked by a clerk – {always}, [really].',
        "impact_assessment": "- Time: less typing\n- Quality: fewer mistakes",
        "complexity_score": "Medium",
        "complexity_details": "One interface.",
        "technology_requirements": "Text recognition; interface to the warehouse system.",
        "success_metrics": "Notes read without correction.",
        "implementation_timeline": "Weeks 1 to 3: trial. Weeks 4 to 9: regular use.",
        "category": "automation",
        "estimated_roi": "High",
        "risk_level": "Low",
    }
    return values | changes


def use_cases(count: int = 8, **changes: Any) -> str:
    """An answer with candidates; the changes go into the third one."""
    return json.dumps({"use_cases": [candidate(number, **(changes if number == 3 else {})) for number in range(1, count + 1)]})


def judge(text: str, key: str = "process_details", finish_reason: str = "stop") -> Judgement:
    return stages_as_they_come()[key].judge(answer(text, finish_reason))


def body(judgement: Judgement) -> str:
    assert judgement.content is not None, judgement
    return judgement.content.body
