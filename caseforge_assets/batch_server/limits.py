"""Sizes and numbers beyond which something is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits OpenAI documents for files and batches, and those of this server for other bodies; smaller ones make them testable.

    Attributes:
        files_without_expiry: How many files there may be when one is uploaded that does not expire; None for any number.
        files_with_expiry: The same for one that does.
        json_body_bytes: The largest body that is no upload, and the longest line of a batch's input.
        body_grace_s: How long any body may take to come; longer, where it came at no less than `body_bytes_per_s` since.
    """

    file_bytes: int = 512 * 1024 * 1024
    batch_file_bytes: int = 200 * 1024 * 1024
    batch_requests: int = 50_000
    metadata_pairs: int = 16
    metadata_key_chars: int = 64
    metadata_value_chars: int = 512
    files_without_expiry: int | None = None
    files_with_expiry: int | None = None
    json_body_bytes: int = 16 * 1024 * 1024
    body_grace_s: float = 60.0
    body_bytes_per_s: float = 10_000.0
