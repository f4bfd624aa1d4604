"""Groups of similar use cases where there are vectors: told in other words they are one idea, as far as the vectors are of their own kind, and nobody speaks for words that are not theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from caseforge_assets.commands.mirroring import join_by_meaning
from caseforge_assets.commands.mirroring import refresh_similar as comparing
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets.similar import meaning
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.searching import meanings
from caseforge_assets.store.similar import similar_groups, similar_meanings
from caseforge_assets_tests.workbench import OpenBench, Workbench

NUMBERS = 64
SURE = 0.8


@pytest.fixture
def shop(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """Use cases of two processes, each in words of its own and with a vector that is near no other; so few teach no bound, which is given."""
    made = bench()
    made.generate("1.1.1", "2.1.1")
    made.change(
        """update caseforge.candidate set title = 'Z' || md5(id::text), fields = fields || jsonb_build_object('description',
        (select string_agg('w' || translate(md5(id::text || n), '0123456789', 'ghijklmnop'), ' ') from generate_series(1, 30) n))"""
    )
    for module in (meaning, join_by_meaning):
        monkeypatch.setattr(module, "learn_bound", lambda _: SURE)
    monkeypatch.setattr(join_by_meaning, "SUSPECTED", 0.0)  # whatever words say
    refresh_lists(made.store, made.project)
    with made.store.begin() as connection:
        meanings.prepare(connection, NUMBERS)
        connection.execute(
            text("""
            insert into caseforge.meaning (content_id, node_id, candidate_id, framework_key, simulated, vector)
            select content_id, node_id, candidate_id, framework_key, true, cast(array(select case when n = place then 1 else 0 end from generate_series(1, :numbers) n) as halfvec)
            from (select k.content_id, r.node_id, r.candidate_id, r.framework_key, row_number() over (order by r.candidate_id) as place
                  from caseforge.candidate_row r join caseforge.candidate k on k.id = r.candidate_id) numbered
            """),
            {"numbers": NUMBERS},
        )
    return made


def two(shop: Workbench) -> tuple[int, int]:
    """A use case of each of the two processes."""
    found = shop.column("select min(candidate_id) from caseforge.candidate_row group by node_id order by 1")
    return int(found[0]), int(found[1])


def mean_the_same(shop: Workbench, one: int, other: int) -> None:
    shop.change(
        "update caseforge.meaning set vector = (select vector from caseforge.meaning where candidate_id = :one) where candidate_id = :other",
        one=one,
        other=other,
    )


def together(shop: Workbench) -> list[tuple[int, bool]]:
    """The others of the only group of several, with whether each tells the idea in other words; the one that speaks for it is left out."""
    with shop.store.connect() as connection:
        sizes = similar_groups.group_sizes(connection, conditions(connection, CandidateFilter()))
        if not sizes:
            return []
        (size,) = sizes
        found = similar_groups.members(connection, size.group_id, None, None, 10, but=size.group_id)
    return [(member.candidate_id, member.other_words) for member in found]


def test_what_means_the_same_in_other_words_is_one_group(shop: Workbench) -> None:
    one, other = two(shop)
    refresh_similar(shop.store, shop.project)
    assert together(shop) == []
    mean_the_same(shop, one, other)
    refresh_similar(shop.store, shop.project, anew=True)
    assert together(shop) == [(other, True)]


def test_meaning_alone_brings_nothing_together(shop: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # words are asked as they are
    for module in (meaning, join_by_meaning):
        monkeypatch.setattr(module, "learn_bound", lambda _: SURE)
    mean_the_same(shop, *two(shop))
    refresh_similar(shop.store, shop.project)
    assert together(shop) == []


def test_vectors_of_another_kind_bring_nothing_together(shop: Workbench) -> None:
    mean_the_same(shop, *two(shop))
    shop.change("update caseforge.meaning set simulated = false")
    refresh_similar(shop.store, shop.project)
    assert together(shop) == []


def test_who_has_another_vector_is_grouped_once_more_and_nobody_else(shop: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "FEW", 0)  # so that what is new joins groups, as where there are many
    one, other = two(shop)
    refresh_similar(shop.store, shop.project)
    before = shop.query("select candidate_id, group_id from caseforge.similar_candidate where candidate_id <> :id order by 1", id=other)
    mean_the_same(shop, one, other)
    with shop.store.begin() as connection:
        similar_meanings.wait_again(connection, [other])
    assert not refresh_similar(shop.store, shop.project)
    assert together(shop) == [(other, True)]
    assert (
        shop.query("select candidate_id, group_id from caseforge.similar_candidate where candidate_id <> :id order by 1", id=other)
        == before
    )
    with shop.store.begin() as connection:
        similar_meanings.wait_again(connection, [one])  # it speaks for the group, which is given up
    assert not refresh_similar(shop.store, shop.project)
    assert len(together(shop)) == 1


def test_where_words_say_that_they_are_the_same_meaning_changes_nothing(shop: Workbench) -> None:
    one, other = two(shop)
    shop.change(
        "update caseforge.candidate k set title = o.title, fields = o.fields from caseforge.candidate o where o.id = :one and k.id = :other",
        one=one,
        other=other,
    )
    refresh_lists(shop.store, shop.project)
    refresh_similar(shop.store, shop.project)
    ((member, in_other_words),) = together(shop)
    assert (member in (one, other), in_other_words) == (True, False)
