"""Has a webserver that runs load the code anew after `load`, so that a new framework is seen.

A favour: it never makes `load` fail, and never lets it wait for long.
"""

from __future__ import annotations

import logging
import socket
from threading import Thread

from caseforge_assets.cli.running.sensors import MARKS
from caseforge_assets.cli.shared.webserver import (
    CONNECT_S,
    BrokenLocation,
    ForeignProject,
    NoWebserver,
    OtherProject,
    ReadOnlyWebserver,
    Webserver,
    find_repository,
    first_lines,
)
from caseforge_assets.redaction import redact

PATIENCE_S = 10.0
_BY_HAND = "Reload it by hand: Deployment, Code locations, Reload"
_log = logging.getLogger(__name__)


def show_framework(url: str, key: str, project: str, *, is_gone: bool = False, patience_s: float = PATIENCE_S) -> str | None:
    """Has the webserver show a framework's assets, or no more of them where it is gone; returns what is to be said of it, nothing where no webserver runs.

    One that shows another project, which `project`, the identity of this one's database, tells, is left alone.

    In a thread, because neither looking a name up nor an answer that trickles has a time-out of its own.
    """
    said: list[str | None] = []
    thread = Thread(target=lambda: said.append(_try(url, key, project, is_gone, patience_s)), daemon=True)
    thread.start()
    thread.join(patience_s)
    if said:
        return said[0]
    return f"Dagster at {_shown(url)} has not answered for {patience_s:.0f} s. If it does not show {key}: {_BY_HAND}."


def _try(url: str, key: str, project: str, is_gone: bool, patience_s: float) -> str | None:
    try:
        return _reload(Webserver(url, patience_s), key, project, is_gone)
    except (NoWebserver, OtherProject, OSError) as error:
        _log.debug("%s", error)
        return None
    except ForeignProject:
        return f"Dagster at {_shown(url)} shows another project, and was left alone."
    except ReadOnlyWebserver:
        return f"Dagster at {_shown(url)} is read-only: it shows {key} when it is started anew."
    except Exception as error:  # noqa: BLE001 - whatever it is, the framework is loaded
        _log.debug("no reload", exc_info=True)
        return redact(f"{first_lines(str(error), 1)} ({key} is loaded, but may not be seen in Dagster yet)")


def _reload(webserver: Webserver, key: str, project: str, is_gone: bool) -> str:
    if webserver.is_local:
        socket.create_connection((webserver.host, webserver.port), CONNECT_S).close()  # a refusal costs no import of an HTTP client
    for name in _locations(webserver, project):
        webserver.reload(name)
    is_shown = key in find_repository(webserver, MARKS, project).groups
    if is_gone:
        return f"Dagster at {webserver.url} {'still shows it' if is_shown else 'does not show it any more'}."
    if is_shown:
        return f"Dagster at {webserver.url} shows it now."
    return (
        f"Dagster at {webserver.url} does not show it yet: its code server loads its code when it starts (`dagster api grpc`). Start it anew; one that is "
        "started with `dagster code-server start` does it by itself."
    )


def _locations(webserver: Webserver, project: str) -> list[str]:
    """CaseForge's code location; where it could not be loaded, and so cannot be known, those that could not."""
    try:
        return [find_repository(webserver, MARKS, project).location]
    except BrokenLocation:
        return [location.name for location in webserver.locations() if location.error]


def _shown(url: str) -> str:
    return Webserver(url).url
