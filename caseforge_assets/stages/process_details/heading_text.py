"""Strips headings of what does not change their meaning: markup, numbering in whatever form, anchors, pictures, case."""

import html
import re
import unicodedata

from caseforge_assets.stages.texts.characters import LOOKALIKES, visible

LONGEST_HEADING = 1_000  # characters; what is longer is text, and is not looked at closely
_TAGS = re.compile(r"<[^<>]*>")
_FOOTNOTES = re.compile(r"<sup>[^<>]*</sup>|【[^【】]*】", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\s*\{\s*[:#.][^{}]*\}\s*$|\{anchor:[^{}]*\}")  # {#id .class} (Pandoc), {: #id} (kramdown); Confluence
_IMAGES = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|\[\^[^\]]*\]|\[[¶#§🔗]*\]\([^)]*\)")
_LATEX = re.compile(r"\$?\\(?:text(?:bf|it|sf)?|math(?:bf|rm)|bfseries|Large|large)\b\s*(?:\{([^{}]*)\})?\$?")
_WIKI_LINKS = re.compile(r"\[\[(?:[^\[\]|]+\|)?([^\[\]|]+)\]\]")
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
    re.compile(rf"^\W*(?:(?:{_LABELS})(?![^\W\d_]))?[\W_]*\d+(?:[./-]\d+)*(?:st|nd|rd|th|er|ère|e|ème|º|ª|[a-z])?(?=[\W_])[\W_]*"),
    re.compile(r"^\W*[a-z]\d{1,2}(?:[.):]\W*|\s+(?=\w))"),
    re.compile(rf"^\W*(?:{_LABELS})\s*[:–—]\s*(?=\w)"),
    re.compile(rf"^\W*(?:{_LABELS})\s+(?:{_ROMAN}|[a-z]|{_NUMBER_WORDS})(?=\W)\W*"),
    re.compile(rf"^\W*(?:{_ROMAN}|[^\W\d_]|{_NUMBER_WORDS})(?:\s*[.):\]}}|、–—-]|\s+/\s)\W*"),
    re.compile(rf"^(?:{_ROMAN})\s+(?=\w)"),
    re.compile(r"^\W*[第제]?[一二三四五六七八九十\d]+\s*[章节節部分项項장절부]?(?=\W|[章节節])[\W章节節]*"),
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_WHOLLY_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_AND = re.compile(r"\s*[&/+]\s*|\s*,\s*(?:and\s+)?(?=\w)|\s+as well as\s+")
_COMMANDS = re.compile(
    r"^<!--|-->$|^>\s*\[!\w+\]|\\[a-zA-Z]+\*?|\[/?(?:b|i|u|h\d|size|color|center|font|heading|title)(?:=[^\[\]]*)?\]|^=head\d\b|^\.S[HS]\b|^\.\.\s*[\w-]+::|^!!!\s*\w+|^\{(?:panel|expand|section|title):(?:[^{}|]*\|)*(?:title=)?|(?:\|[^{}]*)?\}$|^\[section\b"
)
_DRAWN = re.compile(r"[\W_]+")
_JOINING_EDGES = re.compile(r"^[\s/+&|]+|[\s/+&|]+$")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_HYPHEN = re.compile(r"(?<=\w)[-_‐‑](?=\w)")
_JOINED_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SMALL_CAPITALS = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz")
_MIXED_WORD = re.compile(r"\w*[A-Za-z]\w*")


def bare_heading(heading: str) -> str:
    """Give a heading's words without markup; numbering and case stay.

    Args:
        heading: Its text without the marks of its level.
    """
    if len(heading) > LONGEST_HEADING:
        return heading
    text = html.unescape(heading) if "&" in heading else heading
    text = _ATTRIBUTES.sub("", _TAGS.sub("", _FOOTNOTES.sub("", text)))
    if "[[" in text:
        text = _WIKI_LINKS.sub(r"\1", text)
    if "\\" in text:
        text = _LATEX.sub(lambda found: found[1] or "", text)
    text = _LINKS.sub(r"\1", _IMAGES.sub("", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _ENCLOSED.sub(_spelled_out, visible(text)).translate(_SMALL_CAPITALS)).replace("\u20e3", " ")
        text = _MIXED_WORD.sub(lambda word: word[0].translate(LOOKALIKES), text)
    return _MARKUP.sub("", _ESCAPES.sub(r"\1", text)).strip()


def plain_heading(heading: str) -> str:
    """Give a heading in the form in which headings are compared.

    Args:
        heading: Its text without the marks of its level.
    """
    if len(heading) > LONGEST_HEADING:
        return heading
    text = bare_heading(heading)
    text = _SHORTCODES.sub("", (text if " " in text else _JOINED_WORDS.sub(" ", text)).casefold())
    for numbering in _NUMBERINGS:
        left = numbering.sub("", text, count=1)
        if left != text:
            text = left
            break
    text = _JOINING_EDGES.sub("", text)
    text = whole[1] if (whole := _WHOLLY_IN_BRACKETS.fullmatch(text)) else text
    text = _HYPHEN.sub(" ", _AND.sub(" and ", _BRACKETS.sub("", text)))
    return _EDGES.sub("", " ".join(text.split()))


def undecorated(line: str) -> str:
    """Give a line without marks at both ends, and the commands of markup that make a heading of it: `<!-- Overview -->`, `[b]Overview[/b]`, `.SH OVERVIEW`.

    Args:
        line: A line of text.
    """
    if len(line) > LONGEST_HEADING:
        return line.strip()
    text = _EDGES.sub("", bare_heading(_COMMANDS.sub(" ", line.strip())))
    return f"{text})" if text.count("(") > text.count(")") else text


def is_drawn(line: str) -> bool:
    """Tell whether a line consists of marks alone, as those of a box or a rule do.

    Args:
        line: Without blanks around it.
    """
    return len(line) > 2 and _DRAWN.fullmatch(line) is not None


def is_step(heading: str) -> bool:
    """Tell whether a heading is numbered as a step or a point: it may be one of those within a section.

    Args:
        heading: Its text without the marks of its level.
    """
    return _STEP.match(bare_heading(heading).casefold()) is not None


def _spelled_out(found: re.Match[str]) -> str:
    return " 10 " if found[0] == "\U0001f51f" else f" {unicodedata.normalize('NFKC', found[0])} "
