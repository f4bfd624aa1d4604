"""Work that is due: what a schedule or sensor asks for once, by a key that names its cause."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Due:
    """The step that is due now, or the reason why none is.

    Attributes:
        key: Names the cause; what was begun under a key is not begun again. Empty: nothing is due.
        why_not: Why nothing is, for people.
    """

    key: str = ""
    why_not: str = ""
