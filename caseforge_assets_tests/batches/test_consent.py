"""A command sends what was named to a person because of it, and nothing else."""

from __future__ import annotations

import pytest

from caseforge_assets.batches.consent import EVERYTHING, Consent


@pytest.mark.parametrize(
    ("consent", "covered"),
    [
        (EVERYTHING, {(1, 7), (1, 8), (2, 7), (2, None)}),
        (Consent(plan_ids=frozenset({7})), {(1, 7), (2, 7)}),
        (Consent(request_ids=frozenset({2})), {(2, 7), (2, None)}),
        (Consent(frozenset({7}), frozenset({1})), {(1, 7)}),
        (Consent(frozenset(), frozenset({1})), set()),
        (Consent(frozenset({7}), frozenset()), set()),
    ],
)
def test_plans_and_requests_both_have_to_be_named(consent: Consent, covered: set[tuple[int, int | None]]) -> None:
    asked = {(1, 7), (1, 8), (2, 7), (2, None)}
    assert {(request_id, plan_id) for request_id, plan_id in asked if consent.covers(request_id, plan_id)} == covered
