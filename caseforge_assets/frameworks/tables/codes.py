"""Reads codes, also those that a spreadsheet turned into numbers or dates. Parents are found in trees."""

import re
from collections.abc import Collection, Container, Iterable, Sequence

from caseforge_assets.frameworks.problems import quoted

MAX_CODE_CHARS = 64
CODE_FORM = f"A code has letters, digits, hyphens and underscores, separated by dots, as in 1.2.4 (at most {MAX_CODE_CHARS} characters)."
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*")
# Months as spreadsheets shorten them in English, German, French, Spanish, Italian, Dutch, Portuguese and the languages named below.
_MONTHS = frozenset(
    [
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "mär",
        "mrz",
        "märz",
        "mai",
        "okt",
        "dez",
        "januar",
        "februar",
        "juni",
        "juli",
        "oktober",
        "dezember",
        "janv",
        "févr",
        "mars",
        "avr",
        "juin",
        "juil",
        "août",
        "déc",
        "ene",
        "abr",
        "ago",
        "dic",
        "gen",
        "mag",
        "giu",
        "lug",
        "set",
        "ott",
        "mrt",
        "mei",
        "fev",
        "out",
        # Polish, Turkish, the Scandinavian languages, Russian
        "sty",
        "lut",
        "kwi",
        "maj",
        "cze",
        "lip",
        "sie",
        "wrz",
        "paź",
        "lis",
        "gru",
        "oca",
        "şub",
        "nis",
        "haz",
        "tem",
        "ağu",
        "eyl",
        "eki",
        "kas",
        "ara",
        "янв",
        "фев",
        "мар",
        "апр",
        "май",
        "июн",
        "июл",
        "авг",
        "сен",
        "окт",
        "ноя",
        "дек",
    ]
)
_DAY_FIRST = re.compile(r"\d{1,4}[-. /]{1,2}([^\W\d_]{3,9})\.?(?:[-. /]{1,2}\d{2,4})?")
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,9})\.?[-. /]{1,2}\d{1,4}(?:[-., /]{1,2}\d{2,4})?")
_ISO_DATE = re.compile(r"(?:19|20)\d\d[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
_DAY_MONTH_YEAR = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:19|20)\d\d(?: \d\d:\d\d(?::\d\d)?)?")
_SHORT_YEAR = re.compile(r"(?:0[1-9]|[12]\d|3[01])[-./](?:0[1-9]|1[0-2])[-./]\d\d")
_DAY_MONTH = re.compile(r"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01])|\d{1,2}月\d{1,2}日|(?:19|20)\d\d年\d{1,2}月(?:\d{1,2}日)?")
_SERIAL = re.compile(r"\d{5}")
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 54_788  # 2000-01-01 and 2049-12-31
_RANGE = re.compile(r"(\w+)-(\w+)")
_LETTERED = re.compile(r"([A-Za-z]+)\d+")
_NUMBER = re.compile(r"(\d+)\.(\d+)")


def code_trouble(text: str) -> str | None:
    """Says why a text is not a code; None if it is one: "1.0", "1.2.4", "FIN-3.a"."""
    if len(text) <= MAX_CODE_CHARS and _CODE.fullmatch(text):
        return None
    return f"{quoted(text)} is not a code. {CODE_FORM}"


def looks_like_date(text: str, known_codes: Container[str] = ()) -> bool:
    """Tells whether a text is a date that a spreadsheet made of a code: "01.Jan", "1-Jan", "Nov-12", "2001-01-01", "01.01.2001" of 1.1.1.

    "MAR-1" is none: spreadsheets do not write months in capitals in front. Nor is "1.1.2001" where the code 1.1 is known.
    """
    if text.rpartition(".")[0] in known_codes and (_DAY_MONTH_YEAR.fullmatch(text) or _SHORT_YEAR.fullmatch(text)):
        return False
    month_first = _MONTH_FIRST.fullmatch(text)
    words = (
        [match[1]] if (match := _DAY_FIRST.fullmatch(text)) else [month_first[1]] if month_first and not month_first[1].isupper() else []
    )
    forms = (_ISO_DATE, _DAY_MONTH_YEAR, _SHORT_YEAR, _DAY_MONTH)
    return any(form.fullmatch(text) for form in forms) or any(word.casefold() in _MONTHS for word in words)


def looks_like_serial(text: str) -> bool:
    """Tells whether a text may be the number of a day in this half century, as Excel counts them: 45292 is what it makes of 1.1 in 2024.

    A number alone can't be told from a code; whoever asks knows what the codes around it look like.
    """
    return bool(_SERIAL.fullmatch(text)) and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL


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


def part_codes(code: str) -> tuple[str, ...]:
    """Gives the beginnings of a code up to each hyphen or underscore after its last dot, the longest first: "GV.OC" of "GV.OC-01".

    Letters before a number are such a beginning, too: "EDM" of "EDM01".
    """
    from_dot = code.rfind(".") + 1
    lettered = _LETTERED.fullmatch(code)
    parts = [code[:place] for place in range(len(code) - 1, from_dot, -1) if code[place] in "-_"]
    return (*parts, *([lettered[1]] if lettered else []))


def prefix_parent(code: str, codes: Collection[str], ranges: Sequence[tuple[str, str, str]]) -> str | None:
    """Gives the longest other code that this one begins with, as in NAICS: 11 of 111; a range such as 31-33 stands for all in it.

    Args:
        code: The code.
        codes: All codes of the file.
        ranges: As `code_ranges` gives them.
    """
    for length in range(len(code) - 1, 0, -1):
        beginning = code[:length]
        if beginning in codes:
            return beginning
        within = next(
            (whole for first, last, whole in ranges if len(first) == length and first <= beginning <= last and whole != code), None
        )
        if within is not None:
            return within
    return None


def code_ranges(codes: Iterable[str]) -> list[tuple[str, str, str]]:
    """Gives the codes that are ranges, with their ends: ("31", "33", "31-33")."""
    found = [(match[1], match[2], code) for code in codes if (match := _RANGE.fullmatch(code))]
    return [ends for ends in found if len(ends[0]) == len(ends[1]) and ends[0] < ends[1]]


def made_codes(parents: Sequence[int | None], kept: Sequence[str | None] = (), taken: Iterable[str] = ()) -> list[str]:
    """Makes a code for each node from its place among its siblings: 1, 1.1, 1.2.

    Args:
        parents: Position of each node's parent; none may be missing.
        kept: The code that a node had before, by position; it stays where its parent's code did.
        taken: Codes that were given before and are given to no other node, kept ones among them.
    """
    children: dict[int | None, list[int]] = {}
    for position, parent in enumerate(parents):
        children.setdefault(parent, []).append(position)
    highest = _highest_numbers(taken)
    codes = [""] * len(parents)
    pending: list[int | None] = [None]
    while pending:
        parent = pending.pop()
        own, before = children.get(parent, []), f"{codes[parent]}." if parent is not None else ""
        following = highest.get(before, 0)
        given: set[int] = set()
        for position in own:
            number = _number_below(kept[position], before) if kept else None
            if number is None or number in given:
                following += 1
                number = following
            given.add(number)
            codes[position] = f"{before}{number}"
        pending.extend(own)
    return codes


def _number_below(code: str | None, before: str) -> int | None:
    rest = code.removeprefix(before) if code and code.startswith(before) else ""
    return int(rest) if rest.isdecimal() and rest[0] != "0" else None


def _highest_numbers(codes: Iterable[str]) -> dict[str, int]:
    """The highest number that was given below each code, by that code with its dot; at the top by an empty text."""
    highest: dict[str, int] = {}
    for code in codes:
        before, _, number = code.rpartition(".")
        before = f"{before}." if before else ""
        if number.isdecimal():
            highest[before] = max(highest.get(before, 0), int(number))
    return highest
