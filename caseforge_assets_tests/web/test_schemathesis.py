"""Whatever is sent, the service answers as its document says, and never with a fault of its own."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY

pytestmark = pytest.mark.slow
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAM = "/events"  # never ends by itself
QUICKLY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture
def described(serve: Serve) -> Any:
    """The service's own document, of a store that has documents, candidates, plans and batches, for an admin."""
    served = serve(given=["1.1.1", "2.1.1"])
    served.bench.draft()
    with served.bench.store.begin() as connection:
        caller = Caller("anna", (Grant(Role.admin),))
        made = make_portfolio(connection, caller, "Next year", is_shared=True)
        add_to_portfolio(connection, caller, made.id, [1])
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", served.app, headers={"Host": "127.0.0.1"})
    schema.config.checks.update(included_check_names=[check.__name__ for check in CHECKS])
    schema.config.update(headers={"Authorization": f"Bearer {served.token(Role.admin)}", "Host": "127.0.0.1"})
    return schema


def test_every_endpoint_answers_as_it_says(described: Any) -> None:
    faults: list[str] = []
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 10
    for operation in operations:
        if operation.path.endswith(STREAM):
            continue

        @QUICKLY
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            meet_what_is_there(case)
            case.call_and_validate(checks=CHECKS)

        try:
            call()
        except Exception as error:  # noqa: BLE001, one fault is not to hide the others
            faults.append(f"{operation.label}: {error}")
    assert "\n\n".join(faults) == ""


def meet_what_is_there(case: Any) -> None:
    """Has many calls be about the framework, nodes, plans and batches that the store has: by chance they would hardly ever meet one."""
    if isinstance(case.body, dict) and isinstance(case.body.get("framework"), str):
        case.body["framework"] = KEY
        case.body.pop("nodes", None)
    if "key" in case.path_parameters:
        case.path_parameters["key"] = KEY
    ours = dict.fromkeys(("plan_id", "batch_id", "candidate_id", "portfolio_id", "entry_id"), 1)
    for name, there in {"code": "1.1.1", "uid": "1.1.1-UC01", **ours}.items():
        if name in case.path_parameters and len(str(case.path_parameters[name])) % 3:
            case.path_parameters[name] = there


def test_what_one_answer_links_to_can_be_called(described: Any) -> None:
    described.as_state_machine().run(settings=settings(QUICKLY, max_examples=20, stateful_step_count=6))
