"""Settings of a stage's requests beside what they say: the model and how it is asked."""

from dataclasses import dataclass

from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS

DEFAULT_MODEL = "gpt-6.1-sol"


@dataclass(frozen=True)
class StageSettings:
    """Settings of a stage's requests, from the configuration.

    Attributes:
        model: The model's name, as the provider has it.
        temperature: None leaves it out of the request.
        max_completion_tokens: The budget for thinking and text together, in tokens; None takes the stage's default.
        reasoning_effort: None leaves it to the model.
        verbosity: None leaves it to the model.
        budget_quantile: The share of earlier answers whose tokens a fitted budget has room for; None takes the same budget for all.
        also_called: The provider's own names for the model, such as deployments.
        keeps_content: Whether what was made with another model, temperature, effort or verbosity, or at another endpoint, counts as fresh.
        endpoint: Where its requests go: `chat/completions`, `responses` or `embeddings`.
        dimensions: How many numbers a vector is to have; None leaves it to the model.
    """

    model: str = DEFAULT_MODEL
    temperature: float | None = None
    max_completion_tokens: int | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    budget_quantile: float | None = None
    also_called: tuple[str, ...] = ()
    keeps_content: bool = True
    endpoint: str = CHAT_COMPLETIONS
    dimensions: int | None = None
