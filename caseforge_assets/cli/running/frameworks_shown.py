"""Dagster is told to load its code anew when caseforge.toml names other frameworks than before: one that was loaded over HTTP is seen without a person's doing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseforge_assets.cli.setting_up.reloading import show_framework
from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.store.database.location import database_identity

LOOKS_EVERY_S, PATIENCE_S = 2.0, 60.0
log = logging.getLogger(__name__)


@contextmanager
def frameworks_shown(session: Session) -> Iterator[None]:
    """Looks at caseforge.toml for as long as the block lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(session, over), name="frameworks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)


def _watch(session: Session, over: threading.Event) -> None:
    path = session.settings.config_path
    known, stamp = set(session.settings.configuration.frameworks), _stamp(path)
    while not over.wait(LOOKS_EVERY_S):
        if (now := _stamp(path)) == stamp:
            continue
        stamp = now
        try:
            settings = session.reread()
        except ConfigurationError as error:
            log.debug("caseforge.toml cannot be used: %s", error)
            continue
        frameworks = set(settings.configuration.frameworks)
        for key in sorted(frameworks ^ known):
            gone, project = key not in frameworks, database_identity(settings)
            said = show_framework(settings.webserver_url, key, project, is_gone=gone, patience_s=PATIENCE_S)
            if said:
                console.print(f"{key}: {said}", soft_wrap=True)
        known = frameworks


def _stamp(path: Path) -> int:
    """When it was changed last; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
