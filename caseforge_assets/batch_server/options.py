"""What a server is started with. Nothing here is read from the environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SIMULATED_HEADER = "x-caseforge-simulated"


@dataclass(frozen=True)
class Limits:
    """The limits OpenAI documents for files and batches, and those of this server for other bodies; smaller ones make them testable.

    Attributes:
        json_body_bytes: The largest body that is no upload, and the longest line of a batch's input.
        body_grace_s: How long any body may take to come; longer, where it came at no less than `body_bytes_per_s` since.
    """

    file_bytes: int = 512 * 1024 * 1024
    batch_file_bytes: int = 200 * 1024 * 1024
    batch_requests: int = 50_000
    metadata_pairs: int = 16
    metadata_key_chars: int = 64
    metadata_value_chars: int = 512
    json_body_bytes: int = 16 * 1024 * 1024
    body_grace_s: float = 60.0
    body_bytes_per_s: float = 10_000.0


@dataclass(frozen=True)
class ServerOptions:
    """How one server behaves.

    Attributes:
        state_dir: Folder for everything the server has to remember; made when absent.
        latency_s: How long a batch takes, in seconds of the server's clock.
        time_scale: How many seconds of the server's clock pass in one real second; 1440 makes a day pass in a minute.
        faults: Fault specifications, such as ``truncate:rate=0.05``.
        upstream: Base URL of an OpenAI-compatible server that answers instead of the built-in writer.
        upstream_concurrency: How many requests the upstream server is sent at once.
        upstream_key: Key for the upstream server.
        limits: Sizes beyond which files and batches are refused.
    """

    state_dir: Path
    latency_s: float = 2.0
    time_scale: float = 1.0
    faults: Sequence[str] = ()
    upstream: str | None = None
    upstream_concurrency: int = 8
    upstream_key: str | None = field(default=None, repr=False)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Refuse settings under which nothing would ever be answered."""
        if self.latency_s < 0:
            raise ValueError(f"The latency of a batch can't be negative: {self.latency_s}")
        if self.time_scale <= 0:
            raise ValueError(f"The time scale has to be above 0: {self.time_scale}")
        if self.upstream_concurrency < 1:
            raise ValueError(f"At least one request has to go upstream at once: {self.upstream_concurrency}")
