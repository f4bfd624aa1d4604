"""The judge of embeddings: whether each text has its vector, and what of them is kept."""

import base64
import binascii
import math
import struct

from caseforge_assets.stages.embeddings.vectors import write_vectors
from caseforge_assets.stages.judgement import Answer, Content, Judgement, Outcome
from caseforge_assets.wording import counted

_NUMBER_BYTES = 4


def judge_text(answer: Answer) -> Judgement:
    """Judge an answer.

    Args:
        answer: Its text has a line for each vector: its numbers, as base64 of floats of four bytes, the lowest byte first.

    Returns:
        `ok` with the vectors, brought to length 1, in the order of the texts; `schema_violation` where one is missing, is no vector, or has another length
        than was asked for; `empty` where there are none.
    """
    if not answer.text:
        return Judgement(Outcome.empty, "the answer holds no vector")
    vectors = [_vector(line) for line in answer.text.split("\n")]
    asked = answer.vectors
    if asked is not None and len(vectors) != asked.texts:
        return Judgement(
            Outcome.schema_violation, f"{counted(asked.texts, 'text was', 'texts were')} sent, and {counted(len(vectors), 'vector')} came"
        )
    good = [vector for vector in vectors if vector is not None]
    if len(good) < len(vectors):
        return Judgement(Outcome.schema_violation, f"vector {vectors.index(None) + 1} of {len(vectors)} is none, or is nothing but noughts")
    if len({len(vector) for vector in good}) > 1:
        return Judgement(Outcome.schema_violation, f"the vectors have {', '.join(sorted({f'{len(vector):,}' for vector in good}))} numbers")
    if asked is not None and asked.dimensions not in (None, len(good[0])):
        return Judgement(
            Outcome.schema_violation, f"vectors of {asked.dimensions:,} numbers were asked for, and those that came have {len(good[0]):,}"
        )
    return Judgement(Outcome.ok, content=Content(write_vectors(good)))


def _vector(line: str) -> list[float] | None:
    """A vector of length 1; None where it is none."""
    try:
        raw = base64.b64decode(line, validate=True)
        numbers = struct.unpack(f"<{len(raw) // _NUMBER_BYTES}f", raw)
    except (binascii.Error, struct.error, ValueError):
        return None
    length = math.sqrt(math.fsum(number * number for number in numbers))
    return [number / length for number in numbers] if length and math.isfinite(length) else None
