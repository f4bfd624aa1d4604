"""Programs that run beside another one: started, started again when they end by themselves, and ended with what they have begun brought to its end.

A process each, because answering must not wait while a large batch is collected. It ends when its standard input does, so also when whoever started it is killed.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings.environment import read_environment

BESIDE = "--beside"
AGAIN_AFTER_S = 5.0
ENDS_WITHIN_S = 30.0
log = logging.getLogger(__name__)


@contextmanager
def beside(
    session: Session, *command: str, variables: Mapping[str, str] = MappingProxyType({}), files: Sequence[int] = ()
) -> Iterator[None]:
    """A command of ours in a process of its own while the block runs.

    Args:
        command: such as `work`; it has to know the option `--beside`.
        variables: of its environment, before those that are set.
        files: open files of this process that it goes on with.
    """
    session.store.connect().close()  # the embedded database is started once
    over = threading.Event()
    watching = threading.Thread(
        target=_watch, args=(session, command, {**variables, **read_environment().variables}, files, over), name=command[0], daemon=True
    )
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def end_with_input(end: Callable[[], None]) -> None:
    """Calls a function when standard input ends, from a thread."""
    threading.Thread(target=_await_end_of_input, args=(end,), daemon=True).start()


def _await_end_of_input(end: Callable[[], None]) -> None:
    while sys.stdin.buffer.read(1 << 16):
        continue
    end()


def _watch(session: Session, command: Sequence[str], environment: Mapping[str, str], files: Sequence[int], over: threading.Event) -> None:
    whole = [sys.executable, "-m", "caseforge_assets.cli", *session.options, *command, BESIDE]
    while not over.is_set():
        process = subprocess.Popen(
            whole,
            cwd=session.settings.project_folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            pass_fds=files,
            start_new_session=True,  # Ctrl-C at a terminal is for whoever started it, which ends it politely
        )
        while process.poll() is None and not over.wait(0.2):
            continue
        if over.is_set():
            _end(command[0], process)
        else:
            log.error("`%s` has ended by itself (code %s); it is started again in %.0f s", command[0], process.returncode, AGAIN_AFTER_S)
            over.wait(AGAIN_AFTER_S)


def _end(name: str, process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.warning("`%s` was killed while it was at something long; whoever works next goes on with it, and nothing is lost", name)
        process.kill()
        process.wait()
