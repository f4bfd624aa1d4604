"""The end of a text: whether it is missing, and what stands there that is none of the text, such as marks of the end and words to whoever asked."""

import re

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.measuring.word_lists import word_list

LONGEST_CLOSING_CHARACTERS = 400

_OPEN_MARKS = (",", ";", ":", "(", "[", "–", "—", "/", "&", "+")
_CLOSING_MARKS = (".", "!", "?", "…", ")", "]", "|", "`", '"', "”", "*", "_", ":", "%", "。")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_LINES_LOOKED_AT = 12
_LAST_LINES = 24
_RULE = re.compile(r"^\s*([-*_=])(?:\s*\1){2,}\s*$")
_WHOLE = r"(?:(?:process )?(?:document(?:ation)?|response|answer|output|markdown|file))"
_END_MARK = re.compile(
    rf"^\s*(?:[-=*<\[(#~_|–—]+\s*(?i:end|eof|fin|ende|fine)(?i: of)?(?i: the)?(?i: {_WHOLE})?\s*[-=*>\])#~_|/–—]+|(?:END|EOF)(?: OF)?(?: THE)?(?: (?i:{_WHOLE}))?)\s*$"
)
_CLOSING_TAGS = re.compile(r"^\s*(?:</[\w:.-]+\s*>\s*)+$")
_TO_WHOEVER_ASKED = (
    r"(?:please )?let me know|(?:please )?feel free|(?:i )?hope (?:this|that|it)|(?:would|do) you (?:like|want|need)|shall i |should i |is there anything",
    r"if you(?:['’]d| would| need| want| have| wish)|i can also|i am happy to|i['’]?m happy to|happy to ",
    r"this (?:document|text|content|answer) (?:was|has been|is) (?:\w+[- ]){0,2}(?:generated|written|produced|created) (?:by|with|using) (?:an? )?(?:ai|artificial|language|large)",
    r"gerne (?:passe|erstelle|kann|ergänze|erweitere|überarbeite|helfe|stehe)|ich hoffe,? (?:das|dieses|dass)|lass(?:en sie)? (?:es )?mich (?:gerne )?wissen|sag(?:en sie)? mir",
    r"(?:möchten|wünschen|brauchen|benötigen) sie |soll ich |(?:wenn|falls) (?:du|sie) (?:möchtest|möchten|willst|wollen|wünschen|weitere|noch)",
    r"n['’]hésitez pas|j['’]espère que|(?:souhaitez|voulez)-vous|si vous (?:souhaitez|voulez|avez besoin)|dites-moi",
    r"espero que|¿(?:te|le) gustaría|¿(?:quieres|quiere|desea)|si (?:necesitas?|deseas?|quieres?) |no dud(?:es?|a) en|avísame|hágame saber",
    r"spero che|fammi sapere|mi faccia sapere|se (?:desideri?|vuoi|hai bisogno)|vuoi che",
    r"se (?:quiser|precisar|desejar)|fico à disposição|gostaria (?:que|de)|laat (?:het )?me weten|ik hoop dat|wil je |wilt u |als (?:je|u) (?:wilt|meer)",
    r"daj(?:cie)? (?:mi )?znać|proszę dać znać|mam nadzieję|czy chcesz|jeśli chcesz",
)
_COUNT = r"\W*(?:total |approximate(?:ly)? |approx\.? )?(?:word count|words)\W+[\d,.~ ]+(?:words)?\W*$"
_END_WORDS = r"\[?(?:end of (?:the )?document|end)\]?\W*$"
_CLOSING_WORDS = re.compile(
    rf"^[*_>\s]*(?:(?:note|hinweis)[*_]*:[*_\s]*)?(?:{'|'.join((*_TO_WHOEVER_ASKED, _COUNT, _END_WORDS))})", re.IGNORECASE
)


def looks_cut(text: str, lines: list[str], language: str = ENGLISH) -> bool:
    """Say whether a Markdown text looks as if its end were missing.

    That is so with an open code block or table row, with a word or mark after which something has to come, and with a last line that
    ends without a full stop where the lines of its kind before it have one.

    Args:
        text: The text.
        lines: The same in lines.
        language: Tag of its language; empty where it has no lists of words, and then no word tells anything.
    """
    said = [line.rstrip() for line in lines[-_LAST_LINES:] if line.strip()]
    if not said:
        return False
    last = said[-1]
    if text.count("```") % 2 or last.endswith(_OPEN_MARKS) or last.lstrip().startswith("#"):
        return True
    if last.lstrip().startswith("|"):
        return not last.endswith("|")
    if last.endswith(_CLOSING_MARKS):
        return False
    open_ends = word_list("unfinished_ends", language) if language else frozenset[str]()
    return last.rpartition(" ")[2].lower() in open_ends or _others_are_closed(said, last)


def without_closing(lines: list[str]) -> list[str]:
    """Leave out marks of the end, and a last paragraph that speaks to whoever asked with the rule above it.

    Args:
        lines: Of a document.
    """
    left = _before_marks(_before_stray_fence(lines))
    start = end = len(left)
    while start and left[start - 1].strip() and not _RULE.match(left[start - 1]):
        start -= 1
    paragraph = " ".join(left[start:end])
    if len(paragraph) > LONGEST_CLOSING_CHARACTERS or not _CLOSING_WORDS.match(paragraph):
        return lines if left == _without_blank_end(lines) else left
    while start and (not left[start - 1].strip() or _RULE.match(left[start - 1])):
        start -= 1
    return _before_marks(left[:start])


def _others_are_closed(said: list[str], last: str) -> bool:
    kind = bool(_LIST_MARK.match(last))
    alike = [line for line in said[-_LINES_LOOKED_AT - 1 : -1] if bool(_LIST_MARK.match(line)) is kind and not line.startswith(("#", "|"))]
    return sum(line.endswith(_CLOSING_MARKS) for line in alike) > 0.75 * len(alike)


def _before_stray_fence(lines: list[str]) -> list[str]:
    """Leave out a fence at the end, on a line of its own or behind the last words, that closes no code block."""
    left = _without_blank_end(lines)
    if not left or not left[-1].rstrip().endswith("```") or sum(line.count("```") for line in left) % 2 == 0:
        return lines
    last = left[-1].rstrip().rstrip("`").rstrip()
    return [*left[:-1], last] if last else left[:-1]


def _before_marks(lines: list[str]) -> list[str]:
    """Leave out lines at the end that only say that it is the end, and closing tags of what was never opened."""
    left = _without_blank_end(lines)
    while left and (_END_MARK.match(left[-1]) or (_CLOSING_TAGS.match(left[-1]) and _is_unopened(left))):
        left = _without_blank_end(left[:-1])
    return left


def _is_unopened(lines: list[str]) -> bool:
    tags = re.findall(r"</([\w:.-]+)", lines[-1])
    return not any(f"<{tag}" in line for tag in tags for line in lines[:-1])


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
