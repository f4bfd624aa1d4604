"""Strips headings of what does not change their meaning: markup, numbering in whatever form, anchors, pictures, case."""

import html
import re
import unicodedata

from caseforge_assets.stages.characters import visible

_TAGS = re.compile(r"<[^<>]*>")
_FOOTNOTES = re.compile(r"<sup>[^<>]*</sup>|【[^【】]*】", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\s*\{\s*[:#.][^{}]*\}\s*$|\{anchor:[^{}]*\}")  # {#id .class} (Pandoc), {: #id} (kramdown); Confluence
_IMAGES = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|\[\^[^\]]*\]|\[[¶#§🔗]*\]\([^)]*\)")
_LINKS = re.compile(r"\[([^\[\]]+)\](?:\([^()]*\)|\[[^\[\]]*\])")
_SHORTCODES = re.compile(r":[a-z0-9_+-]*[a-z_][a-z0-9_+-]*:")
_ESCAPES = re.compile(r"\\([^\w\s])")
_MARKUP = re.compile(r"[*`~]+|={2,}|(?<!\w)_+|_+(?!\w)")
_ENCLOSED = re.compile("[\u2460-\u24ff\u2776-\u2793\u3220-\u324f\u3280-\u32bf\U0001f51f]")  # ① ⑴ ⒈ ❶ ㈠ 🔟

_LABELS = (
    "section|part|chapter|step|item|point|topic|heading|no|nr|number|sec|ch|abschnitt|kapitel|teil|schritt|punkt|nummer|ziffer|sección|seccion|capítulo|capitulo"
    "|parte|paso|punto|número|numero|chapitre|partie|étape|etape|numéro|sezione|capitolo|fase|seção|secao|passo|hoofdstuk|sectie|stap|deel|rozdział|krok|раздел|глава|часть|шаг"
)
_STEP = re.compile(r"^\W*(?:step|schritt|paso|passo|étape|etape|stap|krok|шаг|fase|item|point|punkt|punto)\s+\w+\W")
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
    "|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn"
)
_ROMAN = "x{0,3}(?:ix|iv|v?i{1,3}|v)|x{1,3}"
_NUMBERINGS = (
    re.compile(rf"^\W*(?:(?:{_LABELS})(?![^\W\d_]))?[\W_]*\d+(?:[./-]\d+)*[a-z]?(?=\W)\W*"),
    re.compile(r"^\W*[a-z]\d{1,2}[.):]\W*"),
    re.compile(rf"^\W*(?:{_LABELS})\s*[:–—]\s*(?=\w)"),
    re.compile(rf"^\W*(?:{_LABELS})\s+(?:{_ROMAN}|[a-z]|{_NUMBER_WORDS})(?=\W)\W*"),
    re.compile(rf"^\W*(?:{_ROMAN}|[a-z]|{_NUMBER_WORDS})\s*[.):\]}}|、–—-]\W*"),
    re.compile(rf"^(?:{_ROMAN})\s+(?=\w)"),
    re.compile(r"^\W*第?[一二三四五六七八九十\d]+\s*[章节節部分项項]?(?=\W|[章节節])[\W章节節]*"),
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_AND = re.compile(r"\s*[&/+]\s*|\s*,\s*(?:and\s+)?(?=\w)")
_HYPHEN = re.compile(r"(?<=\w)[-_‐‑](?=\w)")
_JOINED_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Letters of other scripts that look like Latin ones, in words that have Latin ones, too.
_LOOKALIKES = str.maketrans("АВЕЅІЈКМНОРСТУХаеѕіјорсухԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxdABEZHIKMNOPTYXo")
_MIXED_WORD = re.compile(r"\w*[A-Za-z]\w*")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def bare_heading(heading: str) -> str:
    """Give a heading's words without markup; numbering and case stay.

    Args:
        heading: Its text without the marks of its level.
    """
    text = html.unescape(heading) if "&" in heading else heading
    text = _ATTRIBUTES.sub("", _TAGS.sub("", _FOOTNOTES.sub("", text)))
    text = _LINKS.sub(r"\1", _IMAGES.sub("", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _ENCLOSED.sub(_spelled_out, visible(text))).replace("\u20e3", " ")
        text = _MIXED_WORD.sub(lambda word: word[0].translate(_LOOKALIKES), text)
    return _MARKUP.sub("", _ESCAPES.sub(r"\1", text)).strip()


def plain_heading(heading: str) -> str:
    """Give a heading in the form in which headings are compared.

    Args:
        heading: Its text without the marks of its level.
    """
    text = bare_heading(heading)
    text = _SHORTCODES.sub("", (text if " " in text else _JOINED_WORDS.sub(" ", text)).casefold())
    for numbering in _NUMBERINGS:
        left = numbering.sub("", text, count=1)
        if left != text:
            text = left
            break
    text = _HYPHEN.sub(" ", _AND.sub(" and ", _BRACKETS.sub("", text.strip())))
    return _EDGES.sub("", " ".join(text.split()))


def is_step(heading: str) -> bool:
    """Tell whether a heading is numbered as a step or a point: it may be one of those within a section.

    Args:
        heading: Its text without the marks of its level.
    """
    return _STEP.match(bare_heading(heading).casefold()) is not None


def _spelled_out(found: re.Match[str]) -> str:
    return " 10 " if found[0] == "\U0001f51f" else f" {unicodedata.normalize('NFKC', found[0])} "
