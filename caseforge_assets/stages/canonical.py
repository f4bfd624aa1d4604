"""JSON values: one canonical text for each, hashes over it, of which fingerprints and versions are made, and the texts in it."""

import hashlib
import json
from collections.abc import Iterator


def canonical_json(value: object) -> str:
    """Write a JSON value so that equal values give equal text: sorted keys, no spaces, ASCII only.

    Args:
        value: Anything that JSON can hold. Lone surrogates are escaped, so that the text can always be encoded.

    Returns:
        The canonical text.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def fingerprint(value: object) -> str:
    """Give the SHA-256 of a value's canonical text, in hexadecimal (64 characters).

    Args:
        value: A request body, or any other JSON value.
    """
    return text_fingerprint(canonical_json(value))


def text_fingerprint(canonical: str) -> str:
    """Give the SHA-256 of a canonical text, in hexadecimal.

    Args:
        canonical: As `canonical_json` writes it.
    """
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def texts_in(value: object) -> Iterator[str]:
    """Give all texts of a JSON value but for keys, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)
