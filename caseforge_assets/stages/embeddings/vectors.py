"""Vectors as they are kept: a line for people, then one for each vector, as base64 of floats of two bytes, the lowest byte first.

Two bytes are enough: numbers of a vector of length 1 differ by a two-thousandth at most, and so do likenesses by less.
"""

import base64
import struct
from collections.abc import Sequence


def write_vectors(vectors: Sequence[Sequence[float]]) -> str:
    """Write vectors as the body of a content.

    Args:
        vectors: Of equal numbers; the first is the process's, the others are its use cases'.
    """
    said = f"{len(vectors)} vectors of {len(vectors[0]):,} numbers: of the process, and of its {len(vectors) - 1} use cases."
    return "\n".join([said, *(base64.b64encode(struct.pack(f"<{len(vector)}e", *vector)).decode() for vector in vectors)])


def vectors_of(body: str) -> list[str]:
    """Give the vectors of a content as they are kept, in the order of their texts.

    Args:
        body: As `write_vectors` makes it.
    """
    return body.split("\n")[1:]
