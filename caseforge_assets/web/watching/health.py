"""Tells whether the process lives (/healthz), and whether it can work (/readyz)."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from caseforge_assets.artifacts import ArtifactsUnavailable
from caseforge_assets.redaction import redact
from caseforge_assets.store.database.cluster_location import EmbeddedPostgresError
from caseforge_assets.store.database.engine import StoreUnavailable, refuse_other_schema
from caseforge_assets.store.database.revisions import SchemaNotUsable
from caseforge_assets.web.access.callers import ServiceNow
from caseforge_assets.web.service import Service

KEPT_S = 2.0  # whoever asks more often is told the same
router = APIRouter(tags=["watching"])
log = logging.getLogger(__name__)


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """Readiness of the service, part by part; the reason why a part is not ready is in its log."""

    ready: bool
    parts: dict[str, bool] = Field(examples=[{"database": True, "migrations": True, "artifacts": True}])


@router.get("/healthz", include_in_schema=False)
async def health() -> Alive:
    """Tell whether the process lives."""
    return Alive()


@router.get("/readyz", include_in_schema=False)
def readiness(request: Request, service: ServiceNow) -> JSONResponse:
    """Tell whether the service can work: 200, or 503 with what cannot be reached."""
    looking: Readiness = request.app.state.readiness
    found = looking.look(service)
    return JSONResponse(found.model_dump(), 200 if found.ready else 503, {"Cache-Control": "no-store"})


class Readiness:
    """The last look, for some seconds: looking writes a file."""

    def __init__(self) -> None:
        """Nobody has looked yet."""
        self._lock = threading.Lock()
        self._until, self._found = 0.0, Ready(ready=False, parts={})

    def look(self, service: Service) -> Ready:
        """Gives what is there now, or was some seconds ago."""
        with self._lock:
            if time.monotonic() >= self._until:
                database = _works("database", lambda: service.store.connect().close())
                migrated = database and _works("migrations", lambda: refuse_other_schema(service.store))
                parts = {"database": database, "migrations": migrated, "artifacts": _works("artifacts", lambda: _write_and_remove(service))}
                self._found = Ready(ready=all(parts.values()), parts=parts)
                self._until = time.monotonic() + KEPT_S
            return self._found


def _works(part: str, look: Callable[[], None]) -> bool:
    try:
        look()
    except (StoreUnavailable, EmbeddedPostgresError, ArtifactsUnavailable, SchemaNotUsable, OSError) as error:
        log.warning("not ready: %s: %s", part, redact(str(error)))
        return False
    return True


def _write_and_remove(service: Service) -> None:
    path = f"ready/{secrets.token_hex(8)}"
    service.folder.write(path, [b"ready"])
    service.folder.remove(path)
