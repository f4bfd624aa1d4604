"""A store of 30,000 nodes and 280,000 candidates, made from the bundled sample: its nodes many times, with texts of made-up sentences.

Rows go in through the modules of the store, a transaction for some hundred nodes, not through batches. Chance is the same each time.
"""

from __future__ import annotations

import csv
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from caseforge_assets.commands.editions.load_framework import NewEdition, load_framework
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets.frameworks import read_framework, sample_path
from caseforge_assets.settings import FrameworkSettings, Settings
from caseforge_assets.stages.quality import Quality
from caseforge_assets.store.collecting import quality_scores
from caseforge_assets.store.collecting.contents import NewCandidate, NewContent, save_contents
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.editions.nodes import NodeRow, target_nodes

KEY, ROOTS, UNITS = "large", 13, 294
SMALL = "small"
TARGETS = ["level:3", "level:4"]
MOST_CANDIDATES = (11, 11, 12)
NODES_AT_ONCE = 400
TEXTS = ("description", "impact_assessment", "complexity_details", "technology_requirements", "success_metrics", "implementation_timeline")
SENTENCES = {
    "description": 8,
    "impact_assessment": 5,
    "complexity_details": 3,
    "technology_requirements": 3,
    "success_metrics": 3,
    "implementation_timeline": 4,
}
OWNERS = ("Operations", "Sales", "Finance", "Workshop", "Purchasing", "People")


class Writer:
    """Writes texts of sentences that are made once: of the sample's words and made-up ones, some frequent and most rare."""

    def __init__(self, sample: Sequence[str]) -> None:
        self.chance = random.Random(20)
        words = sorted({word.strip(".,").lower() for text in sample for word in text.split()})
        made = [
            "".join(self.chance.choice("bdfgklmnprst") + self.chance.choice("aeiou") for _ in range(self.chance.randint(2, 5)))
            for _ in range(6_000)
        ]
        every = words + made
        weights = [1 / (rank + 8) for rank in range(len(every))]
        self.sentences = [
            " ".join(self.chance.choices(every, weights, k=self.chance.randint(9, 19))).capitalize() + "." for _ in range(20_000)
        ]

    def text(self, sentences: int) -> str:
        """So many sentences."""
        return " ".join(self.chance.choices(self.sentences, k=sentences))

    def document(self, name: str) -> str:
        """Ten sections, some 900 words."""
        return "\n\n".join(f"## {number}. {name}\n\n{self.text(6)}" for number in range(1, 11))

    def candidate(self, node: NodeRow) -> tuple[str, dict[str, object]]:
        """A candidate's title and fields."""
        title = " ".join(self.chance.choice(self.sentences).split()[:5])
        return f"{title} for {node.name.lower()}", self.fields()

    def fields(self) -> dict[str, object]:
        """A candidate's."""
        chance = self.chance
        return {
            **{name: self.text(SENTENCES[name]) for name in TEXTS},
            "category": chance.choices(("automation", "optimization", "digitization", "analytics", "integration"), (40, 25, 15, 15, 5))[0],
            "complexity_score": chance.choices((1, 2, 3), (20, 60, 20))[0],
            "estimated_roi": chance.choices(("Low", "Medium", "High"), (20, 45, 35))[0],
            "risk_level": chance.choices(("Low", "Medium", "High"), (40, 45, 15))[0],
        }


def fill(store: Engine, settings: Settings, folder: Path, units: int = UNITS) -> None:
    """Fills an empty store, and brings lists and search up to date."""
    started = time.monotonic()
    edition = read_framework(sample_path()).edition
    if edition is None:
        raise SystemExit("the sample cannot be read")
    writer = Writer([f"{node.name} {node.description}" for node in edition.nodes])
    load(store, settings, KEY, multiplied(folder / "large.csv", units), TARGETS)
    load(store, settings, SMALL, sample_path(), ["leaf"])
    for key in (KEY, SMALL):
        with store.connect() as connection:
            targets = target_nodes(connection, key)
        for first in range(0, len(targets), NODES_AT_ONCE):
            with store.begin() as connection:
                generate(connection, writer, key, targets[first : first + NODES_AT_ONCE])
        print(f"{key}: {len(targets):,} nodes written after {time.monotonic() - started:.0f} s", flush=True)
    catch_up(store, settings)
    with store.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("vacuum analyze")
    print(f"lists and search are up to date after {time.monotonic() - started:.0f} s", flush=True)


def catch_up(store: Engine, settings: Settings) -> None:
    """Brings up to date what is kept up beside the answers, so that it is not measured with them."""
    refresh_lists(store, settings.project)
    while refresh_similar(store, settings.project):
        continue


def multiplied(path: Path, units: int = UNITS) -> Path:
    """The sample's nodes as those of many units, below thirteen nodes of the first level."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    names = {node.code: node for node in edition.nodes}
    below: Counter[int] = Counter()
    rows: dict[int, list[tuple[str, str, str, str, str]]] = {root: [] for root in range(1, ROOTS + 1)}
    for unit in range(units):
        moved: dict[str, tuple[int, int]] = {}
        for node in edition.nodes:
            parts = node.code.removesuffix(".0").split(".")
            if len(parts) == 1:
                continue
            second = ".".join(parts[:2])
            if second not in moved:
                root = (6 * unit + int(parts[0])) % ROOTS + 1
                below[root] += 1
                moved[second] = root, below[root]
            root, number = moved[second]
            name = node.name if node.level > 2 else f"{node.name} of unit {unit + 1}"
            owner = OWNERS[root % len(OWNERS)] if node.level == 2 else ""
            rows[root].append((".".join([str(root), str(number), *parts[2:]]), f"{unit}-{node.code}", name, node.description, owner))
    firsts = [node for node in names.values() if node.level == 1]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["code", "id", "name", "description", "owner"])
        for root, of_root in rows.items():
            first = firsts[root % len(firsts)]
            table.writerow([str(root), f"root-{root}", f"{first.name} {root}", first.description, ""])
            table.writerows(of_root)
    return path


def load(store: Engine, settings: Settings, key: str, path: Path, targets: list[str]) -> None:
    """Loads a file as a framework's edition."""
    result = read_framework(path)
    if result.edition is None:
        raise SystemExit("\n".join(problem.message for problem in result.problems[:5]))
    entry = FrameworkSettings(
        title=key.title(), source=path.name, targets=tuple(targets) if len(targets) > 1 else targets[0], owner="Nobody"
    )
    load_framework(store, settings.project, NewEdition(key, entry, result.edition, path.name), by="benchmark")


def generate(
    connection: Connection, writer: Writer, key: str, targets: Sequence[NodeRow], stages: Sequence[str] = ("process_details", "usecases")
) -> None:
    """Writes contents of some nodes."""
    for stage in stages:
        rows = [_content(writer, key, node, stage) for node in targets]
        ids = save_contents(connection, rows)
        quality_scores.save(connection, _measures(writer, ids.values()))


def _content(writer: Writer, key: str, node: NodeRow, stage: str) -> NewContent:
    is_list = stage == "usecases"
    version = f"{writer.chance.getrandbits(256):064x}"
    return NewContent(
        framework_key=key,
        node_id=node.node_id,
        stage=stage,
        request_id=None,
        attempt_id=None,
        source_content_id=None,
        question=None,
        title=f"Use Cases - {node.name}" if is_list else node.name,
        body="(as candidates)" if is_list else writer.document(node.name),
        version=version,
        stage_version="made-up",
        simulated=writer.chance.random() < 0.1,
        generated_by="benchmark",
        model="gpt-5",
        temperature=None,
        model_type=key,
        owner="",
        remote_batch_id="batch_made_up",
        remote_request_id=None,
        input_tokens=3_000,
        output_tokens=7_000,
        cost_usd=Decimal("0.03"),
        answered_at=datetime(2026, 1, 1, tzinfo=UTC),
        notes=[],
        candidates=tuple(_candidates(writer, node)) if is_list else (),
    )


def _candidates(writer: Writer, node: NodeRow) -> Iterator[NewCandidate]:
    for position in range(1, writer.chance.choice(MOST_CANDIDATES) + 1):
        yield NewCandidate(position, f"{node.code}-UC{position:02d}", *writer.candidate(node))


def _measures(writer: Writer, content_ids: Iterable[int]) -> dict[int, Quality]:
    scores = {content_id: min(max(round(writer.chance.gauss(78, 10)), 0), 100) for content_id in content_ids}
    return {content_id: Quality(score, {"depth": score}) for content_id, score in scores.items()}
