from __future__ import annotations

import pytest

from caseforge_assets.curation.priority import Weights, priority
from caseforge_assets.curation.statuses import MOST_TAGS, UseCaseStatus, check_reason, status_from, tags_from


def test_value_comes_first_and_what_is_not_known_counts_neither_way() -> None:
    weights = Weights(value=5, effort=3, risk=2, quality=0)
    assert priority(weights, value="High", effort="Low", risk="Low", quality=None) == 100
    assert priority(weights, value="Low", effort="High", risk="High", quality=None) == 0
    assert priority(weights, value="High", effort="High", risk=None, quality=None) == round(100 * 5 / 8)
    assert priority(weights, value=None, effort=None, risk="unheard of", quality=90) is None
    assert priority(Weights(0, 0, 0, 1), value=None, effort=None, risk=None, quality=73) == 73


@pytest.mark.parametrize("weights", [(11, 0, 0, 0), (0, -1, 0, 0)])
def test_a_weight_out_of_range_is_refused(weights: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="it goes from 0 to 10"):
        Weights(*weights)


def test_statuses_are_read_as_people_write_them() -> None:
    assert status_from(" In delivery ") is status_from("in-delivery") is UseCaseStatus.in_delivery
    with pytest.raises(ValueError, match="there are idea, shortlisted, approved, in delivery, live, rejected"):
        status_from("done")


def test_a_rejection_says_why() -> None:
    check_reason(UseCaseStatus.approved, "")
    with pytest.raises(ValueError, match="say why"):
        check_reason(UseCaseStatus.rejected, " ")


def test_tags_are_kept_once_and_bounded() -> None:
    assert tags_from([" Quick  win", "quick win", "", "Finance"]) == ["Quick win", "Finance"]
    with pytest.raises(ValueError, match="at most"):
        tags_from(map(str, range(MOST_TAGS + 1)))
    with pytest.raises(ValueError, match="no comma"):
        tags_from(["a,b"])
