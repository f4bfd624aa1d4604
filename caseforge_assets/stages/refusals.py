"""Refusals in plain words: a model declined, and put it in the text instead of the field that is there for it."""

import json
import re

from caseforge_assets.stages.characters import visible

LONGEST_REFUSAL_CHARACTERS = 1_500
_LOOKED_AT = 400

_SORRY = r"(?:i['’]?m |i am |we['’]?re |we are )?(?:very |so |truly |really )?sorry|i apologi[sz]e|(?:my |our )?apologies|unfortunately|regrettably|as an? (?:ai|artificial|large language|language)\b[^.,]*"
_CANNOT = (
    r"can(?:['’]?t|not| not)|(?:am|are|['’]m|['’]re) (?:not able|unable|not permitted|not allowed|not comfortable)|won['’]?t|will not"
    r"|(?:must|have to|need to) (?:decline|refuse|respectfully decline)|(?:decline|refuse) to|do not feel comfortable|don['’]?t feel comfortable"
)
_DO = r"help|assist|comply|fulfil|provide|generate|create|write|produce|answer|respond|continue|complete|discuss|engage|support|do (?:that|this)|process|share|offer|give|accommodate|proceed"
_REFUSALS = (
    rf"(?:{_SORRY})[\s,.:;!–—-]*(?:but |that |however,? )?(?:i|we)\b.{{0,40}}?(?:{_CANNOT})",
    rf"(?:i|we) ?(?:{_CANNOT}) (?:be able to )?(?:\w+ ){{0,3}}?(?:{_DO})",
    r"(?:i|we) (?:must|have to|need to) (?:respectfully )?(?:decline|refuse)",
    r"(?:sorry, )?(?:this|that|your|the) (?:request|content|prompt|topic)\b.{0,60}?\b(?:violates|is against|goes against|is not allowed|is not permitted|cannot be)",
    r"it(?:['’]s| is| would be) (?:not appropriate|inappropriate|against my) ",
    r"(?:i|we)(?:['’]d| would) (?:rather|prefer) not\b",
    r"(?:i|we) (?:do not|don['’]?t) feel comfortable\b",
    r"(?:this |the |your )?request (?:was |is |has been )?(?:declined|denied|refused|rejected|blocked)\b",
    # German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish, Danish, Norwegian, Japanese, Chinese, Korean, Russian
    r"(?:es tut mir leid|tut mir leid|leider|entschuldigung|bedaure)[\s,.:;!–—-]*(?:aber )?.{0,40}?\b(?:kann|darf|werde|muss|bin)\b.{0,80}?\b(?:nicht|keine|kein|ablehnen)\b",
    r"(?:ich|wir) (?:kann|können|darf|dürfen|werde) .{0,60}?(?:nicht|keine|kein)\b.{0,60}?\b(?:helfen|beantworten|erstellen|unterstützen|erfüllen|nachkommen|behilflich)",
    r"(?:je suis |nous sommes )?(?:désolée?s?|navrée?s?|malheureusement)[\s,.:;!–—-]*(?:mais )?.{0,20}?\bne (?:peux|puis|pouvons|suis)\b",
    r"je ne (?:peux|puis) pas ",
    r"(?:lo siento|lo lamento|disculp[ae]|lamentablemente)[\s,.:;!–—-]*(?:pero )?.{0,20}?\bno (?:puedo|podemos)\b",
    r"(?:mi dispiace|spiacente|purtroppo)[\s,.:;!–—-]*(?:ma )?.{0,20}?\bnon (?:posso|possiamo)\b",
    r"(?:desculpe|sinto muito|lamento|infelizmente)[\s,.:;!–—-]*(?:mas )?.{0,20}?\bnão (?:posso|podemos)\b",
    r"(?:het spijt me|sorry|helaas)[\s,.:;!–—-]*(?:maar )?.{0,20}?\bkan (?:ik|daar).{0,40}?\bniet\b",
    r"(?:przepraszam|przykro mi|niestety)[\s,.:;!–—-]*(?:ale )?.{0,20}?\bnie (?:mogę|możemy|jestem)\b",
    r"(?:jag är ledsen|ledsen|tyvärr|förlåt|beklager|desværre|dessverre|undskyld)[\s,.:;!–—-]*(?:men )?.{0,20}?\b(?:kan|får) .{0,30}?\b(?:inte|ikke)\b",
    r"(?:申し訳|すみませんが|ごめんなさい|恐れ入りますが).{0,60}?(?:できません|いたしかねます|応じられません)",
    r"(?:很?抱歉|对不起|對不起|不好意思).{0,30}?(?:无法|無法|不能|没办法|沒辦法)",
    r"(?:죄송|미안).{0,60}?(?:수 없|어렵|드릴 수)",
    r"(?:извините|простите|к сожалению|мне жаль)[\s,.:;!–—-]*(?:но )?.{0,20}?\bне (?:могу|можем)\b",
)
_REFUSAL = re.compile(rf"\A[\s\"'“‘*_#>]*(?:{'|'.join(_REFUSALS)})", re.IGNORECASE | re.DOTALL)


def refusal_in(text: str) -> str | None:
    """Give a text that as a whole is a refusal, on one line; None for any other.

    Args:
        text: An answer that is no good content: what a good one says is never looked at.
    """
    plain = " ".join(_said(visible(text).strip()).split())
    return plain if len(plain) <= LONGEST_REFUSAL_CHARACTERS and _REFUSAL.match(plain[:_LOOKED_AT]) else None


def _said(text: str) -> str:
    """Give the one text in an object, where an answer in JSON has nothing else: `{"error": "I cannot …"}`."""
    if not text.startswith("{") or len(text) > LONGEST_REFUSAL_CHARACTERS:
        return text
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text
    texts = [part for part in value.values() if isinstance(part, str)]
    return texts[0] if len(texts) == 1 else text
