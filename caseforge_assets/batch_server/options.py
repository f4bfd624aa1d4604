"""The options that a server is started with. Nothing here is read from the environment."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from caseforge_assets.batch_server.likeness import LIKENESSES, Likeness
from caseforge_assets.batch_server.limits import Limits

SHORTEST_SECRET_BYTES = 16
SIMULATED_HEADER = "x-caseforge-simulated"


@dataclass(frozen=True)
class ServerOptions:
    """The behaviour of one server.

    Attributes:
        state_dir: Folder for everything the server has to remember; made when absent.
        latency_s: How long a batch takes, in seconds of the server's clock.
        time_scale: How many seconds of the server's clock pass in one real second; 1440 makes a day pass in a minute.
        faults: Fault specifications, such as ``truncate:rate=0.05``.
        like: The provider whose peculiarities are imitated.
        models: The models that are taken (at Azure: deployments), each as ``NAME`` or ``NAME=MODEL`` with the model that answers; none for all.
        managed_files: Whether an upload has to say which models it is for; LiteLLM's proxy only.
        upstream: Base URL of an OpenAI-compatible server that answers instead of the built-in writer.
        upstream_concurrency: How many requests the upstream server is sent at once.
        upstream_key: Key for the upstream server.
        webhook: Address that is told when a batch has ended.
        webhook_secret: What these messages are signed with: base64 behind ``whsec_``.
        limits: Sizes beyond which files and batches are refused, in place of the provider's.
    """

    state_dir: Path
    latency_s: float = 2.0
    time_scale: float = 1.0
    faults: Sequence[str] = ()
    like: str = "openai"
    models: Sequence[str] = ()
    managed_files: bool = False
    upstream: str | None = None
    upstream_concurrency: int = 8
    upstream_key: str | None = field(default=None, repr=False)
    limits: Limits | None = None
    webhook: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse settings under which nothing would ever be answered."""
        if self.latency_s < 0:
            raise ValueError(f"The latency of a batch can't be negative: {self.latency_s}")
        if self.time_scale <= 0:
            raise ValueError(f"The time scale has to be above 0: {self.time_scale}")
        if self.upstream_concurrency < 1:
            raise ValueError(f"At least one request has to go upstream at once: {self.upstream_concurrency}")
        if self.like not in LIKENESSES:
            raise ValueError(f"There is no likeness of '{self.like}'. There are: {', '.join(LIKENESSES)}.")
        if (self.webhook is None) != (self.webhook_secret is None):
            raise ValueError("An address for webhooks and the secret that signs them belong together: --webhook URL --secret whsec_…")
        if self.webhook_secret is not None:
            _check_secret(self.webhook_secret)
        if self.managed_files and not self.likeness.manages_files:
            raise ValueError(f"Managed files are LiteLLM's: --like {self.like} has none.")

    @property
    def likeness(self) -> Likeness:
        """The provider that is imitated."""
        return LIKENESSES[self.like]

    @property
    def answering(self) -> dict[str, str]:
        """The model that answers, by the name that requests know it by; empty where any is taken."""
        pairs = (text.partition("=") for text in self.models)
        return {name: model or name for name, _, model in pairs}

    def behind(self, name: str) -> str:
        """The model that answers what is asked of this one."""
        return self.answering.get(name, name)


def _check_secret(secret: str) -> None:
    try:
        length = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except ValueError:
        length = 0
    if not secret.startswith("whsec_") or length < SHORTEST_SECRET_BYTES:
        raise ValueError(f"The secret of webhooks is whsec_ and {SHORTEST_SECRET_BYTES} bytes or more in base64.")
