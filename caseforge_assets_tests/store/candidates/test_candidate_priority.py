"""Pages by priority, against a plain sort: whatever the weights and the filter, pages put together are the sorted list."""

from __future__ import annotations

from dataclasses import asdict, astuple
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.curation.priority import Weights, weighed
from caseforge_assets.store.candidates import candidate_priority
from caseforge_assets.store.candidates.candidate_facets import facets, facets_to_choose
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.candidates.candidate_priority import Prioritized, priority_page, rank, scored_groups
from caseforge_assets.store.searching.found_facets import facets_of_found
from caseforge_assets_tests.workbench import KEY, OpenBench, Workbench

LEVELS = ("Low", "Medium", "High")
STATUSES = ("idea", "shortlisted", "approved", "rejected")
_ROWS = """
select r.candidate_id, r.place, nullif(r.score, -1), g.values, nv.code, coalesce(u.status, 'idea'), coalesce(u.tags, '{}') from caseforge.candidate_row r
join caseforge.candidate_group g on g.id = r.group_id join caseforge.current_node nv on nv.node_id = r.node_id
left join caseforge.use_case u on u.candidate_id = r.candidate_id
"""
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "roi": st.sets(st.sampled_from(LEVELS), min_size=1),
        "risk": st.sets(st.sampled_from(LEVELS), min_size=1),
        "tens": st.sets(st.sampled_from((40, 50, 90, -10)), min_size=1),
        "branches": st.sets(st.sampled_from(("1", "2", "2.1.1")), min_size=1),
        "statuses": st.sets(st.sampled_from(STATUSES), min_size=1),
        "tags": st.sets(st.sampled_from(("quick", "data")), min_size=1),
    },
)
WEIGHTS = st.builds(Weights, *(st.integers(0, 10) for _ in range(4)))


def various(opened: Workbench) -> None:
    """Candidates of all kinds: levels that are missing, scores that were not measured, decisions on some."""
    opened.generate()
    opened.change("""
    update caseforge.candidate set fields = fields || jsonb_build_object('complexity_score', 1 + id % 3,
        'estimated_roi', (array['Low', 'Medium', 'High', null])[1 + (id / 2) % 4], 'risk_level', (array['High', 'Medium', 'Low'])[1 + (id / 5) % 3])
    """)
    opened.change("update caseforge.quality set score = (array[43, 57, 99, 100])[1 + content_id % 4]")
    opened.change("delete from caseforge.quality where content_id % 5 = 0")
    opened.change("update caseforge.candidate set former_uids = former_uids")
    opened.change("""
    insert into caseforge.use_case (framework_key, candidate_id, status, tags, changed_by)
    select framework_key, id, (array['idea', 'shortlisted', 'approved', 'rejected'])[1 + id % 4], (array['{quick}', '{data,quick}', '{}'])[1 + id % 3]::text[], 'test'
    from caseforge.candidate where is_current and id % 3 <> 1
    """)
    refresh_lists(opened.store, opened.project)


def filter_of(chosen: dict[str, Any]) -> CandidateFilter:
    """The choice as the store takes it."""
    values = {column: sorted(chosen[column]) for column in ("roi", "risk") if column in chosen}
    others = {name: sorted(chosen[name]) for name in ("tens", "statuses", "tags") if name in chosen}
    branches = [(KEY, name) for name in sorted(chosen["branches"])] if "branches" in chosen else None
    return CandidateFilter(frameworks=[KEY], values=values, branches=branches, **others)


def holds(row: tuple[Any, ...], chosen: dict[str, Any]) -> bool:
    """Tells whether a row is meant, said plainly."""
    _, _, score, values, code, status, tags = row
    ten = -10 if score is None else min(score // 10 * 10, 90)
    return (
        all(values.get(column) in chosen[column] for column in ("roi", "risk") if column in chosen)
        and ("tens" not in chosen or ten in chosen["tens"])
        and ("branches" not in chosen or any(code == name or code.startswith(f"{name}.") for name in chosen["branches"]))
        and ("statuses" not in chosen or status in chosen["statuses"])
        and ("tags" not in chosen or bool(set(tags) & chosen["tags"]))
    )


def exact(row: tuple[Any, ...], weights: Weights) -> float:
    values = row[3]
    parts = weighed(weights, value=values.get("roi"), effort=values.get("complexity"), risk=values.get("risk"))
    found = parts.exactly(weights, row[2])
    return -1.0 if found is None else found


def check(opened: Workbench, rows: list[tuple[Any, ...]], weights: Weights, chosen: dict[str, Any], limit: int) -> None:
    meant = [row for row in rows if holds(row, chosen)]
    wanted = [row[0] for row in sorted(meant, key=lambda row: (-exact(row, weights), row[1]))]
    with opened.store.connect() as connection:
        asked = conditions(connection, filter_of(chosen))
        groups = scored_groups(connection, asked)
        found = facets_to_choose(connection, filter_of(chosen), [KEY])
        assert (found.total, sum(group.group.count for group in groups)) == (len(meant), len(meant))
        others = {name: values for name, values in chosen.items() if name != "statuses"}
        counts = {status: sum(row[5] == status for row in rows if holds(row, others)) for status in STATUSES}
        assert {str(status): number for status, number in found.decisions.statuses.items()} == {
            status: number for status, number in counts.items() if number
        }
        ranked = rank(groups, weights)
        met: list[int] = []
        after: Prioritized | None = None
        for page in count():
            assert page < 200, "pages have no end"
            part = priority_page(connection, asked, ranked, after, limit)
            met += [candidate.candidate_id for candidate in part]
            if len(part) < limit:
                break
            after = part[-1]
    assert met == wanted, (astuple(weights), chosen)


def test_pages_together_are_the_sorted_list(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench()
    various(opened)
    rows = opened.query(_ROWS)
    assert len(rows) >= 36
    assert {row[2] is None for row in rows} == {True, False}

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(WEIGHTS, CHOICES, st.integers(1, 40), st.booleans())
    def holds_always(weights: Weights, chosen: dict[str, Any], limit: int, few: bool) -> None:
        monkeypatch.setattr(candidate_priority, "FEW_ROWS", 1_000 if few else 0)
        check(opened, rows, weights, chosen, limit)

    holds_always()
    check_facets_of_found(opened, [row[0] for row in rows])


def check_facets_of_found(opened: Workbench, ids: list[int]) -> None:
    """Holds the counts of what a search has found against those of anything else."""
    with opened.store.connect() as connection:
        for chosen in (ids, ids[::3], ids[:1], []):
            found, expected = facets_of_found(connection, chosen), facets(connection, CandidateFilter(ids=chosen))
            assert asdict(found) == asdict(expected)
            for name in ("branches", "tens"):
                assert list(getattr(found, name)) == list(getattr(expected, name))
