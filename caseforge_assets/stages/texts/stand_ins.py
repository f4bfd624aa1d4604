"""Words that stand where a text should: "TBD", "[Insert details]", "(to be completed)", "same as above". An answer that has them there lacks the text."""

import re

LONGEST_CHARACTERS = 120  # in brackets
SHORT_CHARACTERS = 40  # without
OPENINGS = ("[", "<", "{", "(")
_BRACKETED = r"\[[^\[\]]+\]|<[^<>]+>|\{\{?[^{}]+\}\}?"
_WORDS = (
    r"t\.?b\.?[dac]\.?|to ?do|n/?a|to be (?:completed|added|defined|determined|filled(?: in)?|written|decided|provided|continued|confirmed|developed|discussed)(?: later)?"
    r"|coming soon|content (?:goes |to go |comes )?here|(?:insert|add|enter|describe|provide|write)\b.{0,60}\bhere|your (?:text|content|answer)(?: goes)? here"
    r"|lorem ipsum.*|place ?holder(?: text)?|(?:please )?(?:see|same as|as|identical to|refer to)(?: described)? (?:above|below|before|previous(?: section)?)"
    r"|(?:section |content |details )?omitted(?: for brevity)?|(?:section |details |text )?to follow|work in progress|under construction|no content|not (?:yet )?available|pending"
    r"|folgt(?: noch)?|wird (?:noch )?ergänzt|noch (?:offen|zu ergänzen)|siehe (?:oben|unten)|platzhalter|wie oben|à (?:compléter|définir)|voir (?:ci-dessus|ci-dessous|plus haut)"
    r"|por (?:completar|definir)|(?:véase|ver) (?:arriba|abajo)|da (?:completare|definire)|a definir|nader te bepalen|zie (?:boven|hieronder)"
)
_STAND_IN = re.compile(rf"(?:{_BRACKETED}|\(?(?:{_WORDS})[)\s.!…]*)", re.IGNORECASE)
_QUOTED = " \t>"
_MARKS = " \t\n*_`-•:.…|#"


def is_stand_in(text: str) -> bool:
    """Tell whether a text only stands for one that should be there.

    Args:
        text: Of any length, with whatever marks around it.
    """
    return len(text) <= LONGEST_CHARACTERS and _STAND_IN.fullmatch(text.lstrip(_QUOTED).strip(_MARKS)) is not None
