"""A model that ends: said while there is time, and sent nothing when a batch would not be through before."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from caseforge_assets.alerts.rules import Rule, Severity
from caseforge_assets.commands.alerting.check_alerts import check_alerts
from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.commands.providing.check_models import endings_said, refuse_broken_rules
from caseforge_assets.commands.reporting.check_framework import check_framework
from caseforge_assets.reports.checks import MODEL_LASTS
from caseforge_assets.settings import Configuration, ConfigurationError, StageOverrides
from caseforge_assets.stages.model_rules import MODELS, MODELS_FILE, ending_of
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.submitting import providers
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

MODEL = Configuration().openai_model
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
A_DAY = timedelta(hours=24)


@pytest.fixture
def ends_in(monkeypatch: pytest.MonkeyPatch) -> object:
    """Lets the default model end in so many days, with a successor."""

    def end(days: int) -> date:
        day = datetime.now(UTC).date() + timedelta(days=days)
        monkeypatch.setitem(MODELS, MODEL, replace(MODELS[MODEL], shutdown=day, successor="gpt-7-sol"))
        return day

    return end


@pytest.mark.parametrize(
    ("day", "known", "refused"),
    [
        (date(2027, 1, 16), False, False),
        (date(2027, 1, 15), True, False),
        (date(2026, 12, 3), True, False),
        (date(2026, 12, 2), True, True),
        (date(2026, 12, 1), True, True),
        (date(2026, 11, 30), True, True),
    ],
)
def test_an_end_is_near_from_45_days_before_and_too_near_when_a_batch_would_not_be_through(day: date, known: bool, refused: bool) -> None:
    ending = ending_of("a-model-of-our-own", NOON, {"a-model-of-our-own": day}, A_DAY)
    assert (ending is not None, bool(ending and ending.refused)) == (known, refused)


def test_a_longer_window_ends_earlier_and_a_shorter_one_later() -> None:
    ends = {"a-model-of-our-own": date(2026, 12, 5)}
    found = {days: ending_of("a-model-of-our-own", NOON, ends, timedelta(days=days)) for days in (1, 7)}
    assert {days: ending.refused for days, ending in found.items() if ending} == {1: False, 7: True}
    assert "before a batch sent now has had its 7 days" in found[7].text  # type: ignore[union-attr]
    soon = ending_of("a-model-of-our-own", NOON, {"a-model-of-our-own": date(2026, 12, 2)}, timedelta(hours=1))
    assert soon is not None
    assert not soon.refused


def test_the_table_says_when_gpt_5_ends_and_what_follows_it() -> None:
    table = tomllib.loads(MODELS_FILE.read_text(encoding="utf-8"))
    named = {name: (table[name]["shutdown"], table[name]["successor"]) for name in ("gpt-5", "gpt-5-mini", "gpt-5-nano")}
    day = date(2026, 12, 11)
    assert named == {"gpt-5": (day, "gpt-6.1-sol"), "gpt-5-mini": (day, "gpt-6.1-terra"), "gpt-5-nano": (day, "gpt-6-luna")}


def test_what_the_provider_says_counts_before_the_table_also_of_dated_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "gpt-5", replace(MODELS["gpt-5"], shutdown=date(2026, 12, 11)))
    assert ending_of("gpt-5", NOON, {"gpt-5": date(2028, 1, 1)}, A_DAY) is None
    for model in ("gpt-5", "gpt-5-2025-08-07"):
        ending = ending_of(model, NOON, {}, A_DAY)
        assert ending is not None
        assert (ending.day, ending.days_left, ending.successor) == (date(2026, 12, 11), 10, "gpt-6.1-sol")
    assert ending_of("gpt-5", NOON, {"gpt-5": date(2026, 12, 2)}, A_DAY).refused  # type: ignore[union-attr]


def test_it_is_said_with_the_successor_and_the_line_to_change(ends_in) -> None:
    day = ends_in(20)
    said = f'{MODEL} ends on {day}, in 20 days; its successor is gpt-7-sol: write openai_model = "gpt-7-sol"'
    assert endings_said(Configuration(), [PROCESS, USECASES], {}) == [said]
    refuse_broken_rules(Configuration(), [PROCESS, USECASES], {})


@pytest.mark.parametrize("days", [1, 0, -5])
def test_a_model_that_ends_tomorrow_is_refused_before_anything_is_sent(ends_in, days: int) -> None:
    ends_in(days)
    own = Configuration(stages={"usecases": StageOverrides(model=MODEL)})
    with pytest.raises(ConfigurationError) as refused:
        refuse_broken_rules(own, [PROCESS, USECASES], {})
    assert 'openai_model = "gpt-7-sol"' in str(refused.value)
    assert 'stages.usecases.model = "gpt-7-sol"' in str(refused.value)
    refuse_broken_rules(own.model_copy(update={"check_model_rules": False}), [PROCESS, USECASES], {})


def held_back(opened: Workbench) -> str:
    done = opened.round()
    assert done.submitted == ()
    assert opened.column("select count(*) from caseforge.batch") == [0]
    assert opened.stats()["requests_accepted"] == 0
    return done.held_back


def test_requests_that_were_approved_before_are_held_back(bench: OpenBench, ends_in) -> None:
    """As the sensor and Dagster's jobs find them: they plan nothing themselves."""
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    ends_in(1)
    assert "its successor is gpt-7-sol" in held_back(opened)


def test_the_day_that_the_provider_announces_is_remembered_and_kept_to(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with opened.store.begin() as connection:
        providers.set_model_ends(connection, opened.provider.id, {MODEL: tomorrow})
    assert f"{MODEL} ends on {tomorrow}" in held_back(opened)


@pytest.mark.slow
def test_after_the_change_everything_is_asked_of_the_successor_and_nothing_twice(bench: OpenBench, ends_in) -> None:
    opened = bench()
    opened.generate("1.1.1", "1.1.2")
    ends_in(-1)
    assert "ended on" in held_back_of_new(opened)
    later = opened.configured(openai_model="gpt-6.1-terra")
    later.generate()
    assert opened.stats()["requests_accepted"] == 2 * 6
    assert later.query("select model, sum(request_count) from caseforge.batch group by 1 order by 1") == [(MODEL, 4), ("gpt-6.1-terra", 8)]


def held_back_of_new(opened: Workbench) -> str:
    opened.approve()
    return opened.round().held_back


@pytest.mark.parametrize(("days", "severity"), [(30, Severity.warning), (1, Severity.critical)])
def test_an_alert_and_a_check_say_so(bench: OpenBench, ends_in, days: int, severity: Severity) -> None:
    opened = bench()
    ends_in(days)
    check_alerts(opened.store, opened.project, datetime.now(UTC))
    with opened.store.connect() as connection:
        (alert,) = [alert for alert in alerts.newest(connection) if alert.rule == Rule.model_ends]
        statuses = asset_statuses(connection, opened.project, KEY)
        checks = [status for status in check_framework(connection, opened.project, KEY, statuses) if status.name == MODEL_LASTS]
    assert (alert.severity, "gpt-7-sol" in alert.text) == (severity, True)
    assert [(check.passed, check.severe) for check in checks] == [(False, days == 1)] * 2
    check_alerts(opened.store, opened.configured(openai_model="gpt-6.1-terra").project, datetime.now(UTC))
    with opened.store.connect() as connection:
        assert [alert for alert in alerts.newest(connection) if alert.rule == Rule.model_ends] == []
