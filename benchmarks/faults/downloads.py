"""Downloads that end well and are not the file: they are fetched again, and nothing is paid for again because of them."""

from __future__ import annotations

from benchmarks.faults.disturbed import Disturbed

TIMES = 2
PATIENT = {"missing_files_grace_s": 30}
HOWS = ("page", "empty", "no_content", "part", "half", "unsized", "closed", "gzip", "error", "list", "blank", "strangers", "repeated")
HALF_EXPIRED = ("expire:share=0.5,batch=1",)
EXPIRED = 3  # of five requests


def _wrong(how: str, stage: str) -> Disturbed:
    return Disturbed("download", f"wrong at first: {how}", (f"wrong_download:how={how},call=1-{TIMES}",), stage, PATIENT)


def _half_expired(how: str, file: str, call: str) -> Disturbed:
    specs = (*HALF_EXPIRED, f"wrong_download:how={how},call={call}")
    return Disturbed("download", f"half expired, the {file} wrong at first: {how}", specs, configuration=PATIENT, by_fault=EXPIRED)


DOWNLOADS = (
    *(_wrong(how, stage) for how in HOWS for stage in ("process_details", "usecases")),
    *(_half_expired(how, "output file", "1") for how in ("half", "empty", "page")),
    *(_half_expired(how, "error file", "2") for how in ("half", "empty", "page")),
)
SHORT = (_wrong("half", "usecases"), _wrong("page", "usecases"))
