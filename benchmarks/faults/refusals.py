"""Creations that are answered wrongly: refused although they were accepted, redirected, or with somebody else's batch; and stops."""

from __future__ import annotations

from benchmarks.faults.answers import FIRST_NODE
from benchmarks.faults.disturbed import Disturbed, ask_again
from benchmarks.faults.world import Project

STATUSES = (400, 401, 403, 404, 409, 422, 429)
WHENS = {"accepted": "after", "not accepted": "before"}
STOP_CODE = "billing_hard_limit_reached"


def _refused(status: int) -> Disturbed:
    """It is settled by itself, or the command ends with another code than 0 and a person gives it again."""
    specs = (f"reply_error:status={status},call=1,code=refused",)
    return Disturbed("refusal", f"{status} after it was accepted", specs, act=ask_again, may_end_well=True)


def _redirected(status: int, what: str) -> Disturbed:
    return Disturbed(
        "redirect", f"{status}, {what}", (f"reply_redirect:status={status},when={WHENS[what]},call=1",), act=ask_again, may_end_well=True
    )


def _anothers(whose: str, what: str) -> Disturbed:
    before = _create_somebodys_batch if whose == "somebody's" else None
    calls = "call=2" if before else "call=1"
    return Disturbed("another's batch", f"{whose}, {what}", (f"another_batch:when={WHENS[what]},{calls}",), before=before)


def _create_somebodys_batch(project: Project) -> None:
    """Its file has no line that could be answered, so that nothing is billed for it."""
    with project.sdk() as sdk:
        file = sdk.files.create(file=("theirs.jsonl", b"not a request\n"), purpose="batch")
        sdk.batches.create(input_file_id=file.id, endpoint=project.endpoint, completion_window="24h")


def _stopped_at_create(status: int) -> Disturbed:
    specs = (f"reply_error:status={status},when=before,code={STOP_CODE}",)
    return Disturbed(
        "stop", f"{STOP_CODE} at create, {status}", specs, meanwhile=[("monitor", "--once")] * 2, act=ask_again, healed=True, most_hits=1
    )


def _stopped_in_line(fault: str) -> Disturbed:
    specs = (f"{fault}:code={STOP_CODE},attempts=1,match={FIRST_NODE}",)
    return Disturbed("stop", f"{STOP_CODE} in a line, {fault}", specs, act=ask_again, by_fault=1)


REFUSALS = (
    *(_refused(status) for status in STATUSES),
    *(_redirected(status, what) for status in (307, 308) for what in WHENS),
    *(_anothers(whose, what) for whose in ("somebody's", "nobody's") for what in WHENS),
    *(_stopped_at_create(status) for status in (400, 403, 429)),
    *(_stopped_in_line(fault) for fault in ("http_400", "http_429")),
)
SOMEBODYS, STOPPED = _anothers("somebody's", "accepted"), _stopped_at_create(400)
SHORT = (_refused(404), _redirected(307, "accepted"))
