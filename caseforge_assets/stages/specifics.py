"""Counts what makes a text specific: figures, and names that are written with several capitals, such as ERP or SharePoint."""

import re
from dataclasses import dataclass

PER_CHARACTERS = 1_000

_FIGURE = re.compile(r"[0-9][0-9]*(?:[.,:][0-9]+)*")  # a repeat in front would take twice the time
_LIST_NUMBER = re.compile(r"\n[ \t]*[0-9]+[.)]\s")
_NAME = re.compile(r"[A-Z][a-z0-9&]*[A-Z]\w*")


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
    figures = len(_FIGURE.findall(text)) - len(_LIST_NUMBER.findall(text))
    return Specifics(figures / per, len(_NAME.findall(text)) / per)
