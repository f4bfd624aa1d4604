"""demo: the whole way on the bundled sample, with a local Batch API server that lives as long as the command."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, errors
from caseforge_assets.cli.shared.options import pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sample"
LOCALHOST = "127.0.0.1"


@click.command()
@click.option("--latency", default=3.0, show_default=True, help="Seconds that a simulated batch takes.")
@click.option("--keep-database", is_flag=True, help="Leave the embedded database running.")
@pass_session
def demo(session: Session, latency: float, keep_database: bool) -> None:
    """Run the whole way on the bundled sample framework: load, generate documents and use cases, show what was made.

    Nothing leaves this machine and no key is needed: a local server answers, and says in each document that it is
    simulated. Interrupt it as you like; a second start goes on where the first one stopped.
    """
    with _database(session, keep_database), local_provider(session, latency):
        _run(session)


@contextmanager
def _database(session: Session, keep: bool) -> Iterator[None]:
    """The embedded database is stopped at the end, also after Ctrl-C, where this command started it and it is not to be kept."""
    from caseforge_assets.store.database.embedded_postgres import status, stop

    embedded = session.settings.postgres_url is None
    stops = embedded and not keep and not status(session.settings.home).running
    session.leaves_database_running = not stops
    try:
        yield
    finally:
        if stops:
            session.close()
            stop(session.settings.home)


@contextmanager
def local_provider(session: Session, latency_s: float) -> Iterator[None]:
    """A local Batch API server on a free port, as this process's provider; its files stay, so that batches go on next time."""
    from caseforge_assets.batch_server import serve_in_thread

    folder = session.settings.home / "demo-server"
    port = _remembered_port(folder)
    if port and not _is_free(port):
        port = _another_port(session, port)
    with serve_in_thread(folder, port=port, latency_s=latency_s) as server:
        (folder / "port").write_text(str(server.port))
        os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"] = server.base_url, "local"
        session.reload()
        console.print(f"A local Batch API server answers on {server.base_url} (simulated, free of charge).")
        yield


def _remembered_port(folder: Path) -> int:
    """The port of the last time, 0 for any at the first: batches under way belong to a base URL, and the port is part of it."""
    file = folder / "port"
    text = file.read_text().strip() if file.exists() else ""
    return int(text) if text.isdecimal() and int(text) < 65_536 else 0


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOCALHOST, port))
        except OSError:
            return False
        return True


def _another_port(session: Session, taken: int) -> int:
    """Any other port, where no batch is under way at the one that is taken.

    Raises:
        ConfigurationError: there are some; they would be asked for elsewhere, in vain.
    """
    from caseforge_assets.batches.states import UNFINISHED
    from caseforge_assets.store.submitting import batches, providers

    url = f"http://{LOCALHOST}:{taken}/v1"
    with session.store.connect() as connection:
        ids = providers.ids_at(connection, url, session.settings.openai_account)
        under_way = [row for row in batches.in_states(connection, UNFINISHED) if row.provider_id in ids]
    if under_way:
        raise ConfigurationError(
            f"port {taken} is taken, and {counted(len(under_way), 'simulated batch is', 'simulated batches are')} under way at it. Does a `caseforge demo` or `caseforge ui` of this "
            "project run already? Stop it, or the other program that uses the port, and start again"
        )
    return 0


def _run(session: Session) -> None:
    from caseforge_assets.cli.views.plan_views import print_plan
    from caseforge_assets.cli.watching.following import follow
    from caseforge_assets.commands.approving.decide_draft import decide_draft
    from caseforge_assets.commands.editions.keep_workbook import keep_workbook
    from caseforge_assets.commands.editions.load_framework import NewEdition, load_framework
    from caseforge_assets.commands.planning.make_plan import draft_plan
    from caseforge_assets.commands.rounds.work import lift_stop
    from caseforge_assets.commands.surveying.survey import Scope
    from caseforge_assets.frameworks import read_framework, sample_path

    result = read_framework(sample_path())
    if result.edition is None:
        raise ValueError("the bundled sample cannot be read: " + "; ".join(problem.message for problem in result.problems))
    keep_workbook(session.folder, sample_path(), result.edition.source_sha256)
    loaded = load_framework(
        session.store,
        session.project,
        NewEdition(KEY, session.settings.framework(KEY), result.edition, sample_path().name),
        by=account_name(),
    )
    console.print(f"Framework {KEY}: {loaded.nodes} nodes, {loaded.targets} of them leaves that get content.")
    with session.store.begin() as connection:
        lift_stop(connection, session.provider)
        draft = draft_plan(connection, session.project, Scope(KEY, session.stages.shared, True), made_by="demo")
        decide_draft(connection, draft, True, session.provider, by=account_name())
    print_plan(draft, simulated=True)
    follow(session)
    session.mirror()
    _print_result(session)


def _print_result(session: Session) -> None:
    from caseforge_assets.stages.quality import RULES
    from caseforge_assets.store.collecting import items
    from caseforge_assets.store.editions.nodes import target_nodes
    from caseforge_assets.store.figures import exports

    with session.store.connect() as connection:
        written = next((stage.key for stage in session.stages if stage.is_document), None)
        documents = [row for row in exports.listed(connection, KEY, RULES) if row.stage == written]
        candidates = sum(counted.items for counted in items.item_counts(connection, KEY).values())
        targets = len(target_nodes(connection, KEY))
    first = documents[0].code if documents else "1.1.1"
    console.rule("What was made")
    console.print(
        f"{len(documents)} of {targets} process documents and {candidates} use-case candidates; each node is a partition in Dagster."
    )
    console.print("Where to look:")
    console.print(f"  .venv/bin/caseforge show {first}                     one document and its candidates")
    console.print("  .venv/bin/caseforge export out --framework sample    all of it as markdown files")
    console.print("  make ui                                             Dagster on the same data, http://127.0.0.1:3000")
    if len(documents) < targets:
        errors.print("Some nodes have no document: `.venv/bin/caseforge status` and `failed` say why.", style="yellow")
        sys.exit(3)
