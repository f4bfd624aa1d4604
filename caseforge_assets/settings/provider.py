"""The table [provider] of caseforge.toml: which kind of provider batches go to, and what it takes otherwise than that kind is known to."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from caseforge_assets.batches.provider_kinds import (
    CHAT_COMPLETIONS,
    CUSTOM,
    KINDS,
    NONE,
    OPENAI,
    SECONDS_PER_DAY,
    ListKind,
    Metadata,
    ProviderKind,
    kind_of_address,
    window_of,
)

KindName = Literal["openai", "azure", "groq", "doubleword", "litellm", "custom"]
Days = Annotated[float, Field(gt=0, le=3650)] | Literal["none"]
_OF_AN_UPLOAD = frozenset({"file", "purpose", "expires_after"})
_OF_A_LIST = frozenset({"after", "limit", "purpose", "order"})


def _is_window(value: str) -> str:
    window_of(value)
    return value


def _is_path(value: str) -> str:
    if not value.startswith("/") or not value.endswith(CHAT_COMPLETIONS) or any(part in value for part in ("://", "?", "#", " ")):
        raise ValueError(f"must be a path that ends in {CHAT_COMPLETIONS}, such as /v1{CHAT_COMPLETIONS}, not {value!r}")
    return value


def _words(value: Any) -> Any:
    """A command as one text is split as a shell splits it, which is not run."""
    return tuple(shlex.split(value)) if isinstance(value, str) else value


Window = Annotated[str, AfterValidator(_is_window)]
ApiPath = Annotated[str, AfterValidator(_is_path)]
Fields = dict[Annotated[str, Field(min_length=1)], str]


class ProviderSettings(BaseModel):
    """The `[provider]` table; what is not given is as the kind has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: KindName | None = Field(default=None, description="by the address where there is none")
    line_url: ApiPath | None = None
    endpoint: ApiPath | None = None
    completion_window: Window | None = None
    file_purpose: str | None = Field(default=None, min_length=1)
    upload_fields: Fields | None = None
    file_expiry_days: Days | None = None
    output_expiry_days: Days | None = None
    max_bytes: int | None = Field(default=None, ge=1_000_000)
    max_requests: int | None = Field(default=None, ge=1)
    batch_list: ListKind | None = None
    file_list: ListKind | None = None
    list_fields: Fields | None = None
    metadata: Metadata | None = None
    windows: tuple[Window, ...] | None = None
    shortest_window: Window | None = None
    longest_window: Window | None = None
    expiry_range_days: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] | None = None
    max_files: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    models: dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="the provider's own names of models, such as deployments, and the models that they stand for"
    )
    key_header: Literal["authorization", "api-key"] | None = None
    token_command: Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1)] | None = Field(
        default=None, description="prints a token that is sent instead of a key"
    )
    token_file: str | None = Field(default=None, min_length=1, description="holds one; relative to caseforge.toml")
    token_lifetime_s: float | None = Field(default=None, gt=0, description="of tokens that do not say when they end")
    token_renew_before_s: float = Field(default=300.0, ge=0)

    @property
    def has_tokens(self) -> bool:
        """Tells whether a token is sent instead of a key."""
        return self.token_command is not None or self.token_file is not None

    def at(self, base_url: str) -> ProviderSettings:
        """The same with the kind that is certainly at an address, where none is named."""
        found = None if self.kind else kind_of_address(base_url)
        return self.model_copy(update={"kind": found}) if found else self

    @property
    def effective(self) -> ProviderKind:
        """The facts that hold: the kind's (without a kind, OpenAI's), and what is given instead."""
        given = {name: value for name, value in self if name in ProviderKind.__dataclass_fields__ and value is not None}
        for name in ("file_expiry_days", "output_expiry_days"):
            if name in given:
                given[name] = None if given[name] == NONE else _exact(given[name])
        if self.expiry_range_days is not None:
            given["expiry_range_days"] = tuple(map(_exact, self.expiry_range_days))
        return replace(KINDS[self.kind or OPENAI], **given)

    def real_model(self, name: str) -> str:
        """The model that a name stands for at this provider."""
        return self.models.get(name, name)

    def names_of(self, model: str) -> list[str]:
        """Gives the provider's names of a model, in the order in which the names are given; empty where it has no other name."""
        return [name for name, real in self.models.items() if real == model]


def _exact(days: float) -> Fraction:
    """To the second: 1 / 24 is an hour."""
    return Fraction(days).limit_denominator(SECONDS_PER_DAY)


def misplaced(given: ProviderSettings, base_url: str) -> str:
    """Says for people why nothing is sent to an address as to this kind of provider; empty where it may be one."""
    certain = kind_of_address(base_url)
    if not certain or given.kind in (None, certain, CUSTOM):
        return ""
    return f'{base_url} is certainly of the kind {certain}, not {given.kind}; set OPENAI_BASE_URL to its address, or write "{certain}" or "{CUSTOM}"'


def contradictions(given: ProviderSettings, max_requests_per_batch: int | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """Finds what in [provider] its kind does not take, or is not meant with the rest: a key's path, and what is allowed.

    Args:
        given: with its kind, as far as it is certain.
        max_requests_per_batch: the key of the whole project.
    """
    holds = given.effective
    who = f"the kind {holds.name}" if given.kind else "a provider whose kind is not given, and which is taken to be like OpenAI,"
    if not holds.takes_window(holds.completion_window):
        takes = ", ".join(holds.windows) or f"{holds.shortest_window} to {holds.longest_window}"
        yield ("provider", "completion_window"), f"{who} takes {takes}, not {holds.completion_window}"
    for name in ("file_expiry_days", "output_expiry_days"):
        yield from _expiry(name, getattr(holds, name), holds, who)
    if given.token_command is not None and given.token_file is not None:
        yield ("provider", "token_file"), "stands beside token_command; one of them is wanted"
    if not given.has_tokens and given.token_lifetime_s is not None:
        yield ("provider", "token_lifetime_s"), "is of a token; token_command or token_file says where that is from"
    for name, model in given.models.items():
        if given.models.get(model, model) != model:
            yield ("provider", "models", name), f"{model} is itself a name for {given.models[model]}; write that"
    for name, fixed in (("upload_fields", _OF_AN_UPLOAD), ("list_fields", _OF_A_LIST)):
        for field in sorted(fixed & (getattr(given, name) or {}).keys()):
            yield ("provider", name, field), "is sent already; it has a key of its own, or none"
    if max_requests_per_batch is not None and max_requests_per_batch > holds.max_requests:
        yield (
            ("max_requests_per_batch",),
            f"this provider takes {holds.max_requests:,} at most (provider.max_requests), not {max_requests_per_batch:,}",
        )


def _expiry(name: str, days: Fraction | None, holds: ProviderKind, who: str) -> Iterator[tuple[tuple[str, ...], str]]:
    if days is None:
        return
    if holds.expiry_range_days is None:
        yield ("provider", name), f'{who} is not known to take one; write "none"'
        return
    least, most = holds.expiry_range_days
    if not least <= days <= most:
        yield ("provider", name), f'{who} takes {float(least):.3g} to {float(most):g} days, or "none", not {float(days):g}'
