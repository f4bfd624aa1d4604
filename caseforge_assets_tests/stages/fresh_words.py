"""Words that say nothing and of which no two are the same."""

from __future__ import annotations

LETTERS = "bcdfghjklmnpqrstvwxz"


def fresh(place: int, count: int) -> list[str]:
    """So many words of six letters, other ones for each place from 0 to 399; none of them is a word."""
    first, second = divmod(place, len(LETTERS))
    return [
        f"q{LETTERS[first]}{LETTERS[second]}{LETTERS[number // 400 % 20]}{LETTERS[number // 20 % 20]}{LETTERS[number % 20]}"
        for number in range(count)
    ]
