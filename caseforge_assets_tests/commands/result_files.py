"""Files of results that were made elsewhere, and lines of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from caseforge_assets.commands.importing.appraise_import import ForeignFile
from caseforge_assets.commands.importing.import_results import Imported, import_results
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.stages.process_details.sections import BUILT_IN
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.workbench import Workbench

NODES = r"^node_\d+_(?P<code>[\d.]+)$"


def take_over(bench: Workbench, path: Path, stage: Stage, pattern: str, key: str = "real", *, partly: bool = False) -> Imported:
    return import_results(bench.project, ForeignFile(path, key, stage, pattern), by="test", partly=partly)


SECTIONS = [section.name for section in BUILT_IN.entries]


def document(about: str = "the clerk") -> str:
    return "\n\n".join(f"## {name}\n\nWhat {about} does with it." for name in SECTIONS)


def use_cases() -> str:
    levels = {"category": "automation", "complexity_score": "Low", "estimated_roi": "High", "risk_level": "Low"}
    texts = (
        "description",
        "impact_assessment",
        "complexity_details",
        "technology_requirements",
        "success_metrics",
        "implementation_timeline",
    )
    return json.dumps(
        {"use_cases": [{"title": f"Idea {number}", **dict.fromkeys(texts, f"Text {number}."), **levels} for number in range(6)]}
    )


def wrong(bench: Workbench) -> list[tuple[str, str]]:
    """Lists the problems that `verify` finds; the workbench keeps no copies of workbooks and writes the journal for itself."""
    write_journal(bench.store, bench.folder)
    found = verify(bench.store, bench.stages, bench.folder).problems
    return [(problem.kind, problem.what) for problem in found if not problem.where.startswith("workbooks/")]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def answer_line(custom_id: str, text: str, finish_reason: str = "stop", **usage: Any) -> str:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
    body = {"id": "c", "model": "gpt-5-2025-08-07", "created": 1_755_000_000, "choices": [choice], "usage": usage or None}
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})
