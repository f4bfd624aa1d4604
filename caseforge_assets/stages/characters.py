"""Characters that no database text can hold: NUL, and halves of surrogate pairs. Models and servers do send them."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def replace_unstorable(text: str) -> str:
    """Replace NUL and lone surrogates by U+FFFD; PostgreSQL refuses the one, UTF-8 the other.

    Args:
        text: Any string, as read from JSON.

    Returns:
        The same string where nothing had to be replaced.
    """
    if "\x00" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _UNSTORABLE.sub("\ufffd", text)
