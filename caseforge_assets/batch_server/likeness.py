"""The differences from OpenAI of the providers that the server can imitate: a record of data each, read where it matters.

Sources: Azure: MicrosoftDocs/azure-ai-docs, how-to/batch.md with its includes, and what users quote of its errors; Groq: its API reference and its SDK, whose lists take no parameters; Doubleword: its
documentation of batches and the configuration of its control layer; LiteLLM: its issues 23901 (429 becomes 500), 37150 (the list of batches), 41753 (the list of files), and the ids of its managed files.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from caseforge_assets.batch_server.limits import Limits

HOUR_S, DAY_S = 3_600, 86_400


class Counts(StrEnum):
    """The ways in which a batch counts its requests."""

    SHOWN = "shown"
    AT_THE_END = "at the end"  # each number is null until then, and when validation refused the batch
    NEVER = "never"


class Pages(StrEnum):
    """The ways in which a list comes."""

    CURSOR = "cursor"
    WHOLE = "whole"  # all at once, whatever is asked
    STUCK = "stuck"  # the first page again and again, each with more to come


@dataclass(frozen=True)
class Likeness:
    """One provider.

    Attributes:
        base_paths: Where its API begins; the usual one first. ``/v1`` always works.
        endpoints: What batches are created for; the same stands as URL in each line.
        windows: Completion windows that are taken.
        window_ends: Whether a batch expires at its end.
        limits: Sizes and numbers beyond which it refuses.
        lifetimes_s: What ``expires_after`` may be; None where it is overlooked.
        inputs_kept_s: How long an input file is kept that says nothing; None for ever.
        results_kept_s: The same for result files.
        only_openai_models: Whether it takes only models with names like OpenAI's, unless it is told which.
        takes_api_key: Whether the key may come in the header ``api-key``, too, and a bearer token that says when it ends is held to it.
        refuses_bom: Whether a file that begins with a byte order mark is refused.
        manages_files: Whether uploads can be bound to models.
        file_list: How the list of files comes.
        lists_results: Whether that list has result files, too.
        batch_list: How the list of batches comes.
        shows_endpoint: Whether a batch tells its endpoint.
        shows_metadata: Whether a batch tells its metadata.
        counts: What a batch says of its requests.
        hides_of_batches: Fields that its batches don't have.
        hides_of_files: Fields that its files don't have.
        ends_failed_as_completed: Whether a failed batch has ``completed_at`` and no ``failed_at``.
        empty_error_file: Whether a batch without errors has an error file without bytes.
        file_id: Form of the ids of files.
        batch_id: Form of the ids of batches.
        encodes_ids: Whether they are shown in base64.
        codes: Its own codes for why validation refuses a file, by OpenAI's.
        too_many_tokens: How it words that too many tokens are enqueued.
        statuses: HTTP statuses that become others on their way out.
    """

    base_paths: tuple[str, ...] = ("/v1",)
    endpoints: tuple[str, ...] = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings")
    windows: tuple[str, ...] = ("24h",)
    window_ends: bool = True
    limits: Limits = field(default_factory=Limits)
    lifetimes_s: range | None = range(HOUR_S, 30 * DAY_S + 1)
    inputs_kept_s: int | None = 30 * DAY_S
    results_kept_s: int | None = 30 * DAY_S
    only_openai_models: bool = False
    takes_api_key: bool = False
    refuses_bom: bool = False
    manages_files: bool = False
    file_list: Pages = Pages.CURSOR
    lists_results: bool = True
    batch_list: Pages = Pages.CURSOR
    shows_endpoint: bool = True
    shows_metadata: bool = True
    counts: Counts = Counts.SHOWN
    hides_of_batches: tuple[str, ...] = ()
    hides_of_files: tuple[str, ...] = ()
    ends_failed_as_completed: bool = False
    empty_error_file: bool = False
    file_id: str = "file-{token}"
    batch_id: str = "batch_{token}"
    encodes_ids: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    too_many_tokens: str = (
        "Enqueued token limit reached for {model} in organization org-local. Limit: {limit:,} enqueued tokens. "
        "Please try again once some in_progress batches have been completed."
    )
    statuses: Mapping[int, int] = field(default_factory=dict)

    def file_id_of(self, token: str) -> str:
        """The id of a file, from a token of its own."""
        return self._id(self.file_id, token)

    def batch_id_of(self, token: str) -> str:
        """The id of a batch, from a token of its own."""
        return self._id(self.batch_id, token)

    def _id(self, form: str, token: str) -> str:
        text = form.format(token=token)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") if self.encodes_ids else text

    def token_limit_message(self, model: str, limit: int) -> str:
        """Words the refusal when more tokens would be enqueued than ``limit``."""
        return self.too_many_tokens.format(model=model, limit=limit, short=_short(limit))


def window_s(window: str) -> float:
    """The seconds of a completion window, such as ``24h`` or ``7d``."""
    return int(window[:-1]) * float({"h": HOUR_S, "d": DAY_S}[window[-1]])


def _short(number: int) -> str:
    """As Azure writes a number of tokens: 30K, 2M."""
    return f"{number / 1_000_000:g}M" if number >= 1_000_000 else f"{number / 1_000:g}K"


AZURE = Likeness(
    base_paths=("/openai/v1", "/v1"),
    endpoints=("/chat/completions", "/responses"),
    window_ends=False,
    limits=Limits(batch_requests=100_000, files_without_expiry=500, files_with_expiry=10_000),
    lifetimes_s=range(14 * DAY_S, 30 * DAY_S + 1),
    inputs_kept_s=None,
    results_kept_s=None,
    takes_api_key=True,
    refuses_bom=True,
    shows_endpoint=False,
    shows_metadata=False,
    counts=Counts.AT_THE_END,
    hides_of_batches=("model", "usage"),
    ends_failed_as_completed=True,
    empty_error_file=True,
    codes={
        "invalid_url": "url_mismatch",
        "mismatched_model": "model_mismatch",
        "missing_required_parameter": "invalid_request",
        "invalid_type": "invalid_request",
        "invalid_method": "invalid_request",
    },
    too_many_tokens=(
        "The number of enqueued tokens has surpassed the configured limit of {short} for the deployment '{model}'. "
        "Please either increase the limit or try again once the current jobs have finished."
    ),
)

GROQ = Likeness(
    base_paths=("/openai/v1", "/v1"),
    windows=(*(f"{days * 24}h" for days in range(1, 8)), *(f"{days}d" for days in range(1, 8))),
    limits=Limits(batch_file_bytes=100_000_000),
    lifetimes_s=None,
    file_list=Pages.WHOLE,
    batch_list=Pages.WHOLE,
    hides_of_batches=("model", "usage"),
    hides_of_files=("expires_at", "status", "status_details"),
    file_id="file_{token}",
)

LITELLM = Likeness(
    base_paths=("/v1", ""),
    manages_files=True,
    lists_results=False,
    batch_list=Pages.STUCK,
    counts=Counts.NEVER,
    hides_of_batches=("usage",),
    file_id="litellm_proxy:application/octet-stream;unified_id,{token};target_model_names,batch;llm_output_file_id,file-{token}",
    batch_id="litellm_proxy;model_id:0b6f6b3c0c1f4f0e9a3d5d7c8b1a2e4f;llm_batch_id:batch_{token}",
    encodes_ids=True,
    statuses={429: 500},
)

LIKENESSES: Mapping[str, Likeness] = {
    "openai": Likeness(only_openai_models=True),
    "azure": AZURE,
    "groq": GROQ,
    "litellm": LITELLM,
    "doubleword": Likeness(windows=("1h", "24h"), limits=Limits(batch_file_bytes=100_000_000), inputs_kept_s=DAY_S),
}
