"""Webhooks of a service in tests: added, told of events, delivered to."""

from __future__ import annotations

from typing import Any

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.telling.deliver_events import deliver_events
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.serving.events import Told, tell_all
from caseforge_assets_tests.web.conftest import Served
from caseforge_assets_tests.web.receiver import LOOPBACK
from caseforge_assets_tests.workbench import KEY


def allowing(served: Served, *networks: str) -> Served:
    settings = served.service.settings
    service = settings.configuration.service.model_copy(update={"webhook_allow": networks or LOOPBACK})
    served.service.use(settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"service": service})}))
    return served


def added(served: Served, url: str, **asked: Any) -> dict[str, Any]:
    answer = served.client(Role.admin).post("/api/v1/webhooks", json={"url": url, **asked})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(served: Served, *subjects: str, kind: EventKind = EventKind.plan_waiting, key: str | None = KEY) -> None:
    with served.bench.store.begin() as connection:
        tell_all(connection, [Told(kind, subject, key, {"subject": subject}) for subject in subjects])
    number_events(served.bench.store)


def delivered(served: Served) -> int:
    allowed = served.service.settings.configuration.service.webhook_allow
    return deliver_events(served.bench.store, served.service.secret_for_signing, allowed)
