"""What a code is, and which code a number in a code cell stands for. Which code is whose parent is decided in tree."""

import re

from caseforge_assets.frameworks.problems import quoted

MAX_CODE_CHARS = 64
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*")
_NUMBER = re.compile(r"(\d+)\.(\d+)")


def code_trouble(text: str) -> str | None:
    """Says why a text is not a code; None if it is one: "1.0", "1.2.4", "FIN-3.a"."""
    if len(text) <= MAX_CODE_CHARS and _CODE.fullmatch(text):
        return None
    return (
        f"{quoted(text)} is not a code. A code has letters, digits, hyphens and underscores, separated by dots, as in 1.2.4 "
        f"(at most {MAX_CODE_CHARS} characters)."
    )


class NumberedCodes:
    """Tells the codes that Excel keeps as numbers: 1.1 and 1.10 are the same number.

    A number is taken for the code that continues the count of its siblings above it: 1.1 after 1.0, or after nothing, is
    1.1; after 1.9 it is 1.10. Where it continues nothing, it is not guessed.
    """

    def __init__(self, *, categories_end_in_zero: bool) -> None:
        self._categories_end_in_zero = categories_end_in_zero
        self._last_child: dict[str, int] = {}

    def code_of(self, number: float) -> str | None:
        """Gives the code that a number stands for; None where that cannot be told."""
        if number < 0:
            return None
        if float(number).is_integer():
            return f"{int(number)}.0" if self._categories_end_in_zero else str(int(number))
        match = _NUMBER.fullmatch(repr(number))
        if not match:
            return None
        parent, digits = match.groups()
        following = str(self._last_child.get(parent, 0) + 1)
        return f"{parent}.{following}" if following.rstrip("0") == digits else None

    def pass_over(self, code: str) -> None:
        """Takes note of a code, in the order of the file."""
        parent, _, child = code.rpartition(".")
        if child.isdecimal():
            self._last_child[parent] = int(child)


def codes_of_reference(text: str, *, is_number: bool) -> tuple[str, ...]:
    """Gives the codes that an entry in a parent column may mean: 1 also 1.0, and the number 1.1 also 1.10."""
    if is_number and "." in text:
        return text, f"{text}0"
    return (text,) if "." in text else (text, f"{text}.0")


def parent_codes(code: str) -> tuple[str, ...]:
    """Gives what the parent of a dotted code may be called; empty on the top level.

    In the PCF, categories are written "1.0" and their children "1.1": the parent of "1.1" is "1.0".
    """
    parent, dot, child = code.rpartition(".")
    if not dot or ("." not in parent and child == "0"):
        return ()
    return (parent,) if "." in parent else (parent, f"{parent}.0")
