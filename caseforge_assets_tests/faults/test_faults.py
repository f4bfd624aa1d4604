"""Killed, unanswered, doubled, raced: paid once, stored once, and Dagster shows every node right. The cases are those of the bench."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from benchmarks.faults import calls, creating, downloads, duplicates, echoes, jobs, kills, layers, listings, mutants, races, refusals, storm
from benchmarks.faults.__main__ import OTHERS
from benchmarks.faults.disturbed import run_disturbed
from benchmarks.faults.hook import Moment
from benchmarks.faults.rows import NotInjected, Row
from benchmarks.faults.world import World

pytestmark = pytest.mark.slow


def assert_good(rows: Iterable[Row], count: int) -> None:
    found = list(rows)
    assert [row for row in found if not row.good] == []
    assert len(found) == count


def test_killed_at_the_moments_that_cost_most(world: World) -> None:
    assert_good(kills.run_kills(world, kills.SHORT, ["usecases"]), len(kills.SHORT))


def test_a_creation_that_is_accepted_without_an_answer_while_the_list_is_late(world: World) -> None:
    assert_good(creating.run_creating(world, creating.SHORT, ["process_details"]), 1)


def test_created_twice(world: World) -> None:
    assert_good(duplicates.run_duplicates(world, duplicates.SHORT, ["usecases"]), 1)


def test_killed_while_the_second_batch_is_found_and_taken_in(world: World) -> None:
    assert_good(duplicates.run_kills_while_settling(world, duplicates.SHORT_MOMENTS, ["usecases"]), len(duplicates.SHORT_MOMENTS))


def test_a_job_of_dagster_that_is_killed(world: World) -> None:
    assert_good(jobs.run_jobs(world, jobs.SHORT, ["usecases"]), len(jobs.SHORT))


def test_a_service_that_is_killed_while_it_answers(world: World) -> None:
    assert_good(calls.run_calls(world, calls.SHORT), len(calls.SHORT))


def test_several_processes_at_once(world: World) -> None:
    assert_good(races.run_races(world, races.SHORT, races.FEW_NODES), 1)


def test_killed_after_every_step_of_both_stages(world: World) -> None:
    assert len({moment.operation for moment in kills.HALF}) >= 14
    some = kills.HALF[::3]  # the bench takes all of them
    assert_good(kills.run_kills(world, some), sum(len(kills.moments_of(stage, some)) for stage in kills.STAGES))
    assert_good(kills.run_kills(world, some[::2], kills.CHOSEN), len(kills.moments_of("usecase_specs", some[::2])))


@pytest.mark.parametrize("stage", kills.STAGES)
def test_every_operation_of_an_undisturbed_run_is_killed_at(world: World, stage: str) -> None:
    ended, moments = kills.trace(world, stage)
    assert (ended.status, ended.errors) == (0, "")
    killed_at = {str(Moment(moment.when, moment.operation)) for moment in kills.MOMENTS}
    assert {moment.rstrip(" 0123456789") for moment in moments} <= killed_at


def test_a_kill_that_never_comes_is_no_test(world: World) -> None:
    with pytest.raises(NotInjected, match="ended with 0"):
        kills.kill_and_restart(world, "usecases", Moment("before", "cancel"))


def test_every_unclear_creation(world: World) -> None:
    assert_good(creating.run_creating(world, stages=["process_details"]), len(creating.FAULTS))


def test_every_course_of_duplicates(world: World) -> None:
    assert_good(duplicates.run_duplicates(world, stages=["usecases"]), len(duplicates.FAULTS))


def test_a_race_at_full_size(world: World) -> None:
    assert_good(races.run_races(world, ["two that submit and two that collect, at once"]), 1)


def test_creations_lists_and_batches_that_are_not_what_they_should_be(world: World) -> None:
    chosen = (*refusals.SHORT, *listings.SHORT)
    assert_good(run_disturbed(world, chosen), len(chosen))


def test_downloads_that_are_not_the_file(world: World) -> None:
    assert_good(run_disturbed(world, downloads.SHORT), len(downloads.SHORT))


def test_a_provider_that_repeats_the_key(world: World) -> None:
    assert_good(run_disturbed(world, echoes.SHORT), len(echoes.SHORT))


def test_each_layer_against_double_submission_alone(world: World) -> None:
    assert_good(layers.run_layers(world), len(layers.ALONE))


@pytest.mark.parametrize("name", ["double create", "swapped answers", "no unique index", "forgotten event"])
def test_what_is_broken_is_noticed(world: World, name: str) -> None:
    [mutant] = [mutant for mutant in mutants.MUTANTS if mutant.name == name]
    [noticed] = mutants.run_mutants(world, [mutant])
    assert not noticed.survived


def test_a_mutant_that_nobody_notices_survives(world: World) -> None:
    [whole] = [mutant for mutant in mutants.MUTANTS if mutant.name == "cost × 2"]
    [noticed] = mutants.run_mutants(world, [replace(whole, name="no unique index")])
    assert noticed.survived


@pytest.mark.parametrize("like", OTHERS)
def test_at_other_providers(world: World, like: str) -> None:
    moments = (*kills.SHORT, Moment("before", "create"), Moment("after", "create"))
    assert_good(kills.run_kills(world, moments, ["process_details"], like), len(moments))
    assert_good(creating.run_creating(world, ["a reset, not accepted", *creating.SHORT], ["usecases"], like), 2)


def test_a_storm_of_faults_and_kills(world: World) -> None:
    assert_good(storm.run_storm(world, storm.SHORT_NODES, storm.SHORT_KILLS), 1)
