"""Worlds for faults: projects with a database, an artifact folder and a Batch API server of their own, made from templates."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openai import OpenAI

from benchmarks.faults import databases
from benchmarks.faults.forks import Ended, Forks
from benchmarks.ports import free_port
from caseforge_assets.batch_server import LIKENESSES

KEY = "shop"
OPENAI = "openai"
PATIENCE_S = 60.0
PATIENCE_OF_MUTANTS_S = 20.0
DAGSTER_YAML = """
storage: {custom: {module: caseforge_assets.defs.storage, class: CaseforgeStorage, config: {}}}
telemetry: {enabled: false}
"""
CONFIGURATION = "poll_interval_s = 0.02\nquiet_period_s = 0\n"
OVER_RESPONSES = "".join(f'[stages.{stage}]\nendpoint = "responses"\n' for stage in ("process_details", "usecases"))
WEBHOOK_SECRET = "whsec_dGhhdCBub2JvZHkgZ3Vlc3NlcyBzbyBlYXNpbHk="
API_KEY = "7Hq/2v9T+zXw4LmN8pRk3Yb=="  # does not look like one
NODE_NAME = "Offer"
NOTHING_LISTENS = "http://127.0.0.1:9"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Project:
    """A project as its user has it, and ways to run commands in it and to ask what came of them."""

    forks: Forks
    folder: Path
    database_url: str
    port: int
    nodes: int
    answered_before: int = 0
    cost_before_usd: str = "0"
    tokens_before: int = 0
    mutant: str = ""
    like: str = OPENAI

    @property
    def base_url(self) -> str:
        """Of its Batch API server."""
        return f"http://127.0.0.1:{self.port}{LIKENESSES[self.like].base_paths[0]}"

    @property
    def endpoint(self) -> Any:
        """The endpoint that its batches are created for; some are none that the SDK knows."""
        return LIKENESSES[self.like].endpoints[0]

    def start(self, *arguments: str, **options: Any) -> int:
        """Starts `caseforge` with these arguments in a process of its own; `options` are those of `tasks.command`."""
        return self.forks.start("command", self._environment, arguments=list(arguments), mutant=self.mutant, **options)

    def run(self, *arguments: str, **options: Any) -> Ended:
        """The same, to its end."""
        return self.forks.wait(self.start(*arguments, **options), self._patience_s)

    def run_job(self, name: str, **options: Any) -> Ended:
        """Runs one of Dagster's jobs, to its end; `options` are those of `tasks.job`."""
        return self.forks.run("job", self._environment, self._patience_s, name=name, mutant=self.mutant, **options)

    def wait(self, pid: int, patience_s: float = PATIENCE_S) -> Ended:
        """Waits for what was started."""
        return self.forks.wait(pid, patience_s)

    def must(self, *arguments: str, patience_s: float = PATIENCE_S) -> Ended:
        """Runs a command that has to succeed.

        Raises:
            RuntimeError: it did not; the text is what it printed.
        """
        ended = self.wait(self.start(*arguments), patience_s)
        if ended.status:
            raise RuntimeError(f"caseforge {' '.join(arguments)} ended with {ended.status}: {ended.output}{ended.errors}")
        return ended

    def look(self) -> dict[str, Any]:
        """Reads what store and Dagster say; see `verdict.look_around`.

        Raises:
            RuntimeError: they cannot be asked.
        """
        ended = self.forks.run("look", self._environment, PATIENCE_S, key=KEY)
        if ended.status:
            raise RuntimeError(ended.errors)
        found: dict[str, Any] = ended.result
        return found

    def stats(self) -> dict[str, Any]:
        """Asks the server for its own counts: batches, requests accepted and answered, files, tokens, faults that hit."""
        with urllib.request.urlopen(f"{self.base_url}/_caseforge/stats", timeout=10) as response:
            counts: dict[str, Any] = json.load(response)
        return counts

    def sdk(self) -> OpenAI:
        """A client of the server that CaseForge knows nothing of."""
        return OpenAI(base_url=self.base_url, api_key=API_KEY)

    @contextmanager
    def served(self, faults: Sequence[str] = (), latency_s: float = 0.0) -> Iterator[None]:
        """Its Batch API server runs while the block does, in a process that no kill of a command reaches."""
        options = {"port": self.port, "latency_s": latency_s, "faults": list(faults), "like": self.like}
        pid = self.forks.start("serve", {}, state_dir=str(self.folder / "server"), **options)
        try:
            self._await_server()
            yield
        finally:
            self.forks.stop(pid)

    def configure(self, **values: Any) -> None:
        """Adds settings to its caseforge.toml, and the kind of its provider."""
        path = self.folder / "caseforge.toml"
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        path.write_text("\n".join([*lines, path.read_text(), "[provider]", f'kind = "{self.like}"', ""]))

    @property
    def _patience_s(self) -> float:
        return PATIENCE_OF_MUTANTS_S if self.mutant else PATIENCE_S

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "CASEFORGE_PROJECT": str(self.folder),
            "CASEFORGE_HOME": str(self.folder / "var"),
            "CASEFORGE_POSTGRES_URL": self.database_url.replace("postgresql+psycopg2://", "postgresql://"),
            "CASEFORGE_WEBSERVER_URL": NOTHING_LISTENS,
            "DAGSTER_HOME": str(self.folder),
            "OPENAI_BASE_URL": self.base_url,
            "OPENAI_API_KEY": API_KEY,
            "OPENAI_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    def _await_server(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._is_served():
            if time.monotonic() > end:
                raise TimeoutError(f"no Batch API server at {self.base_url}")
            time.sleep(0.005)

    def _is_served(self) -> bool:
        try:
            return bool(self.stats())
        except OSError:
            return False


class World:
    """Makes projects: new ones, and copies of prepared ones."""

    def __init__(self, server_url: str, folder: Path, tables: str = "") -> None:
        self._server_url, self._folder, self._tables = server_url, folder, tables
        self._forks = Forks(folder / "children")
        self._prepared: dict[str, tuple[str, Project]] = {}
        self._preparing = threading.RLock()
        self._broken = ("", "")

    def close(self) -> None:
        """Ends every process and removes the templates."""
        self._forks.close()
        for database, _project in self._prepared.values():
            databases.drop(self._server_url, database)

    @contextmanager
    def broken_by(self, mutant: str, statement: str = "") -> Iterator[None]:
        """Breaks in this way what runs in the block's projects; see `mutants`. Templates are made by what is whole.

        Args:
            mutant: one of `mutations`.
            statement: executed in the database of each project.

        Raises:
            RuntimeError: what the mutant breaks is not there; the text says what.
        """
        ended = self._forks.run("break_product", {}, PATIENCE_S, mutant=mutant)
        if ended.status:
            raise RuntimeError(f"the mutant {mutant!r} breaks nothing: {ended.errors}")
        self._broken = (mutant, statement)
        try:
            yield
        finally:
            self._broken = ("", "")

    @contextmanager
    def project(self, template: str, *, like: str = OPENAI, **configuration: Any) -> Iterator[Project]:
        """A copy of a prepared project, with an empty server.

        Args:
            template: `loaded_N` (N nodes), `pending_N` (requests for their documents are made and approved), `documents_N`
                (their documents are there), or `chosen_N` (their use cases are, too, one of each is shortlisted, and specifications are switched on).
            like: the provider that its server imitates; templates are made at one like OpenAI.
            configuration: what is set in its caseforge.toml besides.
        """
        database, prepared = self._prepare(template)
        name = self._name()
        folder = self._folder / name
        shutil.copytree(prepared.folder, folder)
        shutil.rmtree(folder / "server", ignore_errors=True)
        url = databases.create(self._server_url, name, database)
        copied = replace(prepared, folder=folder, database_url=url, port=free_port(), mutant=self._broken[0], like=like)
        databases.execute(copied.database_url, f"update caseforge.provider set base_url = '{copied.base_url}'")
        if self._broken[1]:
            databases.execute(copied.database_url, self._broken[1])
        copied.configure(**configuration)
        try:
            yield copied
        finally:
            databases.drop(self._server_url, name)
            shutil.rmtree(folder)

    def _prepare(self, template: str) -> tuple[str, Project]:
        """Name of the template's database, and its project."""
        with self._preparing:
            if template not in self._prepared:
                kind, _, nodes = template.partition("_")
                make = {"loaded": self._load, "pending": self._approve, "documents": self._write_documents, "chosen": self._choose}[kind]
                self._prepared[template] = make(int(nodes))
            return self._prepared[template]

    def _load(self, nodes: int) -> tuple[str, Project]:
        name = self._name()
        folder = self._folder / name
        folder.mkdir()
        (folder / "dagster.yaml").write_text(DAGSTER_YAML)
        (folder / "caseforge.toml").write_text(CONFIGURATION + self._tables)
        project = Project(self._forks, folder, databases.create(self._server_url, name), free_port(), nodes)
        project.must("load", str(_write_framework(folder / "shop.csv", nodes)), "--framework", KEY)
        return name, project

    def _approve(self, nodes: int) -> tuple[str, Project]:
        name, project = self._copy_of_loaded(nodes)
        with project.served():
            plan = json.loads(project.must("plan", "--framework", KEY, "--keep", "--json").output)["plan"]
        project.must("approve", str(plan))
        return name, project

    def _write_documents(self, nodes: int) -> tuple[str, Project]:
        name, project = self._copy_of_loaded(nodes)
        with project.served():
            project.must("generate", "--framework", KEY, "--stage", "process_details", "--yes", "--wait")
        found = project.look()
        before = {"answered_before": found["answered"], "cost_before_usd": found["cost_usd"], "tokens_before": found["tokens"]}
        return name, replace(project, **before)

    def _choose(self, nodes: int) -> tuple[str, Project]:
        name, project = self._copy_of_loaded(nodes)
        with project.served():
            project.must("generate", "--framework", KEY, "--yes", "--wait")
        with (project.folder / "caseforge.toml").open("a") as file:
            file.write("[stages.usecase_specs]\nenabled = true\n")
        uids = [f"1.{number // 3 + 1}.{number % 3 + 1}-UC01" for number in range(nodes)]
        project.must("decide", *uids, "--framework", KEY, "--status", "shortlisted")
        found = project.look()
        before = {"answered_before": found["answered"], "cost_before_usd": found["cost_usd"], "tokens_before": found["tokens"]}
        return name, replace(project, **before)

    def _copy_of_loaded(self, nodes: int) -> tuple[str, Project]:
        database, loaded = self._prepare(f"loaded_{nodes}")
        name = self._name()
        folder = self._folder / name
        shutil.copytree(loaded.folder, folder)
        return name, replace(loaded, folder=folder, database_url=databases.create(self._server_url, name, database), port=free_port())

    def _name(self) -> str:
        return f"faults_{os.getpid()}_{next(_NUMBERS)}"


@contextmanager
def open_world(server_url: str, folder: Path, tables: str = "") -> Iterator[World]:
    """A world that ends with the block.

    Args:
        server_url: of a PostgreSQL server's maintenance database.
        folder: for everything that projects keep on disk.
        tables: of each project's caseforge.toml, besides.
    """
    world = World(server_url, folder, tables)
    try:
        yield world
    finally:
        world.close()


def _write_framework(path: Path, nodes: int) -> Path:
    """A made-up framework with so many leaves, three to a branch."""
    lines = ["code,id,name,description", '"1","a","Sell","Finds customers and serves them."']
    for number in range(nodes):
        branch, place = number // 3 + 1, number % 3 + 1
        if place == 1:
            lines.append(f'"1.{branch}","b{branch}","Branch {branch}","Sells in branch {branch}."')
        lines.append(f'"1.{branch}.{place}","c{number}","{NODE_NAME} {number}","Makes offer {number} of branch {branch}."')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
