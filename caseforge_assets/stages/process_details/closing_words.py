"""Words at a document's end that are none of it: marks of the end, and what speaks to whoever asked."""

import re

LONGEST_CLOSING_CHARACTERS = 400
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
_CLOSING = re.compile(
    rf"^[*_>\s]*(?:(?:note|hinweis)[*_]*:[*_\s]*)?(?:{'|'.join((*_TO_WHOEVER_ASKED, _COUNT, _END_WORDS))})", re.IGNORECASE
)


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
    if len(paragraph) > LONGEST_CLOSING_CHARACTERS or not _CLOSING.match(paragraph):
        return lines if left == _without_blank_end(lines) else left
    while start and (not left[start - 1].strip() or _RULE.match(left[start - 1])):
        start -= 1
    return _before_marks(left[:start])


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
