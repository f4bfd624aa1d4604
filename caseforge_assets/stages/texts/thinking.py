"""Takes off what stands around an answer and is none: thinking in tags, tags around the answer, tokens that steer a model.

Forms seen: `<think>…</think>` and its kin (DeepSeek, Qwen), the closing tag alone where a template holds the opening one, `[THINK]` (Magistral),
`◁think▷` (Kimi), `<|begin_of_thought|>`, `<|START_THINKING|>` (Cohere), `<unused94>` (Gemma), `<|inner_prefix|>` (Apertus), channels (gpt-oss),
`Thinking… …done thinking.` (Ollama), "Here is my thought process" (Granite), `<details type="reasoning">` (Open WebUI).
Only marks at both ends, or whole tags, tell: what merely sounds like thinking is the business of each stage.
"""

import re
from dataclasses import dataclass
from itertools import islice

from caseforge_assets.stages.texts.characters import visible

LEFT_OUT = "Thinking before the answer was left out."
NEVER_ENDS = "The thinking before the answer never ends; what follows it was taken as the answer."
_TAGS_LEFT_OUT = "Tags around the answer were left out."

# Marks of thinking, in pairs of a beginning and an end.
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
_SURELY_OPEN = re.compile(rf"<(?:{_SURE})>|\[(?:{_SURE})\]", re.IGNORECASE)
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

# What stands around an answer.
_TAG = re.compile(r"<[^<>\n]{1,60}>")
_FINAL_CHANNEL = re.compile(r"<\|channel\|>final\b.*?<\|message\|>", re.DOTALL)
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z]).*assistantfinal", re.DOTALL)  # the same with its special tokens stripped
_START_TOKENS = re.compile(
    r"\s*(?:<\|(?:im_start|start)\|>\s*assistant\s*|<[|｜](?!channel)[\w▁]+[|｜]>|<s>|<\?xml[^<>]*\?>|<!doctype[^<>]*>)", re.IGNORECASE
)
_END_TOKENS = re.compile(r"(?:\s*(?:<[|｜][\w▁]+[|｜]>|\[\|\w+\|\]|</s>|<eos>|<end_of_turn>))+\s*\Z", re.IGNORECASE)
_WRAPPED = re.compile(
    r"\s*<(answer|final_answer|final|response|output|result|document|process_document|markdown|md|content|text|article|main|html|body|solution|pre|code|json|textarea"
    r"|tool_call|tool_use|tool_code|function_call|function_calls|invoke|parameters|arguments|function(?==))(?:=[\w.-]+)?>(.*?)(?:</\1>\s*)?\Z",
    re.DOTALL | re.IGNORECASE,
)
_FRAMES = tuple(
    re.compile(rf"\s*{begin}(.*?){end}\s*\Z", re.DOTALL)
    for begin, end in (
        (r"(?P<mark>'''|\"\"\"|´´´|``(?!`))\w*[ \t]*\n", r"\s*(?P=mark)"),
        (r"[‘’]{3}\w*[ \t]*\n", r"\s*[‘’]{3}"),
        (r":{3,}[ \t]*\w*[ \t]*\n", r"\n:{3,}"),
        (r"\\boxed\{", r"\}"),
        (r"<!\[CDATA\[", r"\]\]>"),
    )
)
_FRAME_STARTS = ("'''", '"""', "´´´", "``", "‘‘‘", "’’’", ":::", "\\bo", "<![")
_ANSWER_TAG = re.compile(r"<(?:answer|final_answer|final|response|output|result|solution)>", re.IGNORECASE)
_CLOSED_BLOCK = re.compile(r"\s*<([\w:.-]+)(?:\s[^<>]*)?>.*</\1\s*>\s*\Z", re.DOTALL)

# What begins with a heading or as JSON, has none of these marks in it and none of these at its end is left as it is by all that stands here.
BEGINS_PLAINLY = re.compile(rf"(?!{_LABEL.pattern})\s*(?:#{{1,6}}[ \t]|\{{[\s\"])", re.IGNORECASE)
MARKS = ("</", "<|", "<｜", "[/", "◁")
MARKS_AT_END = (">", "]")


@dataclass(frozen=True)
class Unwrapped:
    """The text of an answer alone.

    Attributes:
        text: What is left.
        notes: What was left out, a sentence each.
        is_open: Whether thinking begins before it and never ends, so that all of it may be thinking.
    """

    text: str
    notes: tuple[str, ...] = ()
    is_open: bool = False


def without_thinking(text: str) -> Unwrapped:
    """Leave out thinking that is marked as such, and the tags around an answer.

    Nothing inside JSON is touched: a text that begins with a bracket is as it was.

    Args:
        text: An answer.
    """
    left, is_open = _without_channels(_with_plain_tags(text))
    while not is_open and (thinking := thinking_at_start(left)) is not None:
        left, is_open = left[thinking.begin if thinking.end is None else thinking.end :], thinking.end is None
    left = without_inserted(_in_last_tag(left))
    notes = [NEVER_ENDS if is_open else LEFT_OUT] if left != text else []
    bare = _without_tags(left)
    if bare != left:
        notes.append(_TAGS_LEFT_OUT)
    return Unwrapped(bare, tuple(notes), is_open)


def _with_plain_tags(text: str) -> str:
    """Leave out of tags what nobody can see, where a text begins with one that has such."""
    end = text.find(">", 0, 80)
    if text.isascii() or end < 0 or not text.lstrip().startswith("<") or visible(text[:end]) == text[:end]:
        return text
    return _TAG.sub(lambda tag: visible(tag[0]), text)


def _in_last_tag(text: str) -> str:
    """Give what stands in the tag of an answer, where it is the last one and only other closed tags stand before it."""
    tags = list(_ANSWER_TAG.finditer(text)) if text.lstrip().startswith("<") else []
    before = _CLOSED_BLOCK.match(text[: tags[0].start()]) if len(tags) == 1 and tags[0].start() else None
    return text[tags[0].start() :] if before and not _WRAPPED.match(f"<{before[1]}>") else text


def _without_channels(text: str) -> tuple[str, bool]:
    if "<|channel|>" in text[:200]:
        finals = list(_FINAL_CHANNEL.finditer(text))
        return (text[finals[-1].end() :], False) if finals else (text, True)
    bare = _BARE_CHANNELS.match(text) if text.lstrip().startswith("analysis") else None
    return (text[bare.end() :], False) if bare else (text, False)


def _without_tags(text: str) -> str:
    left = _END_TOKENS.sub("", text) if text.rstrip()[-1:] in (">", "]") else text
    while started := _START_TOKENS.match(left):
        left = left[started.end() :]
    while wrapped := _wrapped(left):
        left = wrapped[wrapped.lastindex or 0]
    return left


def _wrapped(text: str) -> re.Match[str] | None:
    start = text.lstrip()[:3]
    if start.startswith(_FRAME_STARTS):
        return next((found for frame in _FRAMES if (found := frame.match(text))), None)
    return _WRAPPED.match(text) if start[:1] == "<" else None


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
