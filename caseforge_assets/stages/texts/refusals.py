"""Refusals in plain words: a model declined, and put it in the text instead of the field that is there for it."""

import json
import re

from caseforge_assets.stages.canonical import texts_in
from caseforge_assets.stages.texts.characters import visible

LONGEST_REFUSAL_CHARACTERS = 1_500
_LOOKED_AT = 400
_SHORTEST_LOOKED_AT = 120

_SORRY = r"(?:i['’]?m |i am |we['’]?re |we are )?(?:very |so |truly |really |terribly )*sorry|i apologi[sz]e|(?:my |our )?apologies|unfortunately|regrettably|as an? (?:[\w-]+ )?(?:ai|artificial|language)\b[^.,]*"
_CANNOT = (
    r"can(?:['’]?t|not| not)|(?:am|are|['’]m|['’]re) (?:not able|unable|not permitted|not allowed|not comfortable)|won['’]?t|will not"
    r"|(?:must|have to|need to) (?:decline|refuse|respectfully decline)|(?:decline|refuse) to|do not feel comfortable|don['’]?t feel comfortable"
)
_DO = r"help|assist|comply|fulfill?|provide|generate|create|write|produce|answer|respond|continue|complete|discuss|engage|support|do (?:that|this)|process|share|offer|give|accommodate|proceed"
_HOW = r"(?:[a-z]+ly,? |even |ever |at this time |in good conscience,? |be able to |to )*"
_REFUSALS = (
    rf"(?:{_SORRY})[\s,.:;!–—-]*(?:but |that |however,? )?(?:i|we)\b.{{0,40}}?(?:{_CANNOT})",
    rf"(?:{_SORRY})[\s,.:;!–—-]*(?:but |that |however,? )?(?:that|this|it)\b.{{0,30}}?\b(?:i|we) ?(?:{_CANNOT})",
    rf"(?:i|we) ?(?:{_CANNOT}),? {_HOW}(?:{_DO})\b",
    rf"(?:cannot|can['’]t|unable to|not able to) {_HOW}(?:{_DO})\b",
    rf"(?:that|this)(?:['’]s| is) (?:not )?something (?:that )?(?:i|we) ?(?:can|{_CANNOT}) ",
    rf"(?:thank(?:s| you)|i understand|i appreciate|i see|i['’]?d be (?:glad|happy)|i would be (?:glad|happy))\b[^.!?]{{0,120}}?\b(?:but|however),? (?:i|we) ?(?:{_CANNOT})",
    r"(?:i|we) (?:refuse|decline)\b",
    rf"(?:i['’]?m|i am|we['’]?re|we are) (?:not going to|not willing to|unwilling to) (?:{_DO}|do)\b",
    rf"(?:i|we) (?:do not|don['’]?t) (?:think|believe) (?:that )?(?:i|we|it)\b.{{0,30}}?\b(?:can|should|is appropriate)\b.{{0,30}}?\b(?:{_DO})",
    r"(?:i|we) (?:do not|don['’]?t) have the ability to\b|(?:i|we) lack the ability to\b",
    r"(?:i['’]?m|i am) afraid (?:that )?(?:i (?:can|must|will)|(?:that|this) (?:is|isn)|that['’]s not)",
    r"(?:i['’]?ll|i will|i['’]?m going|i am going) (?:have )?to pass\b|let['’]s (?:talk about something else|change the (?:subject|topic))",
    r"(?:i|we) (?:would )?prefer not to\b",
    r"it (?:would be|is) (?:unethical|irresponsible|harmful|illegal) ",
    r"(?:that|this)(?:['’]s| is) (?:outside|beyond) (?:of )?(?:my|what i)\b",
    r"(?:hmm+|well|okay|ok|so),? (?:i|we)\b.{0,10}?(?:can['’]?t|cannot|won['’]?t)\b",
    r"(?:the |this )?(?:model|assistant|system) (?:cannot|can['’]t|is unable to|declined to|refuses to) ",
    r"(?:content|output|response) (?:was |is |has been )?(?:blocked|removed|withheld|filtered|not available)\b|blocked by (?:the )?(?:\w+ )?(?:policy|filter)|(?:this )?violates (?:the|our|my) polic",
    r"as an? [^.,]{2,40}, (?:i|we) (?:have to|must|need to|can['’]?t|cannot)\b",
    r"(?:i|we) (?:must|have to|need to) (?:respectfully )?(?:decline|refuse)",
    r"(?:my|our|the) (?:(?:safety |content |usage )?(?:guidelines|polic(?:y|ies))|programming|instructions|rules)\b.{0,20}? (?:prevents?|prohibits?|forbids?|(?:do(?:es)? not|don['’]t|doesn['’]t) (?:allow|permit|let))\b",
    r"(?:i am|i['’]m) (?:programmed|designed|trained|required|instructed) (?:to avoid|to decline|to refuse|not to)\b",
    r"(?:i am|i['’]m) (?:just |only )?an? (?:ai|language model|large language model)\b[^.]{0,60}?\b(?:can['’]?t|cannot|unable)",
    r"(?:sorry, )?(?:this|that|your|the)(?: requested)? (?:request|content|prompt|topic)\b.{0,60}?\b(?:violates?|is against|goes against|is not allowed|is not permitted|cannot be (?:processed|fulfilled|completed|answered|provided|generated|granted))",
    r"it(?:['’]s| is| would be) (?:not appropriate|inappropriate|against my) ",
    r"(?:i|we)(?:['’]d| would) (?:rather|prefer) not\b",
    r"(?:i|we) (?:do not|don['’]?t) feel comfortable\b",
    r"(?:this |the |your )?request (?:was |is |has been )?(?:declined|denied|refused|rejected|blocked)\b",
    # German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Swedish, Danish, Norwegian, Finnish, Hungarian, Romanian
    r"(?:es tut mir leid|tut mir leid|leider|entschuldigung|bedaure)[\s,.:;!–—-]*(?:aber )?.{0,40}?\b(?:kann|darf|werde|muss|bin)\b.{0,80}?\b(?:nicht|keine|kein|ablehnen)\b",
    r"(?:ich|wir) (?:kann|können|darf|dürfen|werde) .{0,60}?(?:nicht|keine|kein)\b.{0,60}?\b(?:helfen|beantworten|erstellen|unterstützen|erfüllen|nachkommen|behilflich|auskunft)",
    r"(?:ich|wir) (?:lehne[n]?\b.{0,60}?\bab\b|muss .{0,40}?ablehnen|verweigere)|das (?:geht|mache ich) (?:leider )?nicht",
    r"je (?:refuse|décline)\b|me niego\b|me nego\b|mi rifiuto\b|ik weiger\b|odmawiam\b|я отказываюсь\b|я не могу\b",
    r"(?:diese[rmn]?|ihre|dabei|dazu|damit|hierbei|das)\b.{0,30}? (?:kann|darf|werde) ich .{0,30}?(?:nicht|keine)\b",
    r"(?:je suis |nous sommes )?(?:désolée?s?|navrée?s?|malheureusement)[\s,.:;!–—-]*(?:mais )?.{0,20}?\bne (?:peux|puis|pouvons|suis)\b",
    r"je ne (?:peux|puis) pas |je ne suis pas en mesure ",
    r"(?:lo siento|lo lamento|disculp[ae]|lamentablemente)[\s,.:;!–—-]*(?:pero )?.{0,20}?\bno (?:puedo|podemos)\b",
    r"(?:yo )?no (?:puedo|podemos) (?:ayudar|asistir|responder|cumplir|proporcionar|crear|generar|atender|procesar)",
    r"(?:mi dispiace|spiacente|purtroppo)[\s,.:;!–—-]*(?:ma )?.{0,20}?\bnon (?:posso|possiamo)\b",
    r"non (?:posso|possiamo|sono in grado di) (?:aiutar|assister|risponder|soddisf|forni|crear|generar|elaborar)",
    r"(?:desculpe|sinto muito|lamento|infelizmente)[\s,.:;!–—-]*(?:mas )?.{0,20}?\bnão (?:posso|podemos|consigo)\b",
    r"(?:eu )?não (?:posso|podemos|consigo) (?:ajudar|atender|responder|fornecer|criar|gerar|auxiliar)",
    r"(?:het spijt me|sorry|helaas)[\s,.:;!–—-]*(?:maar )?.{0,20}?\bkan (?:ik|daar).{0,40}?\bniet\b",
    r"(?:ik kan|ik mag) .{0,40}?\bniet\b.{0,30}?\b(?:helpen|beantwoorden|voldoen|maken|uitvoeren)",
    r"(?:przepraszam|przykro mi|niestety)[\s,.:;!–—-]*(?:ale )?.{0,20}?\bnie (?:mogę|możemy|jestem)\b",
    r"nie (?:mogę|możemy|jestem w stanie) .{0,20}?(?:pomóc|odpowiedzieć|spełnić|zrealizować|stworzyć|wygenerować)",
    r"(?:omlouvám se|bohužel|je mi líto)[\s,.:;!–—-]*(?:ale )?.{0,30}?\bne(?:mohu|můžu|lze)\b",
    r"(?:jag är ledsen|ledsen|tyvärr|förlåt|beklager|desværre|dessverre|undskyld)[\s,.:;!–—-]*(?:men )?.{0,20}?\b(?:kan|får) .{0,30}?\b(?:inte|ikke)\b",
    r"(?:jag|jeg) kan .{0,30}?\b(?:inte|ikke)\b.{0,20}?\b(?:hjälpa|hjælpe|hjelpe)",
    r"(?:pahoittelen|valitettavasti|anteeksi)?[\s,]*(?:mutta )?en (?:voi|pysty) .{0,30}?(?:autta|vastata|luoda)",
    r"(?:sajnálom|sajnos)[\s,.:;!–—-]*(?:de )?.{0,40}?\bnem (?:tudok|segíthetek|áll módomban)",
    r"(?:îmi pare rău|din păcate|regret)[\s,.:;!–—-]*(?:dar )?.{0,20}?\bnu (?:pot|putem)\b",
    # Greek, Russian, Ukrainian, Turkish, Arabic, Hindi, Thai, Vietnamese, Indonesian, Japanese, Chinese, Korean
    r"(?:λυπάμαι|δυστυχώς|συγγνώμη)[\s,.:;!–—-]*(?:αλλά )?.{0,20}?\bδεν (?:μπορώ|μπορούμε)\b",
    r"(?:извините|простите|к сожалению|мне жаль)[\s,.:;!–—-]*(?:но )?.{0,20}?\bне (?:могу|можем)\b",
    r"я не (?:могу|можу) .{0,20}?(?:помочь|ответить|выполнить|создать|допомогти|відповісти)",
    r"(?:вибачте|на жаль|перепрошую)[\s,.:;!–—-]*(?:але )?.{0,20}?\bне (?:можу|можемо)\b",
    r"(?:üzgünüm|maalesef|özür dilerim)[\s,.:;!–—-]*.{0,60}?\b(?:olamam|edemem|veremem|yapamam|olamıyorum|edemiyorum)",
    r"(?:عذرًا|عذراً|آسف|أعتذر|للأسف).{0,30}?(?:لا أستطيع|لا يمكنني|لا يمكن)",
    r"(?:मुझे खेद है|क्षमा करें|माफ़ करें).{0,60}?(?:नहीं कर सकत|नहीं दे सकत)",
    r"(?:ขออภัย|ขอโทษ).{0,20}?ไม่สามารถ",
    r"(?:xin lỗi|rất tiếc)[\s,.:;!–—-]*(?:nhưng )?.{0,20}?\bkhông thể\b",
    r"(?:maaf|mohon maaf)[\s,.:;!–—-]*(?:tetapi |tapi |namun )?.{0,20}?\btidak (?:dapat|bisa)\b",
    r"(?:申し訳|すみませんが|ごめんなさい|恐れ入りますが).{0,60}?(?:できません|いたしかねます|応じられません)",
    r"(?:この|その|ご)?(?:リクエスト|ご要望|依頼|要求|質問).{0,20}?(?:できません|いたしかねます|応じられません)",
    r"(?:很?抱歉|对不起|對不起|不好意思).{0,30}?(?:无法|無法|不能|没办法|沒辦法)",
    r"(?:这个|這個|该|該|您的|此)?(?:请求|請求|要求|问题|問題).{0,6}?我(?:无法|無法|不能)|我(?:无法|無法|不能)(?:协助|協助|帮助|幫助|提供|回答|满足|滿足)",
    r"(?:죄송|미안).{0,60}?(?:수 없|어렵|드릴 수)",
)
# The whole text, of some words at most: with more behind them they may begin anything.
_SHORT = re.compile(
    rf"\W*(?:(?:{_SORRY})\W*|(?:but|that|thanks?|thank you)\W*)*"
    r"(?:no|nope|never|no,? (?:thanks?|thank you|i (?:can['’]?t|cannot|won['’]?t|will not)[^.!?]{0,60})|not (?:allowed|permitted|possible)|refused|declined|denied|rejected|blocked|content removed|(?:policy|safety|content) violation"
    rf"|(?:i|we) ?(?:{_CANNOT})(?: to)?|(?:i|we) (?:refuse|decline)|i['’]?m just an? (?:ai|assistant)|i have to stop here|(?:{_SORRY})"
    r"|nein|nicht möglich|abgelehnt|verweigert|non|refusé|no puedo|denegado|não|não posso|nee|nie|нет|отказано|不|不可以|不行|拒绝|いいえ|できません|お断りします|아니요|거부|hayır|नहीं|לא|لا)\W*"
    r"(?:(?:i|we) (?:will not|won['’]?t|cannot|can['’]?t)[^.!?]{0,60}\W*)?",
    re.IGNORECASE,
)
_LABELS = r"(?:(?:response|answer|assistant|output|refusal|antwort)\s*:\s*)?"
_TAGS = re.compile(r"</?[a-zA-Z][\w.-]{0,30}>")
_BEFORE = re.compile(r"\A(?:\s*(?:```\w*|~~~\w*|#{1,6} [^\n]*)[ \t]*\n)+")
_REFUSAL = re.compile(rf"\A[^\w]*{_LABELS}[^\w]*(?:{'|'.join(_REFUSALS)})", re.IGNORECASE | re.DOTALL)


def refusal_in(text: str) -> str | None:
    """Give a text that as a whole is a refusal, on one line; None for any other.

    Args:
        text: An answer that is no good content: what a good one says is never looked at.
    """
    plain = " ".join(_BEFORE.sub("", _TAGS.sub(" ", _said(visible(text).strip()))).split())
    if len(plain) > LONGEST_REFUSAL_CHARACTERS:
        return None
    return plain if _REFUSAL.match(plain[:_LOOKED_AT]) or (len(plain) <= _SHORTEST_LOOKED_AT and _SHORT.fullmatch(plain)) else None


def _said(text: str) -> str:
    """Give the one text in an object, where an answer in JSON has nothing else: `{"error": "I cannot …"}`."""
    if not text.startswith("{") or len(text) > LONGEST_REFUSAL_CHARACTERS:
        return text
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text
    texts = list(texts_in(value))
    return texts[0] if len(texts) == 1 else text
