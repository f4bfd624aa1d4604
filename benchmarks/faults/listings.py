"""Lists and batch objects that lack something, hold something odd, do not end or are refused; a new batch that is not known at first."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.faults.disturbed import Disturbed, ask_again, retry
from benchmarks.faults.hook import Moment

LOST = "reply_reset:call=1"  # the creation was accepted, and nobody was told: only the list shows the batch
ONE_BY_ONE = {"max_requests_per_batch": 1}  # five batches, which are more than are looked at singly
BATCHES, FILES = "^GET /v1/batches$", "^GET /v1/files$"
REFUSED = (404, 405)
FOR_A_TIME = ("status_number", "status_null", "status_unknown", "files_number")
LASTING = (
    *("errors_text", "errors_texts", "nul", "surrogate", "counts_null", "counts_text"),
    *("created_text", "metadata_text", "usage_text", "huge"),
)
LONGER = {"create_grace_s": 2.0}  # than the first looks take
LOOKED_AT_AGAIN = {"missing_files_grace_s": 30}


def _without_metadata(how: str) -> tuple[Disturbed, ...]:
    spec, killed = f"without_metadata:how={how}", Moment("after", "create")
    return (
        Disturbed("list", f"no metadata ({how}), the answer to the creation was lost", (LOST, spec)),
        Disturbed("list", f"no metadata ({how}), killed after the creation", (spec,), fatal=killed),
    )


def _endless(how: str) -> tuple[Disturbed, ...]:
    """A page that shows the batch is enough; where none does, nobody knows, and nothing is created again."""
    spec = f"endless_list:how={how},match="
    settled = Disturbed("list", f"batches without end ({how}), the answer to the creation was lost", (LOST, spec + BATCHES))
    return (
        settled if how == "repeated" else replace(settled, act=ask_again, healed=True),
        Disturbed("list", f"batches without end ({how}), five batches", (spec + BATCHES,), configuration=ONE_BY_ONE),
        Disturbed("list", f"files without end ({how})", (spec + FILES,)),
    )


def _refused(status: int) -> tuple[Disturbed, ...]:
    spec = f"reply_error:status={status},when=before,match="
    lost = Disturbed("list", f"batches refused with {status}, the answer to the creation was lost", (LOST, spec + BATCHES))
    return (
        Disturbed("list", f"batches refused with {status}, five batches", (spec + BATCHES,), configuration=ONE_BY_ONE),
        replace(lost, act=ask_again, healed=True),
        Disturbed("list", f"files refused with {status}", (spec + FILES,)),
    )


def _odd(how: str, calls: str, stage: str = "usecases") -> Disturbed:
    """Looks are odd for a time or to the end."""
    lasts = "for a time" if calls else "always"
    return Disturbed("odd batch", f"{how}, {lasts}", (f"odd_batch:how={how}{calls and f',call={calls}'}",), stage, LOOKED_AT_AGAIN)


def _failed_with(how: str) -> Disturbed:
    """One that names no line has all sent again; otherwise the line's node failed, and a person has it sent again."""
    specs = ("reject:batch=1", f"odd_batch:how={how}")
    return Disturbed("odd batch", f"{how}, refused in validation", specs, act=retry, may_end_well=True)


def _unknown(looks: int, body: str) -> Disturbed:
    spec = f"reply_error:status=404,when=before,body={body},call=1-{looks},match=^GET /v1/batches/"
    return Disturbed("new batch", f"404 at the first {looks} looks, {body}", (spec,), "process_details", LONGER)


def _unknown_for_long() -> Disturbed:
    spec = "reply_error:status=404,when=before,match=^GET /v1/batches/"
    return Disturbed("new batch", "404 until a person asks", (spec,), "process_details", act=ask_again, healed=True)


LISTINGS = (
    *(listing for how in ("null", "absent", "empty") for listing in _without_metadata(how)),
    *(listing for how in ("repeated", "empty") for listing in _endless(how)),
    *(listing for status in REFUSED for listing in _refused(status)),
)
OBJECTS = (
    *(_odd(how, "1-4") for how in (*FOR_A_TIME, *LASTING)),
    *(_odd(how, "") for how in LASTING),
    *(_failed_with(how) for how in ("errors_text", "errors_texts", "nul")),
    _unknown_for_long(),
    *(_unknown(looks, body) for looks in (1, 3) for body in ("json", "page")),
)
SHORT = (_without_metadata("null")[0], _endless("repeated")[0], _odd("status_null", "1-4"), _unknown(3, "json"))
