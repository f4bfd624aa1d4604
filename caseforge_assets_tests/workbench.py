"""A project to work on in tests: store, artifacts, a real Batch API server, a small framework, and the commands that tests use most."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.batch_server import serve_in_thread
from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.commands.planning.make_plan import Anew, Plan, draft_plan
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, connect_provider
from caseforge_assets.commands.rounds.work import Round, work_round, work_until_idle
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.frameworks import read_framework
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.settings import Configuration, FrameworkSettings
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.editions.frameworks import current_edition
from caseforge_assets.store.editions.nodes import target_nodes
from caseforge_assets.store.planning import plans
from caseforge_assets_tests.made_once import ARTIFACTS, MadeOnce
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

KEY = "shop"
PATIENCE_S = 20.0
PROCESS, USECASES = stages_as_they_come().shared
SHOP = (
    ("1", "a", "Sell", "Finds customers and serves them."),
    ("1.1", "b", "Win customers", "Makes the shop known."),
    ("1.1.1", "c", "Advertise", "Places advertisements where riders look."),
    ("1.1.2", "d", "Answer questions", "Answers what people ask."),
    ("1.1.3", "e", "Write offers", "Writes offers with prices and dates."),
    ("2", "f", "Repair", "Keeps bicycles on the road."),
    ("2.1", "g", "Run the workshop", "Takes in, repairs, hands back."),
    ("2.1.1", "h", "Take in bicycles", "Notes what is wrong."),
    ("2.1.2", "i", "Mend", "Replaces what is broken."),
    ("2.1.3", "j", "Hand back", "Explains what was done."),
)
CODES = ("1.1.1", "1.1.2", "1.1.3", "2.1.1", "2.1.2", "2.1.3")


def write_table(path: Path, rows: Sequence[Sequence[str]] = SHOP) -> Path:
    """Writes a plain framework table."""
    lines = ["code,id,name,description", *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def edition_of(folder: Path, rows: Sequence[Sequence[str]] = SHOP, key: str = KEY, targets: str = "leaf") -> NewEdition:
    """Writes a table into a folder, and reads it as an edition of a framework."""
    file = write_table(folder / f"{key}.csv", rows)
    edition = read_framework(file).edition
    assert edition is not None
    return NewEdition(key, FrameworkSettings(title=key, source=file.name, targets=targets), edition, file.name)


def load_shop(store: Engine, folder: Path) -> None:
    """Loads the small framework; it is the same whatever is configured."""
    load_framework(store, Project(Configuration(), stages_as_they_come()), edition_of(folder), by="test")


def renamed(code: str, name: str) -> list[tuple[str, ...]]:
    """The small framework with one node called differently."""
    return [(row[0], row[1], name, row[3]) if row[0] == code else row for row in SHOP]


def stats(base_url: str) -> dict[str, Any]:
    """Asks a server for its own counts: batches created, requests accepted, how often the same body was."""
    with urllib.request.urlopen(f"{base_url}/_caseforge/stats") as response:
        counts: dict[str, Any] = json.load(response)
    return counts


@contextmanager
def serving(folder: Path, *, bills: bool = False, latency_s: float = 0.0, **options: Any) -> Iterator[str]:
    """A Batch API server with options of its own; one that bills does not say that it is simulated, because another server answers for it."""
    with ExitStack() as stack:
        options["latency_s"] = latency_s
        if bills:
            answering = stack.enter_context(serve_in_thread(folder / "answering"))
            options |= {"upstream": answering.base_url, "upstream_key": "any"}
        yield stack.enter_context(serve_in_thread(folder / "server", **options)).base_url


@dataclass(frozen=True)
class Workbench:
    """The arguments that commands take, and short ways to call them."""

    store: Engine
    folder: ArtifactFolder
    configuration: Configuration
    provider: Provider
    path: Path
    stages: Stages = field(default_factory=stages_as_they_come)
    made_once: MadeOnce | None = None
    opened_with: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})  # options of the server, configuration

    @property
    def project(self) -> OpenProject:
        """The project as commands take it."""
        return OpenProject(self.configuration, self.stages, self.store, self.folder, self.provider)

    def with_stages(self, *stages: Stage) -> Workbench:
        """The same with stages of its own."""
        return replace(self, stages=Stages(stages))

    def configured(self, **values: Any) -> Workbench:
        """The same with other settings."""
        return replace(self, configuration=self.configuration.model_copy(update=values))

    def load(self, rows: Sequence[Sequence[str]] = SHOP, *, key: str = KEY, targets: str = "leaf", dry_run: bool = False) -> Loaded:
        """Loads a table as an edition of a framework."""
        new = edition_of(self.path, rows, key, targets)
        return load_framework(self.store, self.project, new, by="test", dry_run=dry_run)

    def load_if_changed(self) -> None:
        """Loads the small framework where a store does not have it as it is, which takes much longer than to look."""
        file = write_table(self.path / f"{KEY}.csv")
        with self.store.connect() as connection:
            current = current_edition(connection, KEY)
        if current is None or current.source_sha256 != hashlib.sha256(file.read_bytes()).hexdigest():
            self.load()

    def ids(self, *codes: str, key: str = KEY) -> list[int]:
        """Node ids of target nodes, all without codes."""
        with self.store.connect() as connection:
            rows = target_nodes(connection, key)
        return [row.node_id for row in rows if not codes or row.code in codes]

    def draft(self, *codes: str, stages: Sequence[Stage] = (PROCESS, USECASES), key: str = KEY, **asked: Any) -> Plan:
        """A draft plan for these nodes, all without codes."""
        chosen = self.ids(*codes, key=key) if codes else None
        with self.store.begin() as connection:
            scope = Scope(key, stages, self.provider.simulated, chosen)
            return draft_plan(connection, self.project, scope, made_by="test", anew=Anew(**asked))

    def approve(self, *codes: str, stages: Sequence[Stage] = (PROCESS, USECASES), key: str = KEY, **asked: Any) -> Plan:
        """An approved plan for these nodes."""
        plan = self.draft(*codes, stages=stages, key=key, **asked)
        with self.store.begin() as connection:
            plans.decide(connection, plan.id, True)
        return plan

    def round(self, **options: Any) -> Round:
        """One round of work."""
        return work_round(self.project, **options)

    def work(self) -> list[Round]:
        """Rounds until nothing is under way."""
        rounds: list[Round] = []
        work_until_idle(self.project, after_round=rounds.append, deadline_s=PATIENCE_S)
        assert not rounds[-1].unfinished, f"still under way: {rounds[-1].unfinished}"
        return rounds

    def generate(self, *codes: str, **options: Any) -> list[Round]:
        """Approves a plan and works to the end."""
        self.approve(*codes, **options)
        return self.work()

    def given(self, *codes: str, stages: Sequence[Stage] = (PROCESS, USECASES), **options: Any) -> None:
        """Gives a fresh bench what `generate` makes, copied from its first making; the server does not know of it."""
        assert self.made_once is not None, "only what the fixture opened is given anything"
        served, configuration = self.opened_with

        def make(store: Engine, path: Path) -> None:
            with serving(path, **served) as url:
                open_workbench(store, path, url, **configuration).generate(*codes, stages=stages, **options)

        asked = repr((served, configuration, codes, [stage.key for stage in stages], options))
        self.made_once.give(asked, make, self.store, self.path / ARTIFACTS)
        self.change("update caseforge.provider set base_url = :url where id = :id", url=self.provider.base_url, id=self.provider.id)

    def query(self, sql: str, **values: Any) -> list[Any]:
        """Rows of a query on schema caseforge, as plain tuples."""
        with self.store.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def change(self, sql: str, **values: Any) -> None:
        """Changes the store by hand, to stand for a crash or for time that passed."""
        with self.store.begin() as connection:
            connection.execute(text(sql), values)

    def column(self, sql: str, **values: Any) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.query(sql, **values)]

    def stats(self) -> dict[str, Any]:
        """Asks the server for its own counts."""
        return stats(self.provider.base_url)


def open_workbench(store: Engine, path: Path, base_url: str, **configuration: Any) -> Workbench:
    """A workbench at a server. Waiting and grace periods are short."""
    settings = Configuration(**{"poll_interval_s": 0.02, "quiet_period_s": 0, **configuration})
    provider = connect_provider(store, BatchClient(base_url, "sk-test-0123456789", timeout_s=10, kind=settings.provider_kind))
    return Workbench(store, ArtifactFolder(str(path / ARTIFACTS)), settings, provider, path)


OpenBench = Callable[..., Workbench]
