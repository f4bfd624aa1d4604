"""The words and phrases that measuring and reading headings know, from `words.toml`."""

import tomllib
from functools import cache
from pathlib import Path

WORDS_FILE = Path(__file__).with_name("words.toml")


def word_list(name: str) -> frozenset[str]:
    """Give one of the lists of words.

    Args:
        name: Such as `unfinished_ends`.
    """
    return frozenset(_lists()[name].split())


def phrase_list(name: str) -> frozenset[str]:
    """Give one of the lists of phrases, such as `empty_talk`."""
    return frozenset(" ".join(phrase.split()) for phrase in _lists()[name].split(","))


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
