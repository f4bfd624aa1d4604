"""Canonical texts, and the hashes over them by which it is seen what is the same: fingerprints, versions, what is asked of a node; and the texts in a JSON value."""

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


def question_of(stage_version: str, context_version: str, source_version: str | None) -> str:
    """Hash what is asked of the model, with whatever budget: SHA-256 over the versions of the stage, the context and the content that is read."""
    return hashlib.sha256("\n".join((stage_version, context_version, source_version or "")).encode()).hexdigest()


def source_version(content_version: str | None, choice_version: str | None) -> str | None:
    """Give the version of what is read: of a content, of what people chose, or of both; the store's queries join them alike."""
    return " ".join(version for version in (content_version, choice_version) if version) or None


def identity_key(stage_version: str, identity: str, name: str, description: str, source_version: str | None) -> str:
    """Hash what makes two nodes' questions the same for reuse: SHA-256 over the stage's version, the node's own text and the content that is read.

    Ancestors and KPIs are left out. The parts hold no control characters: frameworks that have them are refused.

    Args:
        identity: The node's stable id, or its normalized name path.
        name: Normalized, like the description.
    """
    return hashlib.sha256("\x1f".join((stage_version, identity, name, description, source_version or "")).encode()).hexdigest()


def input_version(fingerprint: str, generation: int) -> str:
    """Data version of a request: the same question asked again is a new version."""
    return hashlib.sha256(f"{fingerprint}\n{generation}".encode()).hexdigest()


def texts_in(value: object) -> Iterator[str]:
    """Give all texts of a JSON value but for keys, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)
