"""Takes off what stands around an answer and is none: thinking in tags, tags around the answer, tokens that steer a model.

Forms seen: `<think>…</think>` and its kin (DeepSeek, Qwen), the closing tag alone where a template holds the opening one, `[THINK]` (Magistral),
`◁think▷` (Kimi), `<|begin_of_thought|>`, `<|START_THINKING|>` (Cohere), `<unused94>` (Gemma), channels (gpt-oss), `<details type="reasoning">` (Open WebUI).
Only whole tags tell: what merely sounds like thinking is the business of each stage.
"""

import re
from dataclasses import dataclass

LEFT_OUT = "Thinking before the answer was left out."
NEVER_ENDS = "The thinking before the answer never ends; what follows it was taken as the answer."
_TAGS_LEFT_OUT = "Tags around the answer were left out."

_SURE = "think|thinking|thought|thoughts|reasoning|seed:think|antml:thinking"
_AT_START = rf"{_SURE}|[\w:.-]{{0,30}}(?:think|thinking|thought|thoughts|reasoning)(?:[_-]\w{{1,20}})?|reflection|analysis|scratchpad|inner_monologue|monologue|chain_of_thought|cot|rationale|planning|plan|internal"
_OPEN = re.compile(
    rf"\s*(?:<({_AT_START})(?:\s[^<>]*)?>|\[({_SURE})\]|◁({_SURE})▷|<\|(?:begin_of_|start_of_|begin_|start_)?({_AT_START})\|>"
    rf"|<(details)\s[^<>]*type=[\"']?reasoning[^<>]*>|<(details)[^<>]*>\s*<summary>[^<]*(?:think|thought|reason)[^<]*</summary>"
    rf"|<(unused94)>|(`{{3,}}|~{{3,}})(?:{_SURE})[ \t]*(?=\n))",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    rf"(?<![`\"'\\])(?:</(?:{_SURE})\s*>|\[/(?:{_SURE})\]|◁/(?:{_SURE})▷|<\|(?:/|end_of_|end_)(?:{_SURE})\|>)(?![`\"'])", re.IGNORECASE
)
_SURELY_OPEN = re.compile(rf"<(?:{_SURE})>|\\[(?:{_SURE})\\]", re.IGNORECASE)
_INSERTED = re.compile(rf"(?ims)^[ \t]*<({_SURE})>.*?</\1>[ \t]*(?:\n|\Z)")
_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)

_FINAL_CHANNEL = re.compile(r"<\|channel\|>final\b.*?<\|message\|>", re.DOTALL)
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z]).*assistantfinal", re.DOTALL)  # the same with its special tokens stripped
_START_TOKENS = re.compile(
    r"\s*(?:<\|(?:im_start|start)\|>\s*assistant\s*|<\|(?:start_response|begin_of_solution|begin_of_text|start_header_id)\|>|<s>|<\?xml[^<>]*\?>|<!doctype[^<>]*>)",
    re.IGNORECASE,
)
_END_TOKENS = re.compile(
    r"(?:\s*(?:<\|(?:end|return|im_end|eot_id|eom_id|endoftext|end_of_text|end_response|end_of_solution|end_of_turn_token)\|>|</s>|<eos>|<end_of_turn>))+\s*\Z",
    re.IGNORECASE,
)
_WRAPPED = re.compile(
    r"\s*<(answer|final_answer|final|response|output|result|document|process_document|markdown|md|content|text|article|main|html|body|solution|pre|code|json)>(.*?)(?:</\1>\s*)?\Z",
    re.DOTALL | re.IGNORECASE,
)
_CHARACTER_DATA = re.compile(r"\s*<!\[CDATA\[(.*?)\]\]>\s*\Z", re.DOTALL)
_QUOTED = re.compile(r"\s*(\'\'\'|\"\"\")\w*[ \t]*\n(.*?)\s*\1\s*\Z", re.DOTALL)


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
    left, is_open = _without_channels(text)
    while not is_open and (rest := _after_thinking(left)) is not None:
        left, is_open = rest
    if not _begins_with_bracket(left) and "</" in left:
        left = _INSERTED.sub("", left)
    notes = [NEVER_ENDS if is_open else LEFT_OUT] if left != text else []
    bare = _without_tags(left)
    if bare != left:
        notes.append(_TAGS_LEFT_OUT)
    return Unwrapped(bare, tuple(notes), is_open)


def _without_channels(text: str) -> tuple[str, bool]:
    if "<|channel|>" in text[:200]:
        finals = list(_FINAL_CHANNEL.finditer(text))
        return (text[finals[-1].end() :], False) if finals else (text, True)
    bare = _BARE_CHANNELS.match(text) if text.lstrip().startswith("analysis") else None
    return (text[bare.end() :], False) if bare else (text, False)


def _after_thinking(text: str) -> tuple[str, bool] | None:
    """Give what follows the thinking that a text begins with, and whether that never ends; None where it begins with none."""
    if comment := _COMMENT.match(text):
        return text[comment.end() :], False
    if opened := _OPEN.match(text):
        name = next(group for group in opened.groups() if group)
        closed = _closing(name).search(text, opened.end())
        return (text[closed.end() :], False) if closed else (text[opened.end() :], True)
    may_close = ("<" in text and ("</" in text or "<|" in text)) or "[/" in text or "◁" in text
    closed = _CLOSE.search(text) if may_close and not _begins_with_bracket(text) else None
    if closed is None or _SURELY_OPEN.search(text, 0, closed.start()):
        return None
    return text[closed.end() :], False


def _closing(name: str) -> re.Pattern[str]:
    if name[0] in "`~":
        return re.compile(rf"^{re.escape(name)}[ \t]*$", re.MULTILINE)
    if name == "unused94":
        return re.compile("<unused95>")
    any_of = re.escape(name)
    return re.compile(rf"</{any_of}\s*>|\[/{any_of}\]|◁/{any_of}▷|<\|(?:/|end_of_|end_){any_of}\|>", re.IGNORECASE)


def _begins_with_bracket(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[") and not _OPEN.match(text)


def _without_tags(text: str) -> str:
    left = _END_TOKENS.sub("", text) if text.rstrip().endswith(">") else text
    while started := _START_TOKENS.match(left):
        left = left[started.end() :]
    while wrapped := _wrapped(left):
        left = wrapped[wrapped.lastindex or 0]
    return left


def _wrapped(text: str) -> re.Match[str] | None:
    start = text.lstrip()[:3]
    if start in ("'''", '"""'):
        return _QUOTED.match(text)
    return (_WRAPPED.match(text) or _CHARACTER_DATA.match(text)) if start[:1] == "<" else None
