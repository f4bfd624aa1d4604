"""The provider repeats the key, which does not look like one: nobody finds it in what is printed, stored, journaled or shown in Dagster."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text

from benchmarks.faults.disturbed import Disturbed, ask_again, retry
from benchmarks.faults.forks import Ended
from benchmarks.faults.world import API_KEY, Project

FORMS = tuple(
    {API_KEY, quote(API_KEY, safe=""), quote(API_KEY), *(base64.b64encode(text.encode()).decode() for text in (API_KEY, f"user:{API_KEY}"))}
)
HOWS = ("plain", "quoted", "base64", "basic")
ZSTD = b"\x28\xb5\x2f\xfd"
TABLES = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
SHOWN_CHARS = 80


def leaks(project: Project, ended: Sequence[Ended]) -> list[str]:
    """A text for each place where the key stands: outputs, tables of CaseForge and Dagster, and all files but the server's own."""
    outputs = [(f"output {number}", run.output + run.errors) for number, run in enumerate(ended, 1)]
    return [
        f"the key stands in {where}: …{found}…" for where, said in (*outputs, *_rows(project), *_files(project)) for found in _found(said)
    ]


def _found(said: str) -> Iterator[str]:
    for form in FORMS:
        at = said.find(form)
        if at >= 0:
            yield " ".join(said[max(0, at - SHOWN_CHARS) : at].split())


def _rows(project: Project) -> Iterator[tuple[str, str]]:
    engine = create_engine(project.database_url)
    with engine.connect() as connection:
        for table in list(connection.scalars(text(TABLES))):
            for row in connection.scalars(text(f"select t::text from {table} t")):
                yield table, re.sub(r"\\+", "", row)
    engine.dispose()


def _files(project: Project) -> Iterator[tuple[str, str]]:
    for path in sorted(project.folder.rglob("*")):
        if path.is_file() and project.folder / "server" not in path.parents:
            yield str(path.relative_to(project.folder)), _unpacked(path)


def _unpacked(path: Path) -> str:
    import zstandard

    packed = path.read_bytes()
    if not packed.startswith(ZSTD):
        return packed.decode(errors="replace")
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
        return reader.read().decode(errors="replace")


def _refused_with_key(how: str) -> Disturbed:
    spec = f"reply_with_key:how={how},status=400"
    return Disturbed("echo", f"a creation is refused ({how})", (spec,), act=ask_again, healed=True, check=leaks)


def _key_refused(what: str, match: str, how: str) -> Disturbed:
    spec = f"reply_with_key:how={how},status=401,call=1-2,match={match}"
    return Disturbed("echo", f"the key is refused at {what} ({how})", (spec,), act=ask_again, healed=True, check=leaks)


def _in_batch(how: str) -> Disturbed:
    return Disturbed("echo", f"in every batch ({how})", (f"batch_with_key:how={how}",), check=leaks)


def _in_failed_batch(how: str) -> Disturbed:
    specs = ("reject:batch=1", f"batch_with_key:how={how}")
    return Disturbed("echo", f"in a batch that failed ({how})", specs, act=ask_again, check=leaks)


ECHOES = (
    *(_refused_with_key(how) for how in HOWS),
    *(_key_refused("a look", "^GET /v1/batches/", how) for how in HOWS),
    *(_in_batch(how) for how in HOWS),
    *(_in_failed_batch(how) for how in HOWS),
    Disturbed(
        "echo",
        "in a line that failed",
        (f"http_400:attempts=1,message=Incorrect API key provided: {API_KEY}.,match=1-1-1-r",),
        act=retry,
        check=leaks,
        by_fault=1,
    ),
)
SHORT = (_in_batch("plain"),)
