"""Counts what makes a text specific: figures, and names that are written with several capitals, such as ERP or SharePoint."""

import re
from dataclasses import dataclass

PER_CHARACTERS = 1_000

_FIGURE = re.compile(r"[0-9][0-9]*(?:[.,:][0-9]+)*")
_LIST_NUMBER = re.compile(r"\n[ \t]*[0-9]+[.)]\s")
# Both at once, for one look through a text is half of two: a figure, or a name with the figure that it ends in ("MP3.5").
# One set of first characters, and then the two ways on: with two patterns side by side, each place is tried twice.
_EITHER = re.compile(r"[0-9A-Z](?:(?<=[0-9])[0-9]*(?:[.,:][0-9]+)*|[a-z0-9&]*[A-Z]\w*(?:(?<=[0-9])(?:[.,:][0-9]+)+)?)")


@dataclass(frozen=True, slots=True)
class Specifics:
    """Figures (numbers of lists aside) and names, each as often as they stand in 1,000 characters."""

    figures: float
    names: float

    def value(self, figures: float, names: float) -> float:
        """Give how near both come to what is enough, from 0 to 1, each counting half."""
        return (min(1.0, self.figures / figures) + min(1.0, self.names / names)) / 2


def find_specifics(text: str) -> Specifics:
    """Count what makes a text specific.

    Args:
        text: Markdown, in its own upper and lower case.
    """
    per = len(text) / PER_CHARACTERS
    if not per:
        return Specifics(0.0, 0.0)
    found = _EITHER.findall(text)
    names = [one for one in found if one[0] > "9"]
    figures = len(found) - len(names) + sum(len(_FIGURE.findall(name)) for name in names if not name.isalpha())
    return Specifics((figures - len(_LIST_NUMBER.findall(text))) / per, len(names) / per)
