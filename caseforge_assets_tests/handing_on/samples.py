"""Pages and use cases to write, tame and hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from caseforge_assets.handing_on.records import Book, Decided, Idea, Page, Place, Source

MADE_AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> =HYPERLINK("http://example.org") \x00\x1b[31m \ufffe\uffff \u202egnp.exe & ]]> ' + "long " * 60
DOCUMENT = """## Overview

Takes in **bicycles** and *notes* what is `wrong`. See [the rules](https://example.org/rules) and <b>no HTML</b>.

## Process Steps

Before it begins:

1. **Greet the rider.** The clerk asks what is wrong.
   - Electric bicycles
     1. Battery
     2. Motor
   - Others
2. Note the fault: the clerk writes a ticket with
   the frame's number.

   A second paragraph of the same step.
3. Hand the bicycle to the mechanic

## Roles and Responsibilities

| Role | Decides |
|---|---|
| Clerk | **Order** of work |
| Mechanic | `parts` |

1. Another list
2. begins anew

## Performance Metrics

```
a  b
```
"""


def source(**changes: Any) -> Source:
    """An origin of a content."""
    values: dict[str, Any] = {
        "edition": "7.4",
        "made_by": "OpenAI Batch API",
        "model": "gpt-5",
        "made_at": MADE_AT,
        "simulated": False,
        "batch": "batch_1",
        "cost_usd": Decimal("0.0123"),
        "quality": 83,
    }
    return Source(**{**values, **changes})


def page(code: str = "2.1.1", body: str = DOCUMENT, **changes: Any) -> Page:
    """A document."""
    return Page(code, "Take in bicycles", "Process Details - Take in bicycles", "process_details", body, changes.pop("source", source()), 3)


def book(*entries: Place | Page, **changes: Any) -> Book:
    """A branch with documents."""
    above = (Place("2", "Repair", 1), Place("2.1", "Run the workshop", 2))
    return Book("2 Repair", "Shop", "7.4", date(2026, 11, 29), entries or (*above, page(), page("2.1.2")), **changes)


def idea(number: int = 1, **changes: Any) -> Idea:
    """A use case."""
    values: dict[str, Any] = {
        "framework": "shop",
        "candidate_id": number,
        "uid": f"2.1.1-UC{number:02d}",
        "title": f"Idea {number}",
        "code": "2.1.1",
        "process": "Take in bicycles",
        "above": ("2 Repair", "2.1 Run the workshop"),
        "category": "automation",
        "levels": {"roi": "High", "complexity": "Low", "risk": "Medium"},
        "texts": {
            "Description": "What it does. " * 60,
            "Impact": "Less waiting.",
            "Complexity": "Low.",
            "Technology": "A model.",
            "Timeline": "8 weeks.",
        },
        "source": source(),
        "priority": 90 - number,
        "decided": Decided(),
    }
    return Idea(**{**values, **changes})
