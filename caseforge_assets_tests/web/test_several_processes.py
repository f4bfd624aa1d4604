"""Several processes serve the same database: what one does, the others know."""

from __future__ import annotations

import uuid

from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.settings import Settings, read_configuration
from caseforge_assets.settings.configuration import CONFIG_NAME
from caseforge_assets.web.app import make_app
from caseforge_assets.web.service import Service
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.uploads import load, table
from caseforge_assets_tests.workbench import KEY


def test_what_one_process_declares_answers_or_stores_the_others_know(serve: Serve) -> None:
    served = serve()
    settings = served.service.settings

    def reread() -> Settings:
        frameworks = read_configuration(served.bench.path / CONFIG_NAME).frameworks
        both = {**settings.configuration.frameworks, **frameworks}
        return settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"frameworks": both})})

    other = Service(settings, reread)
    try:
        admin = served.client(Role.admin)
        there = TestClient(make_app(other), base_url="http://127.0.0.1", headers=admin.headers)
        wanted, key = {"framework": "bicycles"}, {"Idempotency-Key": uuid.uuid4().hex}
        assert there.post("/api/v1/plans", json=wanted, headers=key).status_code == 404
        assert load(admin, table(), "bicycles.csv", key="bicycles", dry_run=False).status_code == 201
        first = there.post("/api/v1/plans", json=wanted, headers=key)
        assert first.status_code == 201, first.text
        again = admin.post("/api/v1/plans", json=wanted, headers=key)  # the answer did not arrive; a balancer sends the same call elsewhere
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        (served.bench.path / CONFIG_NAME).write_text("what is this", encoding="utf-8")
        assert there.get(f"/api/v1/frameworks/{KEY}").status_code == 200  # what it said before holds
    finally:
        other.close()
