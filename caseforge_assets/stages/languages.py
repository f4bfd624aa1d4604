"""Languages by their BCP 47 tags: whether a tag is one, and what the language is called in English."""

import re
import tomllib
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES_FILE = Path(__file__).with_name("languages.toml")
# RFC 5646, section 2.1, without grandfathered tags and without language names of four letters and more, of which none are registered.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wy-z\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?)",
    re.IGNORECASE,
)


def checked_tag(text: str) -> str:
    """Give a language's tag in the form in which all are written, such as `pt-BR`.

    Args:
        text: A tag of BCP 47, in whatever case.

    Raises:
        ValueError: It is none, or names no language; the text says which one was probably meant.
    """
    found = _TAG.fullmatch(text)
    if found is None or _is_unknown(found["language"]):
        meant = _meant(text)
        hint = f'; write "{meant}" for {language_name(meant)}' if meant else ', such as "de", "en-GB" or "zh-Hant"'
        raise ValueError(f"{text!r} is not the tag of a language (BCP 47){hint}")
    parts = [found["language"].lower(), (found["script"] or "").title(), (found["region"] or "").upper()]
    return "-".join(part for part in parts if part) + found["rest"].lower()


def language_name(tag: str) -> str:
    """Give a language with its tag, as models and people are told it: `German (de)`, `Portuguese (pt-BR)`.

    Args:
        tag: As `checked_tag` gives it.
    """
    name = _names().get(primary(tag))
    return f"{name} ({tag})" if name else f"the language {tag}"


def primary(tag: str) -> str:
    """Give what of a tag names the language, without script, region and variants."""
    return tag.partition("-")[0].lower()


def _is_unknown(language: str) -> bool:
    """Languages of two letters are all in the list; those of three are some eight thousand, and taken as they are."""
    return (len(primary(language)) == 2 and primary(language) not in _names()) or _told_by_name(language) is not None


def _told_by_name(text: str) -> str | None:
    return _table()["meant"].get(text.strip().lower())


def _meant(text: str) -> str | None:
    """The tag that was probably meant: of a name of a language, or written with other marks between its parts."""
    plain = text.strip().lower()
    by_name = {name.lower(): tag for tag, name in _names().items()}
    if tag := by_name.get(plain) or _told_by_name(plain):
        return tag
    other = re.sub(r"[_\s]+", "-", plain.partition(".")[0])
    if other != text and (found := _TAG.fullmatch(other)) and not _is_unknown(found["language"]):
        return checked_tag(other)
    first = re.split(r"[\W_]", plain, maxsplit=1)[0]
    return (by_name.get(first) or _told_by_name(first)) if first != plain else None


def _names() -> dict[str, str]:
    return _table()["names"]


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(LANGUAGES_FILE.read_text(encoding="utf-8"))
