"""Many answers judged and measured at once, from nothing but their lines and what is known of their requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.batches.lines import ResultLine
from caseforge_assets.batches.outcomes import decide
from caseforge_assets.stages.discovery import all_as_they_come
from caseforge_assets.stages.judgement import Judgement, VectorsAsked
from caseforge_assets.stages.quality import NodeFacts, Quality
from caseforge_assets.stages.stage import JudgeFailed, Stage, StageUnknown
from caseforge_assets.stages.stages import Stages


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
