"""Packing requests into as few batches as the limits allow, in the order given."""

from collections.abc import Iterable
from dataclasses import dataclass

from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS

# OpenAI says "200 MB"; the smaller of the two readings is safe.
MAX_FILE_BYTES = 200 * 1000 * 1000
MAX_REQUESTS = 50_000
MAX_TEXTS = 50_000  # of a batch for vectors, all requests together (openai SDK 3.54, batch_create_params.py)
LINE_BYTES = 200  # what a line has around its request's body, at most


@dataclass(frozen=True, slots=True)
class PackItem:
    """A request to be packed: its number, the size of its line with the line break, its input tokens, its model, where it goes, and its texts, where it wants vectors."""

    request_id: int
    size_bytes: int
    input_tokens: int
    model: str
    endpoint: str = CHAT_COMPLETIONS
    texts: int = 0


@dataclass(frozen=True)
class PackLimits:
    """The most that a batch may hold. The limits of requests and bytes are OpenAI's.

    Attributes:
        max_requests: Requests of a file.
        max_bytes: Bytes of a file.
        max_enqueued_tokens: Input tokens that the account may have waiting for a model; None where no limit is known.
    """

    max_requests: int = MAX_REQUESTS
    max_bytes: int = MAX_FILE_BYTES
    max_enqueued_tokens: int | None = None


@dataclass
class _Load:
    """A batch being filled."""

    items: list[PackItem]
    size_bytes: int = 0
    input_tokens: int = 0
    texts: int = 0

    def takes(self, item: PackItem, limits: PackLimits) -> bool:
        """Tells whether the item fits; the first one always does."""
        if not self.items:
            return True
        tokens_fit = limits.max_enqueued_tokens is None or self.input_tokens + item.input_tokens <= limits.max_enqueued_tokens
        texts_fit = self.texts + item.texts <= MAX_TEXTS
        return texts_fit and len(self.items) < limits.max_requests and self.size_bytes + item.size_bytes <= limits.max_bytes and tokens_fit

    def add(self, item: PackItem) -> None:
        self.items.append(item)
        self.size_bytes += item.size_bytes
        self.input_tokens += item.input_tokens
        self.texts += item.texts


def pack(requests: Iterable[PackItem], limits: PackLimits) -> list[list[PackItem]]:
    """Pack requests into batches of one model and one endpoint each.

    Args:
        requests: In the order in which they should be answered; within a batch and among the batches of a model and an endpoint it is kept.
        limits: What a batch may hold. A request that is alone too large gets a batch of its own, for the provider to judge.

    Returns:
        The batches, in the order of their first requests. Every request is in exactly one.
    """
    batches: list[_Load] = []
    filling: dict[tuple[str, str], _Load] = {}
    for item in requests:
        kind = (item.model, item.endpoint)
        load = filling.get(kind)
        if load is None or not load.takes(item, limits):
            load = filling[kind] = _Load([])
            batches.append(load)
        load.add(item)
    return [load.items for load in batches]


def lowered_token_limit(tokens_in_flight: int, stated_limit: int | None) -> int:
    """Learn from a batch that was rejected for the account's token limit.

    Args:
        tokens_in_flight: The input tokens that were waiting, the rejected batch's among them.
        stated_limit: The limit that the provider stated, if it did.

    Returns:
        The limit to keep to: the stated one where it explains the rejection, else half of what was tried; at least 1.
    """
    if stated_limit is not None and 0 < stated_limit < tokens_in_flight:
        return stated_limit
    return max(tokens_in_flight // 2, 1)
