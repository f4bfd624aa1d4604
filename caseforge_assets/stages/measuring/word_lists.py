"""The words and phrases that measuring and reading headings know: English ones from `words.toml`, those of another language from a file of its own."""

import re
import tomllib
from functools import cache
from pathlib import Path

from caseforge_assets.stages.languages import ENGLISH, primary

WORDS_FILE = Path(__file__).with_name("words.toml")
_LEAST_WORDS = 40  # of a text whose language is told
_LEAST_SHARE = 0.04  # of small words in a text of the language; running text has 15 to 30 %, names some 8
_WORD = re.compile(r"[^\W\d_]+")


@cache
def word_list(name: str, language: str = ENGLISH) -> frozenset[str]:
    """Give one of the lists of words.

    Args:
        name: Such as `unfinished_ends`.
        language: One of `languages_with_words`.
    """
    return frozenset(_lists(language)[name].split())


@cache
def phrase_list(name: str, language: str = ENGLISH) -> frozenset[str]:
    """Give one of the lists of phrases, such as `empty_talk`."""
    return frozenset(" ".join(phrase.split()) for phrase in _lists(language)[name].split(","))


def has_words(language: str) -> bool:
    """Tell whether a language has lists of words."""
    return primary(language) in languages_with_words()


@cache
def languages_with_words() -> tuple[str, ...]:
    """Tags of the languages that have lists, English first."""
    return (ENGLISH, *sorted(path.suffixes[0][1:] for path in WORDS_FILE.parent.glob("words.*.toml")))


def language_of(text: str) -> str:
    """Tell which of the languages that have lists a text is written in, by its small words; empty where that is not plain.

    Args:
        text: A text, or many names.
    """
    words = _WORD.findall(text.lower())
    counts = {language: sum(map(word_list("small_words", language).__contains__, words)) for language in languages_with_words()}
    first, *others = sorted(counts, key=lambda language: -counts[language])
    is_plain = (
        len(words) >= _LEAST_WORDS
        and counts[first] >= _LEAST_SHARE * len(words)
        and all(counts[first] > 2 * counts[other] for other in others)
    )
    return first if is_plain else ""


@cache
def _lists(language: str) -> dict[str, str]:
    path = WORDS_FILE if language == ENGLISH else WORDS_FILE.with_name(f"words.{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
