"""The marks by which models set thinking apart from an answer: tags in many brackets, tokens, headings and lines, in pairs of a beginning and an end."""

import re
from dataclasses import dataclass
from itertools import islice

_SURE = "think|thinking|thoughts?|reasoning|seed:think|antml:thinking"
_AT_START = (
    rf"{_SURE}|[\w:.-]{{0,30}}(?:think|thinking|thoughts?|reasoning|monologue)(?:[_ -]\w{{1,20}})?|reflection|analysis|scratchpad"
    r"|chain[_-]of[_-]thought|cot|rationale|planning|plan|internal|deliberation|brainstorm(?:ing)?"
)
# What begins thinking even where it never ends.
_OPEN = re.compile(
    rf"\s*(?:<({_AT_START})(?:\s[^<>]*)?>|\[({_SURE})\]|◁({_SURE})▷|<[|｜](?:begin_of_|start_of_|begin_|start_|begin▁of▁)?({_AT_START})[|｜]>"
    rf"|<(details)\s[^<>]*type=[\"']?reasoning[^<>]*>|<(details)[^<>]*>\s*<summary>[^<]*(?:think|thought|reason)[^<]*</summary>"
    rf"|<(unused94)>|<\|(inner_prefix)\|>|(`{{3,}}|~{{3,}}|:{{3,}})[ \t]*(?:{_SURE})[ \t]*(?=\n))",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    rf"(?<![`\"'\\])(?:</(?:{_SURE})\s*>|\[/(?:{_SURE})\]|◁/(?:{_SURE})▷|<[|｜](?:/|end_of_|end_|end▁of▁)(?:{_SURE})[|｜]>)(?![`\"'])",
    re.IGNORECASE,
)
_SURELY_OPEN = re.compile(rf"<(?:{_SURE})>|\\[(?:{_SURE})\\]", re.IGNORECASE)
_OTHER_ENDS = {"unused94": "<unused95>", "inner_prefix": r"<\|inner_suffix\|>"}

_OTHER_BRACKETS = (
    (r"\\<", r"\\>"),
    ("&lt;", "&gt;"),
    ("＜", "＞"),
    (r"\[\[", r"\]\]"),
    (r"\{\{?", r"\}\}?"),
    (r"\(", r"\)"),
    ("«", "»"),
    ("《", "》"),
)
# What is thinking only where it ends, too.
_CLOSED = tuple(
    re.compile(rf"\s*{begin}.*?{end}", re.IGNORECASE | re.DOTALL)
    for begin, end in (
        *((rf"{opened}({_AT_START}){closed}", rf"{opened}/\1{closed}") for opened, closed in _OTHER_BRACKETS),
        (rf"<!--\s*(?:begin |start )?({_SURE})\s*-->", r"<!--\s*(?:/|end(?: of)? )\1\s*-->"),
        (r"thinking(?:\.\.\.|…)[ \t]*\n", r"\n(?:\.\.\.|…)[ \t]*done thinking\.?(?=\s)"),
    )
)
_COMMENT = re.compile(r"\s*<!--(?=[^\n]{60}|[^\n>]*\n).*?-->", re.DOTALL)  # a short one may be a heading
_QUOTATION = re.compile(
    rf"\s*> ?(?:\[!(?:{_SURE})\]|[*_]*(?:{_SURE})[*_:.… ]*$)[^\n]*\n(?:>[^\n]*\n)+(?=\s*[^>\s])", re.IGNORECASE | re.MULTILINE
)
_LABEL = re.compile(
    r"[\s#*_>]*(?:here(?: is|['’]s) )?(?:(?:my|the|internal|initial|step[- ]by[- ]step) )*"
    r"(?:thinking|thoughts?|thought process|reasoning)(?: process)?[*_]*(?::[*_]*[ \t]|[:*_.…]*[ \t]*\n)",
    re.IGNORECASE,
)
_ANSWER_LABEL = re.compile(
    r"^[ \t#*_>]*(?:here(?: is|['’]s) )?(?:my |the |and )*(?:(?:final |full |complete )?(?:answer|response)|final (?:output|document|result|json|version))"
    r"[*_]*:?[*_ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_INSERTED = re.compile(rf"(?ims)^[ \t]*<({_SURE})>.*?</\1>[ \t]*(?:\n|\Z)")
_BEHIND_JSON = re.compile(rf"(?is)(?<=[}}\]`])\s*\n[ \t]*<({_SURE})>(?:(?!<\1>).)*</\1>\s*\Z")


@dataclass(frozen=True)
class Thinking:
    """Thinking that a text begins with: where it ends; None where it never does, and the answer may begin at `begin`."""

    end: int | None
    begin: int = 0


def thinking_at_start(text: str) -> Thinking | None:
    """Find the thinking that a text begins with, or that ends in it by a mark of its own; None where there is none.

    Args:
        text: An answer, or what is left of it.
    """
    if closed := next((found for pattern in (*_CLOSED, _COMMENT, _QUOTATION) if (found := pattern.match(text))), None):
        return Thinking(closed.end())
    if (label := _LABEL.match(text)) and len(answers := list(islice(_ANSWER_LABEL.finditer(text, label.end()), 2))) == 1:
        return Thinking(answers[0].end())
    if opened := _OPEN.match(text):
        name = next(group for group in opened.groups() if group)
        ended = _end_of(name).search(text, opened.end()) or _CLOSE.search(text, opened.end())
        return Thinking(ended.end() if ended else None, opened.end())
    may_close = ("<" in text and ("</" in text or "<|" in text or "<｜" in text)) or "[/" in text or "◁" in text
    ended = _CLOSE.search(text) if may_close and not begins_with_bracket(text) else None
    return Thinking(ended.end()) if ended and not _SURELY_OPEN.search(text, 0, ended.start()) else None


def begins_with_bracket(text: str) -> bool:
    """Tell whether a text begins like JSON, and not with thinking."""
    return text.lstrip()[:1] in ("{", "[") and not _OPEN.match(text)


def without_inserted(text: str) -> str:
    """Leave out thinking that stands on lines of its own in the midst of a text, or behind JSON: inside JSON nothing is touched.

    Args:
        text: An answer, without the thinking before it.
    """
    if "</" not in text:
        return text
    return (_BEHIND_JSON if begins_with_bracket(text) else _INSERTED).sub("", text)


def _end_of(name: str) -> re.Pattern[str]:
    if name[0] in "`~:":
        return re.compile(rf"^{re.escape(name)}[ \t]*$", re.MULTILINE)
    if name in _OTHER_ENDS:
        return re.compile(_OTHER_ENDS[name])
    any_of = re.escape(name)
    return re.compile(rf"</{any_of}(?:\s[^<>]*)?>|\[/{any_of}\]|◁/{any_of}▷|<[|｜](?:/|end_of_|end_|end▁of▁){any_of}[|｜]>", re.IGNORECASE)
