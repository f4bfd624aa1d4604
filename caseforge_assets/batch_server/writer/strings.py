"""Text values for the properties of a JSON answer, by what a property is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from caseforge_assets.batch_server.writer import phrases
from caseforge_assets.batch_server.writer.phrases import fill
from caseforge_assets.batch_server.writer.subject import Subject

LONGEST_TITLE = 78
TITLE_NAMES = re.compile(r"title|name|heading|label|headline", re.IGNORECASE)
LONG_NAMES = re.compile(
    r"descri|summary|overview|rationale|explanation|assess|impact|detail|text|content|comment|answer|reason", re.IGNORECASE
)
BANKS_BY_NAME: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), bank)
    for pattern, bank in (
        (r"require|technolog|tool|system|platform", phrases.TECHNOLOGY),
        (r"metric|kpi|measure|criteri|goal", phrases.METRICS),
        (r"timeline|duration|period|schedule|phase", phrases.TIMELINES),
        (r"roi|return|saving|benefit|cost|value", phrases.RETURNS),
        (r"step|action|task", phrases.STEPS),
        (r"risk|challenge|issue|problem", phrases.CHALLENGES),
        (r"input|prerequisite", phrases.INPUTS),
        (r"output|deliverable|result", phrases.OUTPUTS),
    )
)
ROLE_NAMES = re.compile(r"role|owner|responsible|stakeholder|author|department", re.IGNORECASE)
KEY_NAMES = re.compile(r"(^|_)(id|key|code|slug|uid)$", re.IGNORECASE)
FIRST_DAY = date(2025, 1, 1)


@lru_cache(maxsize=1_000)
def is_long_text(name: str) -> bool:
    """Tells whether a property of this name holds sentences."""
    return bool(LONG_NAMES.search(name)) and not TITLE_NAMES.search(name)


def write_string(name: str, subject: Subject, rng: Random) -> str:
    """A plausible text for a property."""
    return _maker(name)(subject, rng)


@lru_cache(maxsize=1_000)
def _maker(name: str) -> Callable[[Subject, Random], str]:
    """Gives the function that makes texts for a property of this name."""
    if TITLE_NAMES.search(name):
        return _title
    if LONG_NAMES.search(name):
        return _sentences
    if ROLE_NAMES.search(name):
        return lambda _subject, rng: rng.choice(phrases.ROLES).capitalize()
    if KEY_NAMES.search(name):
        return lambda subject, rng: f"{rng.choice(subject.terms)}-{rng.randint(1, 999)}"
    bank = next((bank for pattern, bank in BANKS_BY_NAME if pattern.search(name)), phrases.DESCRIPTIONS)
    return lambda subject, rng: fill(rng.choice(bank), subject, rng)


def _sentences(subject: Subject, rng: Random) -> str:
    return " ".join(fill(template, subject, rng) for template in rng.sample(phrases.DESCRIPTIONS, rng.randint(1, 3)))


def _title(subject: Subject, rng: Random) -> str:
    template, task = rng.choice(phrases.TITLES), rng.choice(phrases.TASKS)
    room = LONGEST_TITLE - len(template.format(task=task, thing=""))
    return template.format(task=task, thing=_cut_at_word(subject.thing, room))


def _cut_at_word(text: str, most_chars: int) -> str:
    if len(text) <= most_chars:
        return text
    cut = text[: most_chars + 1].rsplit(" ", 1)[0]
    return (cut if len(cut) <= most_chars else text[:most_chars]).rstrip(" ,;:-")


def write_formatted(format_name: str, subject: Subject, rng: Random) -> str | None:
    """A text in one of the formats that strict schemas may ask for; None for other formats."""
    day = FIRST_DAY + timedelta(days=rng.randrange(700))
    moment = datetime(day.year, day.month, day.day, rng.randrange(24), rng.randrange(60), tzinfo=UTC)
    word = re.sub(r"[^a-z]", "", subject.terms[0]) or "example"
    formats = {
        "date": day.isoformat(),
        "date-time": moment.isoformat().replace("+00:00", "Z"),
        "time": moment.time().isoformat() + "Z",
        "duration": f"P{rng.randint(1, 90)}D",
        "email": f"{word}@example.com",
        "hostname": f"{word}.example.com",
        "uri": f"https://example.com/{word}",
        "ipv4": f"192.0.2.{rng.randint(1, 254)}",
        "ipv6": f"2001:db8::{rng.randint(1, 9999)}",
        "uuid": str(UUID(int=rng.getrandbits(128), version=4)),
    }
    return formats.get(format_name)
