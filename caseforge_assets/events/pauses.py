"""The pauses between tries to deliver an event to a webhook."""

from __future__ import annotations

from datetime import datetime, timedelta

TRIED_FOR = timedelta(days=3)
_PAUSES_S = (5, 30, 120, 600, 1_800, 3_600, 2 * 3_600, 4 * 3_600)
LONGEST_S = 6 * 3_600


def next_try(tries: int, began_at: datetime, now: datetime) -> datetime | None:
    """Says when a delivery is tried next that has failed so often; None: it was tried for long enough.

    Args:
        tries: all so far, at least one.
        began_at: when it was laid out.
    """
    pause = timedelta(seconds=_PAUSES_S[tries - 1] if tries <= len(_PAUSES_S) else LONGEST_S)
    return now + pause if now + pause <= began_at + TRIED_FOR else None
