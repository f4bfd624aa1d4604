"""Messages and what a provider says about itself, masked by value and by shape.

By shape: what looks like a secret, whoever's it is: keys of known vendors, headers, passwords in URLs and settings, keys with their middle starred out.
"""

from __future__ import annotations

import re
from typing import Any

from caseforge_assets.redaction.known import MASK, mask_message, mask_values

_VALUE = r"[^\s\"',;}&]+"
_NAME = r"(?:[a-z0-9]{1,30}[-_]){0,4}"  # all is bounded: a text may be megabytes of one letter
_RULES = (
    re.compile(r"(?i)(?P<keep>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest|token)\s+)?)[^\s\"',}]+"),
    re.compile(r"(?i)(?P<keep>\bbearer\s+)[^\s\"',}]+"),
    re.compile(r"(?P<keep>\b[Bb]asic\s+)(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{8,}={0,2}"),
    re.compile(rf"(?i)(?P<keep>\b{_NAME}api[-_]?key[\"']?\s*[:=]\s*[\"']?){_VALUE}"),
    re.compile(r"(?P<keep>)\bsk-[A-Za-z0-9_\-*.]{4,}"),
    re.compile(r"(?P<keep>)\b(?:gsk_|hf_|ghp_|gho_|xai-|pplx-|glpat-|xox[abprs]-)[A-Za-z0-9_\-*.]{8,}"),
    re.compile(r"(?P<keep>)\bcaseforge_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),  # a token of our own
    re.compile(r"(?P<keep>)\b(?:AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,})"),
    re.compile(r"(?P<keep>)\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),  # a JSON Web Token
    re.compile(r"(?P<keep>://[^/\s:@]{0,200}:)\S{1,300}(?=@)"),  # to the last @: a password may hold / and @, whatever the standard says
)

# In a message these are secrets; in a program, a template or a document they may be anything.
_IN_MESSAGES = (
    re.compile(
        r"(?i)(?P<keep>\b[a-z0-9_-]{0,40}(?:password|passwd|passphrase|pwd)=)(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s\"',;}&]+)"
    ),
    re.compile(rf"(?i)(?P<keep>\b{_NAME}(?:password|passwd|passphrase|pwd|secret|token)[\"']\s*[:=]\s*[\"'])[^\"']+"),
    re.compile(rf"(?i)(?P<keep>\b{_NAME}(?:secret|token|signature|sig)=){_VALUE}"),
    re.compile(r"(?P<keep>)\b[A-Za-z0-9_-]{2,64}\*{4,}[A-Za-z0-9_-]{2,}"),  # a key as providers repeat it: abcd****wxyz
)


def redact(text: str) -> str:
    """The text without the secrets of this process, and without what looks like one."""
    return _mask_shapes(mask_message(text))


def redact_file(text: str) -> str:
    """The same of a file that must go on working, such as a template: known values, and what is a secret wherever it stands."""
    return _mask_shapes(mask_values(text), message=False)


def redact_object(value: Any) -> Any:
    """A JSON value with its texts redacted, the names of its fields as well; in ids, which are needed as they are, only known values are masked."""
    if isinstance(value, dict):
        return {redact(str(name)): _redact_field(str(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [redact_object(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _redact_field(name: str, value: Any) -> Any:
    return mask_values(value) if isinstance(value, str) and (name == "id" or name.endswith("_id")) else redact_object(value)


def _mask_shapes(text: str, *, message: bool = True) -> str:
    """The text without what looks like an API key, a token, or a password in a URL or header; of a message, in a setting as well."""
    for rule in (*_RULES, *(_IN_MESSAGES if message else ())):
        text = rule.sub(lambda match: match["keep"] + MASK, text)
    return text
