"""A plan is priced with other models, and nodes are compared, over HTTP; nothing is kept by that."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import CODES, KEY, SHOP


def test_a_plan_is_priced_with_other_models_and_not_kept(serve: Serve) -> None:
    served = serve()
    wanted = {"framework": KEY, "models": ["gpt-6.1-terra", "nobody-knows-it"]}
    assert served.client(Role.editor).post("/api/v1/plans/comparison", json=wanted).status_code == 403
    assert served.client(Role.planner, "elsewhere").post("/api/v1/plans/comparison", json=wanted).status_code == 404
    planner = served.client(Role.planner)
    answer = planner.post("/api/v1/plans/comparison", json=wanted)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["requests"] == {"process_details": len(CODES), "usecases": len(CODES)}
    known, unknown = said["models"]
    assert (known["model"], Decimal(known["cost"]["total"]["amount"]) > 0) == ("gpt-6.1-terra", True)
    assert (unknown["cost"]["total"], set(unknown["stages"].values())) == (None, {None})
    assert known["measured"] == {"process_details": False, "usecases": False}
    assert served.bench.column("select count(*) from caseforge.plan") == [0]
    assert served.bench.column("select count(*) from caseforge.request") == [0]


def test_nodes_that_are_nearly_the_same_are_listed_for_those_who_see_both(serve: Serve) -> None:
    served = serve()
    alike = [(code, f"other-{name}", text, words) for code, name, text, words in SHOP]
    served.bench.load([(row[0], row[1], row[2], row[3].replace("Places", "Placed")) for row in alike], key="other")
    served.bench.generate("1.1.1", key="other")
    both, one = served.client(), served.client(Role.reader, KEY)
    found = both.get(f"/api/v1/frameworks/{KEY}/similar", params={"at_least": 0.8}).json()
    advertising = next(row for row in found["items"] if row["code"] == "1.1.1")
    assert (advertising["like_framework"], advertising["like_code"], advertising["like_has_content"]) == ("other", "1.1.1", True)
    assert 0.8 < advertising["of_descriptions"] < 1
    assert len(both.get(f"/api/v1/frameworks/{KEY}/similar", params={"at_least": 0.8, "limit": 1}).json()["items"]) == 1
    assert one.get(f"/api/v1/frameworks/{KEY}/similar", params={"at_least": 0.8}).json() == {"found": 0, "items": []}
    assert served.client(Role.reader, "elsewhere").get(f"/api/v1/frameworks/{KEY}/similar").status_code == 404
