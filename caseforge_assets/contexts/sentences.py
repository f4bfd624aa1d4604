"""Splits texts into sentences. In doubt a sentence goes on: a text may be shortened by whole sentences only."""

import re

# An end mark with closing quotes or brackets, then a space and what can begin a sentence; or the end of a line.
_END = re.compile(r"""[.!?…]+["'”’»)\]]*(?=\s+["'“‘«(\[]*[A-Z0-9À-ÖØ-Þ])|[。！？]+|\n+""")
# What has a full stop without ending anything, and single letters as in "U.S." and "J. Smith".
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|ca|approx|no|nos|fig|inc|ltd|co|corp|dr|mr|mrs|ms|st|dept|est|incl|resp)|\b[A-Za-z])\.$", re.I
)


def split_sentences(text: str) -> tuple[str, ...]:
    """Splits a text into sentences. Joined again, they are the text: each keeps the whitespace that follows it."""
    sentences: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if _ABBREVIATION.search(text[max(start, match.end() - 12) : match.end()]):
            continue
        end = match.end()
        while end < len(text) and text[end].isspace():
            end += 1
        if end > start:
            sentences.append(text[start:end])
            start = end
    if start < len(text):
        sentences.append(text[start:])
    return tuple(sentences)


def first_sentences(text: str, max_chars: int) -> str:
    """Gives as many whole sentences from the beginning of a text as fit, the first one in any case."""
    kept: list[str] = []
    size = 0
    for sentence in split_sentences(text):
        size += len(sentence)
        if kept and size > max_chars:
            break
        kept.append(sentence)
    return "".join(kept).rstrip()
