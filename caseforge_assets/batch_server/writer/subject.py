"""Finds what a request is about: the name, description and words that its answer is written with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from caseforge_assets.batch_server.request_body import message_text

MARKUP = " \t>#*_-"
NAME_LABELS = ("current process", "current process name", "process", "process name", "name")
DESCRIPTION_LABELS = ("description", "process description")
SURROGATE = re.compile(r"[\ud800-\udfff\x00]")
WORD = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž\-]{3,}")
COMMON_WORDS = frozenset(
    """about above according achieve across actual additional after against along also although always among another appropriate approach
    available based because become been before being below between both business cannot carry certain company complete concerning consider
    could create current description detailed determine different does doing down during each ensure establish every example following from
    further have having help here identify include included includes including into involve involves itself keep like look made make making many
    more most much must name necessary need needs only organization organizational order other others over particular perform process processes
    provide purpose regard regarding related relevant same several should similar some specific such take than that their them then there these they
    this those through throughout together toward under understand upon used using various very well were what when where whether which while
    whose will with within without would write your""".split()  # noqa: SIM905 - a list of quoted words reads worse
)
VERBS = frozenset(
    """accept acquire administer align allocate analyze approve archive arrange assess assign assure audit authorize benchmark build calculate
    capture close collect communicate conduct configure confirm consolidate control coordinate create decide define deliver deploy design
    determine develop dispose distribute document engage ensure establish estimate evaluate execute forecast generate govern handle hire
    identify implement improve inspect install integrate invest investigate issue launch maintain manage measure monitor negotiate obtain operate
    optimize organize outline pay perform plan prepare process procure produce promote provide publish purchase receive reconcile record
    recruit reduce report repair research resolve respond review reward schedule select sell set settle ship source staff store support test track
    train transfer translate transport understand update validate verify""".split()  # noqa: SIM905 - as above
)
FALLBACK_TERMS = ("input", "result", "deadline", "quality", "cost")
LONGEST_NAME = 120
LONGEST_LABEL = 40


@dataclass(frozen=True)
class Subject:
    """The subject to write about.

    Attributes:
        name: As the request names it.
        act: As something that one does: "plan the menu".
        thing: As something that there is: "menu".
        description: As the request describes it; may be empty.
        terms: Words of name and description that carry meaning, at least three.
    """

    name: str
    act: str
    thing: str
    description: str
    terms: tuple[str, ...]


def read_subject(body: dict[str, Any]) -> Subject:
    """The subject of a request: its lines "Process: …" and "Description: …", otherwise the first line of its last user message."""
    text = SURROGATE.sub("\ufffd", _last_user_text(body))
    labelled = _labelled_lines(text)
    name = _first(labelled, NAME_LABELS) or _first_line(text) or "the request"
    name = _shortened(name, LONGEST_NAME)
    description = _first(labelled, DESCRIPTION_LABELS)
    words = _lowered(name)
    starts_with_verb = " " in words and words.split()[0].lower() in VERBS
    thing = words.split(" ", 1)[1] if starts_with_verb else words
    return Subject(name, words if starts_with_verb else f"run {words}", thing, description, _terms(f"{thing} {description}"))


def _last_user_text(body: dict[str, Any]) -> str:
    messages = [message for message in body.get("messages") or [] if isinstance(message, dict)]
    from_users = [message for message in messages if message.get("role") == "user"]
    return message_text((from_users or messages)[-1]) if messages else ""


def _labelled_lines(text: str) -> dict[str, str]:
    """The first line of each label: "**Process:** Plan the menu" is labelled "process"."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        label, colon, value = line.partition(":")
        value = value.strip(MARKUP)
        if colon and value and len(label) < LONGEST_LABEL:
            found.setdefault(" ".join(label.strip(MARKUP).lower().split()), value)
    return found


def _first(labelled: dict[str, str], labels: tuple[str, ...]) -> str:
    return next((labelled[label] for label in labels if label in labelled), "")


def _first_line(text: str) -> str:
    return next((line.strip(MARKUP) for line in text.splitlines() if line.strip(MARKUP)), "")


def _shortened(text: str, most_chars: int) -> str:
    return text if len(text) <= most_chars else text[:most_chars].rsplit(" ", 1)[0]


def _lowered(text: str) -> str:
    """In lower case, but for abbreviations."""
    return " ".join(word.lower() if word[1:].islower() or len(word) == 1 else word for word in text.rstrip(".").split())


def _terms(text: str) -> tuple[str, ...]:
    words = (word.lower() for word in WORD.findall(text))
    singular = dict.fromkeys(_singular(word) for word in words if word not in COMMON_WORDS and not word.endswith(("ing", "ed", "ly")))
    terms = tuple(word for word in singular if word not in VERBS)[:24]
    return terms if len(terms) >= 3 else terms + FALLBACK_TERMS


def _singular(word: str) -> str:
    """Good enough for the words of business English."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
