"""Two services on one database, each with a caseforge.toml that cannot be written: what one declares or holds, the other goes on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.configuring.read_settings import kept_declarations
from caseforge_assets.settings import Settings
from caseforge_assets.settings.reading import read_sources, valid_configuration
from caseforge_assets.web.app import make_app
from caseforge_assets.web.portal.shared.held_files import held, hold
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.uploads import load, table
from caseforge_assets_tests.workbench import write_table


def another(served: Served) -> Served:
    """Another process of the service, which reads what is declared when it looks."""
    settings = in_database(served.service.settings)

    def reread() -> Settings:
        sources = read_sources(settings.config_path, set_keys={"declare_in": "database"}, kept=kept_declarations(settings))
        return settings.model_copy(update={"configuration": valid_configuration(sources)})

    service = Service(settings, reread)
    return replace(served, service=service, app=make_app(service))


def in_database(settings: Settings) -> Settings:
    return settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"declare_in": "database"})})


def test_what_one_service_declares_the_other_sees_before_it_changes_anything(serve: Serve) -> None:
    served = serve()
    served.service.use(in_database(served.service.settings))
    other = another(served)
    done = load(served.client(Role.admin), table(), "mine.csv", key="mine", dry_run=False)
    assert done.status_code == 201, done.text
    assert not (served.bench.path / "caseforge.toml").exists()
    assert "mine" not in other.service.settings.configuration.frameworks
    made = other.client(Role.admin).post("/api/v1/plans", json={"framework": "mine"}, headers={"Idempotency-Key": "plan-mine"})
    assert made.status_code == 201, made.text
    assert other.service.settings.framework("mine").source.startswith("artifacts:workbooks/")
    removed = other.client(Role.admin).delete("/api/v1/frameworks/mine", params={"dry_run": "false"})
    assert removed.json()["declared"] is True
    assert "mine" not in kept_keys(other.service.settings)
    other.service.close()


def kept_keys(settings: Settings) -> set[str]:
    return {key for key, declaration in kept_declarations(settings).items() if declaration.entry is not None}


def test_a_file_is_held_for_whom_it_is_from_and_no_more_than_five_of_theirs(serve: Serve) -> None:
    served = serve()
    store, path = served.bench.store, served.bench.path
    first, *_ = digests = [hold(store, write_table(path / "shop 2.csv", [("1", "a", f"Sell {number}", "")]), "paul") for number in range(6)]
    for digest, whose in ((first, "paul"), (digests[1], "anna")):
        with pytest.raises(Refused, match="not held here any more"), held(store, digest, whose):
            pass
    with pytest.raises(ValueError, match="in vain"), held(store, digests[1], "paul"):
        raise ValueError("in vain")
    with held(store, digests[1], "paul") as again:
        assert (again.name, "Sell 1" in again.read_text()) == ("shop 2.csv", True)
    served.bench.change("update caseforge.held_file set held_at = held_at - interval '1 day'")
    hold(store, path / "shop 2.csv", "anna")
    assert served.bench.column("select whose from caseforge.held_file") == ["anna"]
