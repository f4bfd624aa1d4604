"""Small mistakes of typing in a name, where only one name can be meant."""

from collections import Counter
from collections.abc import Mapping

_SHORTEST = 6  # a mistake in a shorter name may make another word of it
_LONG = 12  # from here on two mistakes are small ones


def name_meant(text: str, names: Mapping[str, str]) -> str | None:
    """Give what a text means that is one of the names but for one or two letters; blanks between words aside.

    Args:
        text: A heading, in the form in which headings are compared.
        names: What each name in that form means.

    Returns:
        None where no name is near enough, or names of different meanings are nearly as near.
    """
    letters = text.replace(" ", "")
    if len(letters) < _SHORTEST:
        return None
    allowed = 1 if len(letters) < _LONG else 2
    near: dict[str, int] = {}
    for name, meaning in names.items():
        steps = steps_between(letters, name.replace(" ", ""), allowed + 1)
        if steps <= allowed + 1 and len(name) >= _SHORTEST:
            near[meaning] = min(steps, near.get(meaning, steps))
    meant = [meaning for meaning, steps in near.items() if steps <= allowed]
    return meant[0] if len(near) == 1 and meant else None


def steps_between(one: str, other: str, most: int) -> int:
    """Count the letters that were left out, added, replaced or changed places between two words.

    Args:
        one: A word.
        other: Another one.
        most: Where more are needed, no more than that is told: one more than this.
    """
    too_many = most + 1
    if abs(len(one) - len(other)) > most or sum(((Counter(one) - Counter(other)) | (Counter(other) - Counter(one))).values()) > 2 * most:
        return too_many
    before_last, last = list[int](), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        this = [row]
        for column, its in enumerate(other, 1):
            steps = min(last[column] + 1, this[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                steps = min(steps, before_last[column - 2] + 1)
            this.append(steps)
        before_last, last = last, this
    return min(last[-1], too_many)
