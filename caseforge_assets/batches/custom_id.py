"""Custom ids: what a request is called inside a batch. Readable for people, unique by the request's number."""

import re

MAX_CHARACTERS = 64  # OpenAI states no limit; this and the characters below are safe with every known server

_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


def make_custom_id(stage_key: str, code: str, request_id: int) -> str:
    """Make a custom id such as `usecases-1-2-4-r1247`.

    Args:
        stage_key: The stage.
        code: The node's code; it may have any characters.
        request_id: The request's number, not negative. It alone makes the id unique.

    Returns:
        At most 64 characters out of A-Z, a-z, 0-9, _ and -.
    """
    ending = f"-r{request_id}"
    readable = "-".join(_UNSAFE.sub("-", part).strip("-") for part in (stage_key, code))
    return readable[: MAX_CHARACTERS - len(ending)].strip("-") + ending
