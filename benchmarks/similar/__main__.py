"""`python -m benchmarks.similar`: tells ideas in many wordings and for many processes, groups them, and compares the groups with what was told.

`--candidates` says how many there are, about (14,000 and 280,000 are the aims); `--json FILE` keeps the figures. The load of the machine is said.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.similar.catalogue import MATTERS, TECHNIQUES
from benchmarks.similar.world import CANDIDATES_OF_A_UNIT, KEY, fill, simulated
from benchmarks.similar.writing import Teller
from caseforge_assets.batch_server.writer.phrases import TASKS
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets.second_process.work_ahead import start_second_process
from caseforge_assets.settings import Settings, load_settings
from caseforge_assets.similar.grouping import ALIKE, group_ideas
from caseforge_assets.similar.vectors import Vectors
from caseforge_assets.similar.weighing import Weighing
from caseforge_assets.similar.words import Process, idea_words
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.database.embedded_postgres import stop
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets.store.database.location import database_url
from caseforge_assets.store.similar import similar_groups

PROJECT = Path(__file__).resolve().parents[2]
PAIRS = 4_000
UPDATES = 10


def main() -> None:
    """Fills, groups, changes, reads, judges, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=14_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, Any] = {"pairs": judge_pairs(), "simulated": judge_simulated(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="caseforge-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # root's database server runs as another user, who has to get in
        os.environ["CASEFORGE_HOME"] = str(folder / "var")
        os.environ.pop("CASEFORGE_POSTGRES_URL", None)
        settings = load_settings(PROJECT)
        try:
            figures |= measure(open_store(database_url(settings)), settings, folder, max(options.candidates // CANDIDATES_OF_A_UNIT, 1))
        finally:
            stop(folder / "var" / "postgres")
    figures["load_after"] = os.getloadavg()[0]
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def judge_pairs() -> dict[str, Any]:
    """Pairs whose likeness is known by construction: how many that are the same are found, and how many that are not are taken for it."""
    chance, teller = random.Random(5), Teller(6)
    pairs: dict[str, list[tuple[int, int]]] = {"same idea": [], "same technique, other matter": [], "same matter, other technique": []}
    told: list[bytes] = []

    def tell(technique: str, matter: str) -> int:
        process = chance.choice(
            ("Plan the budget", "Hire people", "Handle returns", "Mend bicycles", "Audit suppliers", "Advise customers")
        )
        one = teller.tell((technique, matter), process)
        told.append(idea_words(one.title, [one.description], Process(process, "")))
        return len(told) - 1

    for _ in range(PAIRS):
        (one, other), (matter, another) = chance.sample(list(TECHNIQUES), 2), chance.sample(list(MATTERS), 2)
        pairs["same idea"].append((tell(one, matter), tell(one, matter)))
        pairs["same technique, other matter"].append((tell(one, matter), tell(one, another)))
        pairs["same matter, other technique"].append((tell(one, matter), tell(other, matter)))
    vectors = Vectors(told, Weighing.of(told))
    alike = {kind: sum(bool(vectors.likenesses(idea, [other])[0] >= ALIKE) for idea, other in of) for kind, of in pairs.items()}
    right, wrong = alike["same idea"], sum(alike.values()) - alike["same idea"]
    shares = {kind: round(count / PAIRS, 4) for kind, count in alike.items()}
    return {"taken_for_alike": shares, "recall": shares["same idea"], "precision": round(right / (right + wrong), 4)}


def judge_simulated() -> dict[str, Any]:
    """Groups the local server's answers, whose titles are made of six forms and twenty tasks, and whose texts of six sentences."""
    told = simulated(1_500)
    ideas = [idea_words(title, [text], process) for title, text, process in told]
    started = time.process_time()
    grouped = group_ideas(ideas, Weighing.of(ideas))
    sizes = Counter(grouped.leaders.tolist())
    tasks = [_task(title) for title, _, _ in told]
    heads = Counter(zip(grouped.leaders.tolist(), tasks, strict=True))
    main = {leader: max(count for (named, _), count in heads.items() if named == leader) for leader, size in sizes.items() if size > 1}
    several = sum(size for size in sizes.values() if size > 1)
    return {
        "candidates": len(told),
        "tasks": len(set(tasks)),
        "groups": len(main),
        "largest": max(sizes.values()),
        "in_groups": round(several / len(told), 3),
        "with_the_most_frequent_task_of_their_group": round(sum(main.values()) / several, 3),
        "cpu_s": round(time.process_time() - started, 1),
    }


def _task(title: str) -> str:
    return next((task for task in TASKS if task in title), title)


def measure(store: Engine, settings: Settings, folder: Path, units: int) -> dict[str, Any]:
    """Groups, changes and reads what is stored."""
    nodes = fill(store, settings, folder, units)
    start_second_process(30)
    started, cpu = time.monotonic(), _cpu_s()
    assert not refresh_similar(store, settings.project)
    figures: dict[str, Any] = {"nodes": nodes, "made_s": round(time.monotonic() - started, 1), "made_cpu_s": round(_cpu_s() - cpu, 1)}
    memory, second_cpu_s = _second_process()
    figures |= {"made_cpu_of_second_process_s": second_cpu_s, "memory_of_second_process_mb": memory}
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with store.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("vacuum analyze")
        truth = connection.exec_driver_sql(
            "select k.fields ->> 'idea', s.group_id from caseforge.similar_candidate s join caseforge.candidate k on k.id = s.candidate_id "
            "where not s.simulated"
        ).all()
        figures["tables_mb"] = connection.exec_driver_sql(
            "select sum(pg_total_relation_size(c.oid)) / 1048576 from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'caseforge' and c.relname in ('similar_candidate', 'similar_group', 'similar_weighing')"
        ).scalar()
    figures["tables_mb"] = int(figures["tables_mb"])
    return figures | {"groups": judge_groups(truth), "updates_s": update(store, settings), "read_ms": read(store)}


def judge_groups(told: Sequence[Any]) -> dict[str, Any]:
    """Pairs in groups against pairs that tell the same idea."""

    def pairs(counts: Counter[Any]) -> int:
        return sum(count * (count - 1) // 2 for count in counts.values())

    both, ideas, groups = Counter(tuple(pair) for pair in told), Counter(idea for idea, _ in told), Counter(group for _, group in told)
    shared = pairs(both)
    return {
        "candidates": len(told),
        "ideas_of_several": sum(count > 1 for count in ideas.values()),
        "groups_of_several": sum(count > 1 for count in groups.values()),
        "largest_idea": max(ideas.values()),
        "largest_group": max(groups.values()),
        "precision": round(shared / pairs(groups), 4),
        "recall": round(shared / pairs(ideas), 4),
    }


def update(store: Engine, settings: Settings) -> list[float]:
    """Seconds until a node whose candidates are others is compared: its rows in lists among them."""
    chance, teller, taken = random.Random(8), Teller(9), []
    with store.connect() as connection:
        rows = connection.exec_driver_sql("select distinct node_id from caseforge.similar_candidate order by 1").scalars().all()
    for node in chance.sample(list(rows), UPDATES):
        told = [teller.any("Mend bicycles") for _ in range(12)]
        with store.begin() as connection:
            connection.exec_driver_sql("update caseforge.similar_candidate set process = 0 where node_id = %(node)s", {"node": node})
            connection.exec_driver_sql(
                "update caseforge.candidate k set title = (%(titles)s)[k.position], "
                "fields = k.fields || jsonb_build_object('description', (%(texts)s)[k.position]) where k.node_id = %(node)s",
                {"node": node, "titles": [case.title for case in told], "texts": [case.description for case in told]},
            )
        started = time.monotonic()
        refresh_lists(store, settings.project, texts=0)
        assert not refresh_similar(store, settings.project)
        taken.append(round(time.monotonic() - started, 2))
    return taken


def read(store: Engine) -> dict[str, float]:
    """Milliseconds of what pages read."""
    found: dict[str, float] = {}
    with store.connect() as connection:
        for name, meant in (
            ("largest groups", CandidateFilter()),
            ("largest groups of a framework", CandidateFilter([KEY])),
            ("largest groups of a branch", CandidateFilter([KEY], branches=[(KEY, "1")])),
            ("largest groups of a category", CandidateFilter(values={"category": ["automation"]})),
        ):
            started = time.monotonic()
            asked = conditions(connection, meant)
            sizes = similar_groups.group_sizes(connection, asked)
            found[f"{name}: counted"] = _ms(started)
            started = time.monotonic()
            shown = similar_groups.shown_groups(connection, sizes[:50], asked)
            found[f"{name}: a page"] = _ms(started)
        group = shown[0].size.group_id
        started = time.monotonic()
        similar_groups.group_size(connection, group, [KEY])
        similar_groups.members(connection, group, [KEY], None, 50)
        found["members of a group"] = _ms(started)
    return found


def _ms(started: float) -> float:
    return round(1_000 * (time.monotonic() - started), 1)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _second_process() -> tuple[int, float]:
    """The most memory that the second process has had so far, in MB, and the seconds that it computed."""
    ticks = os.sysconf("SC_CLK_TCK")
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent, used = (fields := (path / "stat").read_text().rsplit(") ", 1)[1].split())[1], sum(map(int, fields[11:13]))
            is_it = "second_process" in (path / "cmdline").read_text() and parent == str(os.getpid())
            if is_it:
                peak = next(line for line in (path / "status").read_text().splitlines() if line.startswith("VmHWM"))
                return int(peak.split()[1]) // 1024, used / ticks
        except OSError:
            continue
    return 0, 0.0


if __name__ == "__main__":
    main()
