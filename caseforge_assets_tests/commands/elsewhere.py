"""A second framework with nodes of the first one."""

from __future__ import annotations

ELSEWHERE = (
    ("7", "z", "Trade", "Buys and sells."),
    ("7.1", "y", "Reach people", "Makes the trade known."),
    ("7.1.1", "c", "Advertise", "Places advertisements where riders look."),
    ("7.1.2", "d", "Answer questions", "Answers what people ask, in writing."),
    ("7.1.3", "e", "Write all offers", "Writes offers with prices and dates."),
    ("7.1.4", "k", "Mend", "Replaces what is broken."),
)
