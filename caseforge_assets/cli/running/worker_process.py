"""The process that works beside `serve --work`: started, started again when it ends by itself, and ended with what it has begun brought to its end.

A process, because answering must not wait while a large batch is collected. It ends when its standard input does, so also when this process is killed.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from caseforge_assets.cli.running.working import BESIDE, refuse_without_key
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings.environment import read_environment

AGAIN_AFTER_S = 5.0
ENDS_WITHIN_S = 30.0
log = logging.getLogger(__name__)


@contextmanager
def worker_beside(session: Session) -> Iterator[None]:
    """A worker while the block runs.

    Raises:
        ConfigurationError: no key is set.
    """
    refuse_without_key(session)
    session.store.connect().close()  # the embedded database is started once
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(session, over), name="worker", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _watch(session: Session, over: threading.Event) -> None:
    command = [sys.executable, "-m", "caseforge_assets.cli", *session.options, "work", BESIDE]
    while not over.is_set():
        worker = subprocess.Popen(
            command,
            cwd=session.settings.project_folder,
            env=dict(read_environment().variables),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at a terminal is for the service, which ends it politely
        )
        while worker.poll() is None and not over.wait(0.2):
            continue
        if over.is_set():
            _end(worker)
        else:
            log.error("the worker has ended by itself (code %s); it is started again in %.0f s", worker.returncode, AGAIN_AFTER_S)
            over.wait(AGAIN_AFTER_S)


def _end(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin is not None
    worker.stdin.close()
    try:
        worker.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.warning("the worker was killed while it was at something long; whoever works next goes on with it, and nothing is lost")
        worker.kill()
        worker.wait()
