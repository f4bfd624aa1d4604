"""The history of one node as sentences: from the row of the workbook to the candidates, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.wording import counted

Row = Mapping[str, Any]
SHORT = 12


@dataclass(frozen=True)
class Event:
    """Something that happened: when, what kind of thing, what is to be said of it, and details below it."""

    at: datetime | None
    kind: str
    said: str
    details: tuple[str, ...] = ()


def tell_history(rows: Mapping[str, Sequence[Row]]) -> list[Event]:
    """Events in order of time.

    Args:
        rows: `editions`, `contexts`, `requests`, `attempts` and `contents` of the node, and `decisions` about them, as the store has them.
    """
    events = [
        *_editions(rows["editions"]),
        *(_context(row) for row in rows["contexts"]),
        *(_request(row) for row in rows["requests"]),
        *(event for row in rows["attempts"] for event in _attempt(row)),
        *(_content(row) for row in rows["contents"]),
        *(_decision(row) for row in rows["decisions"]),
    ]
    return sorted(events, key=lambda event: (event.at is None, event.at.timestamp() if event.at else 0.0))


def _decision(row: Row) -> Event:
    """Such as `plan 12 approved by anna`, or `pair of node 1.2.3 accepted by ben`."""
    noun, _, verb = row["action"].partition(".")
    what = row["subject"] if row["subject"].startswith(f"{noun} ") else f"{noun} of {row['subject']}"
    return Event(row["done_at"], "decision", f"{what} {verb.replace('-', ' ')} by {row['actor']}")


def _editions(rows: Sequence[Row]) -> Iterator[Event]:
    before: Row | None = None
    for row in rows:
        changes = [name for name in ("code", "name", "description") if before is not None and row[name] != before[name]]
        told = f"edition {row['label']} of {row['source_name']}, place {row['position'] + 1:,}: {row['code']} {row['name']}"
        is_target = "" if row["partition_key"] else "; no target in it"
        differs = f"; {', '.join(changes)} changed" if changes else "; only its ancestors changed" if _moved(before, row) else ""
        current = "; the current edition" if row["is_current"] else ""
        details = (row["description"] or "(no description)",) if before is None or "description" in changes else ()
        yield Event(
            row["loaded_at"], "edition", told + differs + is_target + current, (*details, f"SHA-256 of the file: {row['source_sha256']}")
        )
        before = row


def _moved(before: Row | None, row: Row) -> bool:
    return before is not None and before["version"] != row["version"]


def _context(row: Row) -> Event:
    current = "" if row["is_current"] else ", not current any more"
    return Event(row["created_at"], "context", f"context {row['id']} ({_short(row['version'])}){current}", tuple(row["text"].splitlines()))


def _request(row: Row) -> Event:
    plan = f", plan {row['plan_id']} by {row['plan_made_by']}" if row["plan_id"] else ", in no plan"
    by = f" by {row['approved_by']}" if row["approved_by"] else ""
    approved = f", approved {_time(row['approved_at'])}{by}" if row["approved_at"] else ""
    made_of = f"from context {row['context_id']}" + (f" and content {row['source_content_id']}" if row["source_content_id"] else "")
    why = [
        *([f"another answer, the {row['generation'] + 1}. to the same question"] if row["generation"] else []),
        *([f"once more after request {row['retry_of']}"] if row["retry_of"] else []),
        *(["an answer of its own was asked for"] if row["own_answer"] else []),
        *([f"of what was chosen: {'; '.join(row['chosen'])}"] if row["chosen"] else []),
        *(["shortened, because it was too long for the model"] if row["shortened"] else []),
        *([f"failed without being sent: {row['not_sent_because']}"] if row["not_sent_because"] else []),
    ]
    said = f"request {row['id']} for {row['stage']} {made_of}{plan}{approved}; now {row['state']}"
    model = f"{row['model']} at /v1/{row['endpoint']}" if row["endpoint"] else row["model"]
    size = f"{model}, {row['input_tokens']:,} tokens in, at most {row['max_completion_tokens']:,} out, fingerprint {_short(row['fingerprint'])}"
    return Event(row["created_at"], "request", said, (*why, size))


def _attempt(row: Row) -> Iterator[Event]:
    batch = f"batch {row['remote_id'] or row['batch_id']}" + (
        f", the duplicate of batch {row['duplicate_of']}" if row["duplicate_of"] else ""
    )
    where = f"{row['base_url']}{' (simulated)' if row['simulated'] else ''}"
    expected = f", expected cost {_usd(row['expected_cost_usd'])}"
    yield Event(
        row["created_at"],
        "sent",
        f"attempt {row['id']}: request {row['request_id'] or 'made elsewhere'} in {batch}{expected}",
        (f"{row['custom_id']} at {where}",),
    )
    if row["outcome"] is None:
        return
    detail = f": {row['detail']}" if row["detail"] else ""
    details = [f"note: {note}" for note in row["notes"] or ()]
    if row["output_tokens"] is not None:
        thinking = f", {row['reasoning_tokens']:,} of them for reasoning" if row["reasoning_tokens"] is not None else ""
        tokens = f"{'unknown' if row['input_tokens'] is None else format(row['input_tokens'], ',')} tokens in{_cache(row)}, {row['output_tokens']:,} out{thinking}"
        details.append(f"{row['model'] or 'model unknown'}, {tokens}, finish reason {row['finish_reason']}")
    file = ((row["artifacts"] or {}).get("output") or {}).get("path")
    if file and row["line_number"]:
        details.append(f"{file}, line {row['line_number']:,}; SHA-256 of the answer: {row['answer_sha256']}")
    cost = "nothing, it was never sent" if row["outcome"] == Outcome.not_sent else _usd(row["cost_usd"])
    yield Event(_answered(row), "answer", f"attempt {row['id']}: {row['outcome']}{detail}; cost {cost}", tuple(details))


def _cache(row: Row) -> str:
    """The part of the input tokens that came from or went to the prompt cache."""
    parts = (("cached_tokens", "from the cache"), ("cache_write_tokens", "written to the cache"))
    said = " and ".join(f"{row[name]:,} {what}" for name, what in parts if row[name])
    return f" ({said})" if said else ""


def _answered(row: Row) -> datetime | None:
    """Time of the answer. Providers count whole seconds: an answer within that of its sending came after it."""
    answered: datetime | None = row["answered_at"]
    sent: datetime = row["created_at"]
    return sent if answered is not None and sent - timedelta(seconds=1) < answered < sent else answered


def _content(row: Row) -> Event:
    if row["edited"]:
        origin = f"{row['generated_by']}"
    elif row["reused_from"]:
        origin = f"reused from content {row['reused_from']} of {row['reused_framework']}, at no cost"
    else:
        origin = f"from attempt {row['attempt_id']}"
    current = "current" if row["is_current"] else "not current any more"
    simulated = ", SIMULATED" if row["simulated"] else ""
    said = f"content {row['id']} of {row['stage']}, {origin}: {row['title']}; {current}{simulated}"
    details = [f"version {_short(row['version'])}, owner {row['owner'] or 'none'}", *(f"note: {note}" for note in row["notes"] or ())]
    if row["source_content_id"]:
        details.append(f"made from content {row['source_content_id']}")
    if row["candidates"]:
        details.append(f"{counted(len(row['candidates']), 'candidate')}: {', '.join(row['candidates'])}")
    return Event(row["stored_at"], "content", said, tuple(details))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _short(sha256: str) -> str:
    return sha256[:SHORT]


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount:,.4f}"
