"""Downloads that end well and are not the file: they are fetched again, and nothing is paid for again because of them."""

from __future__ import annotations

from benchmarks.faults.disturbed import Act, Disturbed, ask_again
from benchmarks.faults.world import Project
from caseforge_assets.batch_server import WRONG_DOWNLOADS

TIMES = 2
PATIENT, IMPATIENT = {"missing_files_grace_s": 30}, {"missing_files_grace_s": 0.3}
HALF_EXPIRED = ("expire:share=0.5,batch=1",)
EXPIRED = 3  # of five requests


def _wrong(how: str, stage: str) -> Disturbed:
    return Disturbed("download", f"wrong at first: {how}", (f"wrong_download:how={how},call=1-{TIMES}",), stage, PATIENT)


def _uncounted(how: str) -> Disturbed:
    """A provider that counts nothing: only the size of its file says that something else came."""
    specs = ("odd_batch:how=counts_null", f"wrong_download:how={how},call=1-{TIMES}")
    return Disturbed("download", f"wrong at first, nothing counted: {how}", specs, configuration=PATIENT)


def _half_expired(how: str, file: str, call: str) -> Disturbed:
    specs = (*HALF_EXPIRED, f"wrong_download:how={how},call={call}")
    return Disturbed("download", f"half expired, the {file} wrong at first: {how}", specs, configuration=PATIENT, by_fault=EXPIRED)


def _wrong_until_asked(how: str, act: Act) -> Disturbed:
    """After the grace period nothing is asked again by itself: the answers are paid for."""
    name = f"wrong until a person {ACTS[act]}: {how}"
    return Disturbed("download", name, (f"wrong_download:how={how}",), configuration=IMPATIENT, act=act, healed=True)


def _fetch_again(project: Project) -> tuple[str, ...]:
    with project.sdk() as sdk:
        return "collect", "--again", sdk.batches.list().data[0].id


def _not_there(status: int) -> tuple[Disturbed, ...]:
    """A key that is refused at a download ends the command; nothing else does at first."""
    spec, content = f"reply_error:status={status},when=before,", "match=/content$"
    return (
        Disturbed("download", f"{status} at first", (f"{spec}call=1,{content}",), configuration=PATIENT, act=ask_again, may_end_well=True),
        Disturbed("download", f"{status} until a person asks", (spec + content,), configuration=IMPATIENT, act=ask_again, healed=True),
    )


ACTS: dict[Act, str] = {_fetch_again: "has it fetched", ask_again: "asks"}
DOWNLOADS = (
    *(_wrong(how, stage) for how in WRONG_DOWNLOADS for stage in ("process_details", "usecases")),
    *(_uncounted(how) for how in ("page", "half", "repeated", "errors")),
    *(_half_expired(how, "output file", "1") for how in ("half", "empty", "page")),
    *(_half_expired(how, "error file", "2") for how in ("half", "empty", "page")),
    *(_wrong_until_asked(how, act) for how in ("page", "half", "strangers", "gzip") for act in ACTS),
    *(download for status in (403, 404, 410, 500) for download in _not_there(status)),
)
SHORT = (_wrong("half", "usecases"), _wrong("page", "usecases"))
