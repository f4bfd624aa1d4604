"""The words of a search are turned into a vector: once, however often they are searched for, and within what a month's questions may cost."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.batches.results.response_body import Usage, usage_of
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import noting_refusal
from caseforge_assets.costs.budgets import over_by
from caseforge_assets.costs.estimates import EMBEDDING_ENCODING, count_plain_tokens
from caseforge_assets.costs.prices import price_at_once_usd
from caseforge_assets.costs.sums import exact_usd, total
from caseforge_assets.openai_batch.errors import ProviderError, ProviderRefused, ProviderStopped, ProviderUnclear
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.embeddings.vectors import vectors_of
from caseforge_assets.stages.judgement import Answer, VectorsAsked
from caseforge_assets.stages.stage import Stage, StageSettings
from caseforge_assets.store.database.engine import Connection, wait_for_lock
from caseforge_assets.store.planning import plans
from caseforge_assets.store.serving import search_questions
from caseforge_assets.store.serving.search_questions import Question

TOO_MANY = 429  # calls at once: nothing was done
MONTH_KEY = "search_usd_per_month"


class QuestionRefused(ValueError):
    """The words are not turned into a vector; the text says why, and what to do."""


@dataclass(frozen=True)
class _Asking:
    """The words of a question, and the stage by whose model they are embedded."""

    words: str
    stage: Stage
    settings: StageSettings
    question: Question

    @property
    def tokens(self) -> int:
        return count_plain_tokens(self.words, EMBEDDING_ENCODING)


def vector_stage(project: Project) -> Stage:
    """The stage whose vectors are searched.

    Raises:
        QuestionRefused: the project has none.
    """
    stage = next((stage for stage in project.stages if stage.makes_vectors), None)
    if stage is None:
        raise QuestionRefused("there is no search by meaning in this project: enabled = true under [stages.embeddings] in caseforge.toml")
    return stage


def embed_question(project: OpenProject, words: str) -> bytes:
    """Gives the vector of what is searched for, in bytes, as contents keep theirs.

    Raises:
        QuestionRefused: the stage is off, or the answer would cost more than is allowed.
        ProviderError: the provider did not answer, or answered otherwise.
    """
    stage = vector_stage(project)
    settings = project.stage_settings[stage.key]
    words = " ".join(words.split())
    digest = hashlib.sha256(words.encode()).hexdigest()
    asking = _Asking(words, stage, settings, Question(project.provider.id, settings.model, settings.dimensions or 0, digest))
    with project.store.connect() as connection:
        vector = search_questions.known_vector(connection, asking.question)
    if vector is None:
        with wait_for_lock(project.store, f"question {digest}"):
            vector = _ask(project, asking)
    return base64.b64decode(vector)


def _ask(project: OpenProject, asking: _Asking) -> str:
    """Asks the provider, after it was noted that it is asked: what becomes of a call that nobody answers is not known, and so is its cost."""
    with project.store.begin() as connection:
        if (known := search_questions.known_vector(connection, asking.question)) is not None:
            return known  # somebody else asked the same meanwhile
        expected = price_at_once_usd(Usage(asking.tokens, 0, 0, 0), asking.settings.model, project.configuration.prices)
        if not project.provider.simulated:
            _refuse_beyond(project, expected, search_questions.spent_this_month(connection).known_usd, _committed(connection))
        question_id = search_questions.begin(connection, asking.question, expected)
    model = project.configuration.name_at_provider(asking.stage.key, asking.settings.model)
    client = project.provider.client
    try:
        with noting_refusal(project.store, client):
            body = client.embed(asking.words, model, asking.settings.dimensions)
    except ProviderError as error:
        if isinstance(error, ProviderRefused | ProviderStopped) or error.status_code == TOO_MANY:
            with project.store.begin() as connection:
                search_questions.refused(connection, question_id, str(error))
        raise
    usage = usage_of(body.usage)
    cost = None if usage is None else price_at_once_usd(usage, asking.settings.model, project.configuration.prices)
    judgement = asking.stage.judge(Answer(body.text, "stop", None, None, None, None, vectors=VectorsAsked(1, asking.settings.dimensions)))
    vectors = vectors_of(judgement.content.body) if judgement.content else [""]
    with project.store.begin() as connection:
        search_questions.answered(connection, question_id, vectors[0] or None, usage.input_tokens if usage else None, cost)
    if judgement.content is None:
        raise ProviderUnclear(f"turning the words into a vector: {judgement.detail}")
    return vectors[0]


def _committed(connection: Connection) -> Decimal:
    return total(plans.committed_by_framework(connection).values()).known_usd


def _refuse_beyond(project: Project, expected: Decimal | None, this_month: Decimal, committed: Decimal) -> None:
    """Refuses a question that may not be paid for.

    Raises:
        QuestionRefused: with what stands in the way, and what to do.
    """
    allowed, budget = project.configuration.search_usd_per_month, project.configuration.budget_usd
    if not allowed:
        raise QuestionRefused(
            f"the search by meaning asks the provider, which costs some ten-millionths of a dollar a search; {MONTH_KEY} in caseforge.toml says how much "
            f"of that is allowed, and now it is nothing"
        )
    if expected is None:
        raise QuestionRefused('there is no price for the model of the search; [prices."MODEL"] in caseforge.toml makes one known')
    if over_by(allowed, this_month, expected):
        raise QuestionRefused(
            f"this month's searches by meaning have cost what they may ({exact_usd(allowed)}); raise {MONTH_KEY} in caseforge.toml"
        )
    if budget is None or over_by(budget, committed, expected):
        raise QuestionRefused("nothing is left of the budget over all frameworks; raise budget_usd in caseforge.toml")
