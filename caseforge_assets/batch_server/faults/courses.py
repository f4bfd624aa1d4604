"""Faults of whole batches: refused after validation, or ended before they are done."""

from __future__ import annotations

from dataclasses import replace

from caseforge_assets.batch_server.faults.registry import Course, batch_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec
from caseforge_assets.batch_server.state.batches import LineProblem


@batch_fault(share=0.5)
def expire(course: Course, spec: FaultSpec) -> Course:
    """The batch expires when this share of its requests is answered."""
    return replace(course, schedule=replace(course.schedule, expires_at_share=spec.number("share")))


@batch_fault(line=0, code="invalid_json_line", param="", message="This line is not parseable as valid JSON.")
def reject(course: Course, spec: FaultSpec) -> Course:
    """Validation refuses the batch because of a line, the first one unless another is named."""
    line = int(spec.number("line")) or course.lines[0]
    return _refused(course, LineProblem(spec.text("code"), spec.text("message"), line, spec.text("param") or None))


@batch_fault(limit=0)
def token_limit_exceeded(course: Course, spec: FaultSpec) -> Course:
    """Refused if more input tokens than the limit are under way together with this batch."""
    limit = int(spec.number("limit"))
    if course.input_tokens + course.tokens_under_way <= limit:
        return course
    return _refused(course, LineProblem("token_limit_exceeded", course.word_token_limit(course.model, limit)))


def _refused(course: Course, problem: LineProblem) -> Course:
    return replace(course, problems=(*course.problems, problem))
