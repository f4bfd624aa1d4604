"""Tests whether the bench notices: `python -m benchmarks.faults.mutants [--json] [NAME …]` breaks CaseForge in named ways, from outside.

Each mutant is one rule of CaseForge that does not hold any more in the processes of its commands. The cases that should see it run with it,
after they ran without it: a case that is bad anyway notices nothing. Exit code 1 when a mutant survives, 2 when one breaks nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.faults import calm, creating, databases, downloads, duplicates, echoes, kills, layers, listings, refusals
from benchmarks.faults.disturbed import Disturbed, disturbed_cases
from benchmarks.faults.hook import Moment
from benchmarks.faults.rows import Case, Row, each
from benchmarks.faults.world import World, open_world

Cases = Callable[[World], list[Case]]
SHOWN_CHARS = 110


@dataclass(frozen=True)
class Mutant:
    """A rule that is broken, the cases that have to notice, and a pattern of what they have to say.

    `statement` is executed in each database, for what is not in the code.
    """

    name: str
    rule: str
    cases: Cases
    sign: str
    statement: str = ""


@dataclass(frozen=True)
class Noticed:
    """The end of a mutant: the case that noticed it and what it said; both empty when none did."""

    mutant: str
    rule: str
    by: str
    how: str

    @property
    def survived(self) -> bool:
        """Tells whether no case noticed."""
        return not self.by


def _calm(*stages: str) -> Cases:
    return lambda world: calm.calm_cases(world, stages)


def _killed(stage: str, moment: Moment) -> Cases:
    return lambda world: kills.kill_cases(world, [moment], [stage])


def _created(fault: str) -> Cases:
    return lambda world: creating.creating_cases(world, [fault], ["usecases"])


def _disturbed(one: Disturbed) -> Cases:
    return lambda world: disturbed_cases(world, [one])


def _alone(layer: str) -> Cases:
    return lambda world: layers.layer_cases(world, [layer])


DOCUMENTS, USE_CASES = kills.STAGES
PAID_TWICE = r"^paid twice: [1-9]"
MUTANTS = (
    Mutant("double create", "a batch is created once", _calm(USE_CASES), PAID_TWICE),
    Mutant("SDK retries on create", "a creation is never repeated", _created("a reset, accepted"), PAID_TWICE),
    Mutant("intent not committed", "the intent stands before the creation", _killed(USE_CASES, Moment("after", "create")), PAID_TWICE),
    Mutant("created again unseen", "the list is searched before a batch is created again", _created("a reset, accepted"), PAID_TWICE),
    Mutant("reconcile skipped", "unclear creations are settled", _created("a reset, accepted"), "no end after"),
    Mutant("no grace", "a list may be late", _created("a reset, accepted, and a late list"), PAID_TWICE),
    Mutant(
        "duplicate overlooked",
        "a batch that exists twice is found",
        lambda world: duplicates.duplicate_cases(world, ["both answer everything"], [USE_CASES]),
        "the store knows of|nobody said",
    ),
    Mutant("redirects followed", "a creation is not sent elsewhere", _disturbed(refusals.SHORT[1]), PAID_TWICE),
    Mutant("known by metadata only", "a batch is known by its input file, too", _disturbed(listings.SHORT[0]), PAID_TWICE),
    Mutant("another's batch adopted", "a batch is held against what was asked", _disturbed(refusals.SOMEBODYS), "lost: [1-9]|the server"),
    Mutant("stop not heeded", "what is refused for good is not sent again", _disturbed(refusals.STOPPED), "was asked|exit code"),
    Mutant("key shown", "secrets are masked by value", _disturbed(echoes.SHORT[0]), "the key stands in"),
    Mutant("wrong download taken", "a file is held against what is said of it", _disturbed(downloads.SHORT[0]), PAID_TWICE),
    Mutant("unknown at once", "a new batch may not be known yet", _disturbed(listings.SHORT[3]), "exit code|lost: [1-9]"),
    *(Mutant(f"no {layer}", f"{layer}: enough alone", _alone(layer), PAID_TWICE) for layer in layers.LAYERS),
    Mutant(f"no {layers.UNIQUE_INDEX}", f"{layers.UNIQUE_INDEX}: enough alone", _alone(layers.UNIQUE_INDEX), PAID_TWICE, layers.DROP_INDEX),
    Mutant("dropped answer", "each answer is stored", _calm(USE_CASES), PAID_TWICE + "|the store knows of|exit code"),
    Mutant("swapped answers", "a content is its own request's answer", _calm(USE_CASES), "is not what .* was answered|is about"),
    Mutant(
        "recorded twice",
        "collecting again changes nothing",
        _killed(USE_CASES, Moment("after", "commit collect_batch._record_chunk")),
        r"made .* \d times",
    ),
    Mutant("cost × 2", "costs are those of the answers", _calm(USE_CASES), "the server billed"),
    Mutant("cost forgotten", "what is unknown is counted", _calm(USE_CASES), "no known cost"),
    Mutant("forgotten event", "Dagster shows what the store holds", _calm(USE_CASES), r"not \('made'"),
    Mutant("journal skipped", "every row is journaled", _calm(USE_CASES), "not journaled"),
)


def run_mutants(world: World, mutants: Sequence[Mutant] = MUTANTS) -> Iterator[Noticed]:
    """Says of each mutant who noticed it.

    Raises:
        AssertionError: a case that is to notice something is bad in the product as it is, or a mutant breaks nothing.
    """
    _must_be_good(row for row in each(_distinct(case for mutant in mutants for case in mutant.cases(world))))
    for mutant in mutants:
        with world.broken_by(mutant.name, mutant.statement):
            rows = list(each(mutant.cases(world)))
        yield _noticed(mutant, rows)


def _distinct(cases: Iterable[Case]) -> list[Case]:
    return list({case.name: case for case in cases}.values())


def _must_be_good(rows: Iterable[Row]) -> None:
    bad = [f"{row.group} {row.fault}, {row.case}: {'; '.join(row.details)}" for row in rows if not row.good]
    if bad:
        raise AssertionError(f"bad without any mutant: {bad}")


def _noticed(mutant: Mutant, rows: Sequence[Row]) -> Noticed:
    for row in rows:
        for said in _said(row):
            if re.search(mutant.sign, said):
                return Noticed(mutant.name, mutant.rule, f"{row.group} {row.fault}", " ".join(said.split())[:SHOWN_CHARS])
    return Noticed(mutant.name, mutant.rule, "", "")


def _said(row: Row) -> list[str]:
    return [f"paid twice: {row.paid_twice}", f"lost: {row.lost}", *row.details]


def main() -> int:
    """Runs the mutants; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.mutants", description=__doc__)
    parser.add_argument("--json", action="store_true", help="as JSON, instead of the table")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these mutants")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not options.names or mutant.name in options.names]
    if unknown := set(options.names) - {mutant.name for mutant in MUTANTS}:
        parser.error(f"there is no mutant {sorted(unknown)[0]!r}; there are: {', '.join(mutant.name for mutant in MUTANTS)}")
    began = time.monotonic()
    with (
        databases.cluster() as url,
        tempfile.TemporaryDirectory(prefix="caseforge-mutants-") as folder,
        open_world(url, Path(folder)) as world,
    ):
        try:
            found = list(map(_told, run_mutants(world, chosen)))
        except (AssertionError, RuntimeError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
    print(json.dumps([asdict(noticed) for noticed in found], indent=1)) if options.json else _print(found, time.monotonic() - began)
    return 1 if any(noticed.survived for noticed in found) else 0


def _told(one: Noticed) -> Noticed:
    sys.stderr.write(f"{one.mutant}: {'SURVIVED' if one.survived else one.how}\n")
    return one


def _print(found: Sequence[Noticed], seconds: float) -> None:
    table = Table("Mutant", "Rule that it breaks", "Noticed by", "How")
    for noticed in found:
        table.add_row(noticed.mutant, noticed.rule, noticed.by or "nobody", noticed.how, style="red" if noticed.survived else "")
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(table)
    console.print(f"{sum(not noticed.survived for noticed in found)} of {len(found)} mutants were noticed, in {seconds:.0f} seconds")


if __name__ == "__main__":
    sys.exit(main())
