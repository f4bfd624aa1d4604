"""The one place that decides what an answer comes to: judged, and measured, from nothing but its line and what is known of its request; one, or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.batches.error_codes import outcome_of_error
from caseforge_assets.batches.results.lines import ResultLine
from caseforge_assets.batches.results.response_body import usage_of
from caseforge_assets.stages.discovery import all_as_they_come
from caseforge_assets.stages.judgement import Answer, Judgement, VectorsAsked
from caseforge_assets.stages.quality import NodeFacts, Quality
from caseforge_assets.stages.stage import JudgeFailed, Stage, StageUnknown
from caseforge_assets.stages.stages import Stages


def decide(
    line: ResultLine, stage: Stage, max_completion_tokens: int | None, chosen: tuple[str, ...] = (), vectors: VectorsAsked | None = None
) -> Judgement:
    """Decide what an attempt came to.

    Args:
        line: The attempt's result line.
        stage: The stage that it was made for.
        max_completion_tokens: The budget that its request had, if known.
        chosen: Titles of the chosen items that its request was made from.
        vectors: What its request asked for, of a stage that makes vectors; None where that is not known.

    Returns:
        The stage's judgement on an answer, or the outcome of an error. Notes are the judgement's only; the line has its own.
    """
    if not has_answer(line):
        return Judgement(outcome_of_error(line.status_code, line.error_code, line.error_message), _error_detail(line))
    usage = usage_of(line.usage)
    return stage.judge(
        Answer(
            text=line.text,
            finish_reason=line.finish_reason,
            refusal=line.refusal,
            reasoning_tokens=usage.reasoning_tokens if usage else None,
            output_tokens=usage.output_tokens if usage else None,
            max_completion_tokens=max_completion_tokens,
            chosen=chosen,
            vectors=vectors,
        )
    )


def has_answer(line: ResultLine) -> bool:
    """Tell an answer from an error; a text that came is judged, whatever stands beside it.

    Args:
        line: Any result line.
    """
    if line.status_code is not None and not 200 <= line.status_code < 300:
        return False
    if line.text or line.refusal:
        return True
    return line.status_code is not None and line.error_code is None and line.error_message is None


def _error_detail(line: ResultLine) -> str:
    if line.status_code is None and not line.error_code and not line.error_message:
        return "the line holds neither an answer nor an error"
    status = f"HTTP {line.status_code}" if line.status_code is not None else "no response"
    code = f" ({line.error_code})" if line.error_code else ""
    message = f": {' '.join(line.error_message.split())[:500]}" if line.error_message else ""
    return f"{status}{code}{message}"


@dataclass(frozen=True)
class Answered:
    """A line, and what is known of the request that it answers.

    Attributes:
        line: The line.
        max_completion_tokens: The budget that the request had, if known.
        facts: Its node; None where the current edition has it no longer.
        framework_key: The framework that was asked for, in its language.
        chosen: Titles of the chosen items that the request was made from.
        vectors: What the request asked for, of a stage that makes vectors; None where that is not known.
    """

    line: ResultLine
    max_completion_tokens: int | None
    facts: NodeFacts | None
    framework_key: str
    chosen: tuple[str, ...] = ()
    vectors: VectorsAsked | None = None


@dataclass(frozen=True)
class Verdict:
    """The judgement on the answer of a line, and the quality of its content; None where there is none, or where it could not be measured."""

    line_number: int
    judgement: Judgement
    quality: Quality | None


def give_verdicts(stages: Stages, stage_key: str, answers: Sequence[Answered]) -> list[Verdict]:
    """Judge and measure answers to a stage's requests.

    Args:
        stages: Those of the project.
        stage_key: The stage.
        answers: Any number.

    Returns:
        A verdict for each, in their order.

    Raises:
        JudgeFailed: The stage's judge does not do what it should.
    """
    judging = stages[stage_key]
    return [_verdict(stages.in_framework(judging, answer.framework_key), answer) for answer in answers]


def content_versions(stages: Stages, stage_key: str, answers: Sequence[Answered]) -> list[str | None]:
    """Judge answers again and give the versions of their contents; None for one that has none, or cannot be judged.

    Args:
        stages: Those of the project.
        stage_key: The stage; where the project has it no more, nothing can be judged.
        answers: Any number.
    """
    try:
        judging = stages[stage_key]
    except StageUnknown:
        return [None] * len(answers)
    return [_version(stages.in_framework(judging, answer.framework_key), answer) for answer in answers]


def give_verdicts_as_it_comes(stage_key: str, answers: Sequence[Answered]) -> list[Verdict]:
    """The same for a stage as it comes with CaseForge: all that is needed can be sent to another process."""
    return give_verdicts(all_as_they_come(), stage_key, answers)


def content_versions_as_it_comes(stage_key: str, answers: Sequence[Answered]) -> list[str | None]:
    """The same for a stage as it comes with CaseForge: all that is needed can be sent to another process."""
    return content_versions(all_as_they_come(), stage_key, answers)


def _version(judging: Stage, answer: Answered) -> str | None:
    try:
        content = decide(answer.line, judging, answer.max_completion_tokens, answer.chosen, answer.vectors).content
    except JudgeFailed:
        return None
    return None if content is None else content.version


def _verdict(judging: Stage, answer: Answered) -> Verdict:
    judgement = decide(answer.line, judging, answer.max_completion_tokens, answer.chosen, answer.vectors)
    if judgement.content is not None:
        _ = judgement.content.version  # hashed here, and kept with it
    return Verdict(answer.line.line_number, judgement, _quality(judging, judgement, answer.facts))


def _quality(judging: Stage, judgement: Judgement, facts: NodeFacts | None) -> Quality | None:
    if judging.measure is None or judgement.content is None or facts is None:
        return None
    try:
        return judging.measure(judgement.content, facts)
    except Exception:  # noqa: BLE001 - a fault of measuring must not keep an answer from being stored; who stores it tries again and says so
        return None
