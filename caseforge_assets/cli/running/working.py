"""work: submit, poll and collect until it is stopped, by itself or beside `serve`."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.running.beside import BESIDE, end_with_input
from caseforge_assets.cli.shared.options import pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError

if TYPE_CHECKING:
    from caseforge_assets.commands.rounds.work_beside import Done
    from caseforge_assets.web.service import Service

log = logging.getLogger(__name__)
LOOK_FOR_ALERTS_EVERY_S = 60.0
SHOW_EVERY_S = 5.0


@click.command()
@click.option(BESIDE, "beside", is_flag=True, hidden=True, help="End when standard input does: `serve --work` started it.")
@pass_session
def work(session: Session, beside: bool) -> None:
    """Submit, poll and collect until it is stopped, as Dagster's sensors would. What somebody asks for over HTTP is done at once.

    What approved plans hold is sent, what follows from answers included; each batch is named before. Ctrl-C ends it after what it has begun; a kill loses nothing.
    """
    refuse_without_key(session)
    enough = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: enough.set())
    if beside:
        end_with_input(enough.set)
    work_until(session, enough)


def refuse_without_key(session: Session) -> None:
    """Looks before anything is started.

    Raises:
        ConfigurationError: no key is set.
    """
    if not session.settings.has_credentials:
        raise ConfigurationError("OPENAI_API_KEY is not set, so that nothing can be sent or collected")


def work_until(session: Session, enough: threading.Event) -> None:
    """Works in this thread, and keeps alerts and Dagster up to date in another, so that neither waits for the other."""
    from caseforge_assets.cli.views.batch_views import print_collected
    from caseforge_assets.cli.watching.progress_lines import Narrator
    from caseforge_assets.commands.rounds.work_beside import work_beside
    from caseforge_assets.web.service import Service
    from caseforge_assets.web.upkeep import declarations_followed, events_kept_up

    service, news = Service(session.settings, session.reread), threading.Event()
    told, store = Narrator(session, quiet=True), session.store

    def after_work(done: Done) -> None:
        if done.submitted or done.collected:
            news.set()
        print_collected(store, done.collected)

    showing = threading.Thread(target=_show, args=(session, service, enough, news), name="showing")
    showing.start()
    try:
        with declarations_followed(service), events_kept_up(service):
            work_beside(store, lambda: service.open_project, enough, announce=told.announce, after_work=after_work)
    finally:
        enough.set()
        showing.join()
        service.close()


def _show(session: Session, service: Service, enough: threading.Event, news: threading.Event) -> None:
    """Alerts are looked for when something happened and now and then; Dagster is shown what is not shown yet."""
    looked = float("-inf")
    while True:
        last = enough.wait(SHOW_EVERY_S)
        if service.settings is not session.settings:
            session.reload()
        try:
            if news.is_set() or last or time.monotonic() - looked > LOOK_FOR_ALERTS_EVERY_S:
                news.clear()
                looked = time.monotonic()
                session.look_for_alerts()
            session.show_in_dagster(waits=last)
        except Exception:
            log.exception("alerts or Dagster could not be kept up to date; it is tried again")
        if last:
            return
