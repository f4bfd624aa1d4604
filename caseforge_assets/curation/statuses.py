"""Statuses of a use case on its way from an idea to something that is used, and rules for what is said with them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

LONGEST_TAG = 60
MOST_TAGS = 20
LONGEST_TEXT = 10_000  # of a reason, a note or a comment; in characters


class UseCaseStatus(StrEnum):
    """The status of a use case. Without any decision it is an idea."""

    idea = "idea"
    shortlisted = "shortlisted"
    approved = "approved"
    in_delivery = "in_delivery"
    live = "live"
    rejected = "rejected"

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


# What somebody has chosen, and not put aside.
CHOSEN = frozenset({UseCaseStatus.shortlisted, UseCaseStatus.approved, UseCaseStatus.in_delivery, UseCaseStatus.live})


def status_from(text: str) -> UseCaseStatus:
    """A status as people write it, such as `in delivery`.

    Raises:
        ValueError: it is none; the text names them.
    """
    plain = "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())
    if plain not in set(UseCaseStatus):
        raise ValueError(f"{text!r} is no status; there are {', '.join(status.words for status in UseCaseStatus)}")
    return UseCaseStatus(plain)


def check_reason(status: UseCaseStatus, reason: str) -> None:
    """Refuses a rejection that says nothing.

    Raises:
        ValueError: the status takes a reason, and there is none; or it is too long.
    """
    if status is UseCaseStatus.rejected and not reason.strip():
        raise ValueError("say why it is rejected, so that nobody has to ask again")
    check_length("the reason", reason)


def check_length(what: str, text: str) -> None:
    """Refuses a text that nobody will read.

    Args:
        what: is too long, such as `the note`.

    Raises:
        ValueError: it has more than LONGEST_TEXT characters.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{what} has {len(text):,} characters; at most {LONGEST_TEXT:,} are kept")


def tags_from(texts: Iterable[str]) -> list[str]:
    """Tags as they are kept: without spaces around them and without what was said before, in the order in which they were written.

    Raises:
        ValueError: there are too many, or one is too long.
    """
    tags = dict[str, str]()
    for text in texts:
        if tag := " ".join(text.split()):
            tags.setdefault(tag.casefold(), tag)
    kept = list(tags.values())
    if len(kept) > MOST_TAGS:
        raise ValueError(f"a use case has at most {MOST_TAGS} tags, and these are {len(kept)}")
    if long := [tag for tag in kept if len(tag) > LONGEST_TAG or "," in tag]:
        raise ValueError(f"{long[0]!r} is no tag: a tag has at most {LONGEST_TAG} characters, and no comma")
    return kept
