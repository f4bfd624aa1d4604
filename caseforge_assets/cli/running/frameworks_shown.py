"""Dagster is told to load its code anew when other frameworks are declared than before: one that was loaded over HTTP is seen without a person's doing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from caseforge_assets.cli.setting_up.reloading import show_framework
from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.store.database.location import database_identity
from caseforge_assets.store.editions import declarations

LOOKS_EVERY_S, PATIENCE_S = 2.0, 60.0
log = logging.getLogger(__name__)


@contextmanager
def frameworks_shown(session: Session) -> Iterator[None]:
    """Looks at what is declared for as long as the block lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(session, over), name="frameworks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)


def _watch(session: Session, over: threading.Event) -> None:
    known, stamp = set(session.settings.configuration.frameworks), _stamp(session)
    while not over.wait(LOOKS_EVERY_S):
        try:
            if (now := _stamp(session)) == stamp:
                continue
            settings, stamp = session.reread(), now
        except (ConfigurationError, StoreUnavailable) as error:
            log.debug("what is declared cannot be read: %s", error)
            continue
        frameworks = set(settings.configuration.frameworks)
        for key in sorted(frameworks ^ known):
            gone, project = key not in frameworks, database_identity(settings)
            said = show_framework(settings.webserver_url, key, project, is_gone=gone, patience_s=PATIENCE_S)
            if said:
                console.print(f"{key}: {said}", soft_wrap=True)
        known = frameworks


def _stamp(session: Session) -> tuple[int, str]:
    """Says when caseforge.toml was changed last (0 where there is none), and the state of what the database declares."""
    try:
        changed_at = session.settings.config_path.stat().st_mtime_ns
    except OSError:
        changed_at = 0
    if session.settings.postgres_url is None:
        return changed_at, ""
    with session.store.connect() as connection:
        return changed_at, declarations.state(connection)
