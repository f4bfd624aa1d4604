"""Models by name: the dated version that answers for a name where there is one, which of them reason, and which answer at one endpoint only.

From OpenAI's model pages, and the openai SDK 3.54, types/shared/all_models.py.
"""

from __future__ import annotations

import re

DATED = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "gpt-5-pro": "gpt-5-pro-2025-10-06",
    "gpt-5.1": "gpt-5.1-2025-11-13",
    "gpt-5.2": "gpt-5.2-2025-12-11",
    "gpt-5.5-pro": "gpt-5.5-pro-2026-04-23",
    "o3": "o3-2025-04-16",
    "o4-mini": "o4-mini-2025-04-16",
}
UNDATED = ("gpt-6-luna", "gpt-6-sol", "gpt-6.1-sol", "gpt-6.1-terra")
RESPONSES_ONLY = {
    "o1-pro", "o3-pro", "o3-deep-research", "o4-mini-deep-research", "computer-use-preview", "gpt-5.5-pro", "gpt-5-codex", "gpt-5-pro",
    "gpt-5.1-codex-max", "gpt-daybreak-blue-latest", "gpt-daybreak-red-latest", "gpt-5.6-cyber", "gpt-6-cyber", "gpt-rosalind-research",
    "gpt-6-rosalind", "gpt-6.2-astra-law",
}  # fmt: skip
DAY = re.compile(r"-\d{4}-\d{2}-\d{2}$")
REASONING = re.compile(r"^(o\d|gpt-[5-9])(?!.*-chat)")


def answering_model(model: str) -> str:
    """The name that stands in the answer: dated where it is known, the same otherwise."""
    return DATED.get(model, model)


def reasons(model: str) -> bool:
    """Tells whether a model spends tokens on reasoning before it answers."""
    return bool(REASONING.match(model))


def answers_responses_only(model: str) -> bool:
    """Tells whether a model is not to be had as a chat completion."""
    return DAY.sub("", model) in RESPONSES_ONLY


def known_models() -> list[str]:
    """Every name in the list of models."""
    return sorted({*UNDATED, *DATED, *DATED.values()})
