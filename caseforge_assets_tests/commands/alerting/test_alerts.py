"""Alerts: each rule is raised, delivered by mail and webhook, and cleared; nothing is lost, doubled, or shown that is secret."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from caseforge_assets.alerts.rules import Finding, Rule, Severity
from caseforge_assets.alerts.thresholds import Thresholds
from caseforge_assets.commands.alerting.acknowledge_alert import acknowledge_alert
from caseforge_assets.commands.alerting.alert_people import alert_people
from caseforge_assets.commands.alerting.check_alerts import Checked
from caseforge_assets.commands.approving.change_plan import cancel_plan
from caseforge_assets.commands.collecting.cancel_batch import cancel_batch
from caseforge_assets.commands.providing.provider import connect_provider
from caseforge_assets.commands.rounds.poll_batches import LOOKS_BEFORE_UNKNOWN, poll_batches
from caseforge_assets.commands.rounds.settle_batch import fetch_again
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.telling.manage_webhooks import add_webhook, remove_webhook
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.notifications import Address, read_address, send
from caseforge_assets.openai_batch.errors import ProviderStopped
from caseforge_assets.stages.model_rules import MODELS
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.planning import plans
from caseforge_assets.store.serving.events import tell
from caseforge_assets_tests.commands.open_alerts import OPEN, check, later
from caseforge_assets_tests.people import PASSWORD, TOKEN, People, reachable_people
from caseforge_assets_tests.workbench import PROCESS, SHOP, OpenBench, Workbench

NOW = datetime.now(UTC)
REAL = {"bills": True, "budget_usd": Decimal(100)}


@pytest.fixture
def people() -> Iterator[People]:
    with reachable_people() as reachable:
        yield reachable


def addresses(people: People) -> tuple[Address, ...]:
    return tuple(read_address(url) for url in people.urls.split())


def open_rules(bench: Workbench) -> list[str]:
    return [rule for rule, _, _ in bench.query(OPEN)]


def limited(bench: Workbench, **thresholds: Any) -> Workbench:
    return bench.configured(alerts=Thresholds(**thresholds))


# What goes wrong, and what ends it: each yields the bench and the time twice, when the rule is to be raised and when it is to be over.

Course = Iterator[tuple[Workbench, datetime]]


def failed_share(bench: OpenBench) -> Course:
    opened = bench(faults=["http_500:batch=1,match=-1-1-1-r"], alerts=Thresholds(share_min_count=1))
    opened.generate(stages=[PROCESS])
    yield opened, later()
    opened.generate(stages=[PROCESS])
    yield opened, later()


def token_limit(bench: OpenBench) -> Course:
    opened = bench(faults=["truncate:batch=1,match=-1-1-1-r"], alerts=Thresholds(share_min_count=1))
    opened.generate(stages=[PROCESS])
    yield opened, later()
    opened.generate(stages=[PROCESS])
    yield opened, later()


def collected(bench: OpenBench, fault: str) -> Workbench:
    opened = bench(faults=[fault])
    opened.approve(stages=[PROCESS])
    opened.round()
    while opened.column("select state from caseforge.batch") != ["collected"]:
        opened.round(submit=False)
    return opened


def batch_failed(bench: OpenBench) -> Course:
    opened = collected(bench, "reject:batch=1")
    yield opened, later()
    opened.work()
    opened.generate(stages=[PROCESS])  # the line that was refused waits for a person
    opened.change("update caseforge.request set state = 'parked' where state = 'failed'")
    yield opened, later()


def batch_expired(bench: OpenBench) -> Course:
    opened = collected(bench, "expire:share=0.5,batch=1")
    yield opened, later()
    opened.work()
    yield opened, later()


def unknown_batch(bench: OpenBench) -> Course:
    opened = bench(latency_s=60, create_grace_s=0)
    opened.approve(stages=[PROCESS])
    opened.round()
    (known,) = opened.column("select remote_id from caseforge.batch")
    opened.change("update caseforge.batch set remote_id = 'batch_elsewhere'")
    for _ in range(LOOKS_BEFORE_UNKNOWN):
        poll_batches(opened.project)
    yield opened, later()
    opened.change("update caseforge.batch set remote_id = :known", known=known)
    poll_batches(opened.project)
    yield opened, later()


def short_results(bench: OpenBench) -> Course:
    opened = bench(faults=["wrong_download:how=half,call=1"], missing_files_grace_s=0, poll_interval_s=3_000)
    opened.approve(stages=[PROCESS])
    opened.round()
    while not opened.column("select is_held from caseforge.batch")[0]:
        opened.round()
    yield opened, later()
    assert fetch_again(opened.project, "1", by="test")
    yield opened, later()


def stray_lines(bench: OpenBench) -> Course:
    opened = bench(
        faults=["unknown_custom_id:batch=1,match=-1-1-1-r", "not_json:batch=1,match=-1-1-2-r"], alerts=Thresholds(off=("failed_share",))
    )
    opened.generate(stages=[PROCESS])
    yield opened, later()
    (alert,) = opened.column("select id from caseforge.alert where rule = 'stray_lines'")
    with opened.store.begin() as connection:
        assert alerts.acknowledge(connection, alert, "kim", later())
    yield opened, later()


def usage_differs(bench: OpenBench) -> Course:
    opened = bench(faults=["odd_batch:how=usage_wrong"])
    opened.generate(stages=[PROCESS])
    yield opened, later()
    (alert,) = opened.column("select id from caseforge.alert where rule = 'usage_differs'")
    with opened.store.begin() as connection:
        assert alerts.acknowledge(connection, alert, "kim", later())
    yield opened, later()


def too_long(bench: OpenBench) -> Course:
    opened = bench()
    opened.load([(code, key, name, "Mend it well. " * 400 if code == "1.1.1" else text) for code, key, name, text in SHOP])
    small = replace(MODELS["gpt-6.1-sol"], context_tokens=PROCESS.default_max_completion_tokens + 1_450)
    with patch.dict(MODELS, {"gpt-6.1-sol": small}):
        opened.generate("1.1.1", stages=[PROCESS])
    yield opened, later()
    opened.generate("1.1.1", stages=[PROCESS])
    yield opened, later()


def model_ends(bench: OpenBench) -> Course:
    opened = bench()
    ends = replace(MODELS["gpt-6.1-sol"], shutdown=datetime.now(UTC).date() + timedelta(days=20), successor="gpt-7-sol")
    with patch.dict(MODELS, {"gpt-6.1-sol": ends}):
        yield opened, later()
    yield opened.configured(openai_model="gpt-6.1-terra"), later()


def plan_open(bench: OpenBench) -> Course:
    opened = bench(latency_s=1)
    opened.approve(stages=[PROCESS])
    opened.round()
    yield opened, later(hours=36.1)
    opened.work()
    yield opened, later(hours=36.1)


def plan_waits(bench: OpenBench) -> Course:
    opened = bench(**REAL)
    plan = opened.draft(stages=[PROCESS])
    with opened.store.begin() as connection:
        plans.decide(connection, plan.id, True, Decimal("0.01"))
    opened.round()
    yield opened, later()
    with opened.store.begin() as connection:
        cancel_plan(connection, plan.id, by="kim")
    yield opened, later()


def silence(bench: OpenBench) -> Course:
    opened = bench(latency_s=1)
    opened.approve(stages=[PROCESS])
    opened.round()
    assert not check(opened, later(hours=25.9)).raised
    yield opened, later(hours=26.1)
    opened.work()
    yield opened, later(hours=26.1)


def cost_over_estimate(bench: OpenBench) -> Course:
    opened = bench(**REAL, alerts=Thresholds(cost_min_answers=6))
    opened.generate(stages=[PROCESS])
    opened.change("update caseforge.attempt set expected_cost_usd = cost_usd / 1.25")
    yield opened, later()
    opened.change("update caseforge.attempt set expected_cost_usd = cost_usd / 1.195")
    assert not check(opened).cleared  # still about the threshold
    opened.change("update caseforge.attempt set expected_cost_usd = cost_usd")
    yield opened, later()


def cost_over_baseline(bench: OpenBench) -> Course:
    opened = bench(**REAL, alerts=Thresholds(cost_min_answers=6, off=("cost_over_estimate",)))
    opened.generate(stages=[PROCESS])
    opened.generate(stages=[PROCESS], ask_again=True)
    newer = "from caseforge.batch b where b.id = a.batch_id and b.id > 1"
    opened.change(
        f"update caseforge.attempt a set cost_usd = 1.3 * (select avg(cost_usd) from caseforge.attempt where batch_id = 1) {newer}"
    )
    yield opened, later()
    opened.change(f"update caseforge.attempt a set cost_usd = (select avg(cost_usd) from caseforge.attempt where batch_id = 1) {newer}")
    yield opened, later()


def budget(bench: OpenBench) -> Course:
    opened = bench(**REAL, alerts=Thresholds(off=("cost_over_estimate",)))
    opened.generate(stages=[PROCESS])
    (spent,) = opened.column("select sum(cost_usd) from caseforge.attempt")
    yield opened.configured(budget_usd=spent / Decimal("0.85")), later()
    yield opened, later()


def authentication(bench: OpenBench) -> Course:
    opened = bench(latency_s=60, faults=["reply_error:when=before,status=401,code=invalid_api_key,call=1,match=^GET /v1/batches/"])
    opened.approve(stages=[PROCESS])
    opened.round()
    with pytest.raises(ProviderStopped):
        poll_batches(opened.project)
    yield opened, later()
    connect_provider(opened.store, opened.provider.client)
    yield opened, later()


def webhook_given_up(bench: OpenBench) -> Course:
    opened = bench()
    with opened.store.begin() as connection:
        hook = add_webhook(connection, "https://hooks.example.org/a-secret-of-many-letters", (), None, allowed=(), by="test")
        tell(connection, EventKind.plan_waiting, "plan 1")
    number_events(opened.store)
    opened.change("update caseforge.webhook_delivery set state = 'dead', problem = 'it answered 500'")
    yield opened, later()
    with opened.store.begin() as connection:
        remove_webhook(connection, hook.id, by="test")
    yield opened, later()


COURSES: dict[str, Callable[[OpenBench], Course]] = {
    course.__name__: course
    for course in (
        failed_share,
        token_limit,
        batch_failed,
        batch_expired,
        unknown_batch,
        short_results,
        stray_lines,
        usage_differs,
        too_long,
        model_ends,
        plan_open,
        plan_waits,
        silence,
        cost_over_estimate,
        cost_over_baseline,
        budget,
        authentication,
        webhook_given_up,
    )
}


def test_every_rule_has_a_course() -> None:
    assert set(COURSES) == {str(rule) for rule in Rule}


@pytest.mark.slow
@pytest.mark.parametrize("rule", COURSES)
def test_every_alert_is_raised_once_delivered_and_cleared(rule: str, bench: OpenBench, people: People) -> None:
    course = COURSES[rule](bench)
    wrong, now = next(course)
    checked, delivered = alert_people(wrong.store, wrong.project, addresses(people), now)
    assert rule in open_rules(wrong)
    assert delivered.problems == {}
    assert not check(wrong, now).changed
    for titles_and_bodies in (people.mails, people.hooks):
        ((title, body),) = titles_and_bodies
        assert title.startswith("CaseForge: ")
        assert rule in body
    assert len(checked.raised) == len(wrong.query(OPEN))
    over, now = next(course)
    alert_people(over.store, over.project, addresses(people), now)
    assert open_rules(over) == []
    for titles_and_bodies in (people.mails, people.hooks):
        _, (title, body) = titles_and_bodies
        assert "cleared" in title
        assert f"cleared: {rule}" in body
    assert not check(over, now).changed


def test_what_happened_once_is_not_told_again_when_its_nodes_are_asked_anew(bench: OpenBench) -> None:
    course = failed_share(bench)
    opened, _ = next(course)
    check(opened)
    next(course)
    assert check(opened).cleared
    opened.draft(ask_again=True, stages=[PROCESS])  # all nodes are pending again
    assert not check(opened).raised


def test_a_batch_that_a_person_took_back_is_no_alert(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    cancel_batch(opened.project, "1", by="test")
    assert not check(opened).raised


def test_too_many_tokens_at_once_are_no_alert_because_smaller_batches_follow(bench: OpenBench) -> None:
    opened = bench(faults=["token_limit_exceeded:limit=3000"])
    opened.approve(stages=[PROCESS])
    opened.round()
    while "collected" not in opened.column("select state from caseforge.batch"):
        opened.round(submit=False)
    assert opened.column("select remote_status from caseforge.batch") == ["failed"]
    assert not check(opened).raised


@pytest.mark.slow
def test_a_budget_escalates_when_it_is_used_up(bench: OpenBench, people: People) -> None:
    course = budget(bench)
    opened, now = next(course)
    alert_people(opened.store, opened.project, addresses(people), now)
    assert opened.query(OPEN) == [("budget", "all frameworks", "warning")]
    (spent,) = opened.column("select sum(cost_usd) from caseforge.attempt")
    full = opened.configured(budget_usd=spent)
    checked, _ = alert_people(full.store, full.project, addresses(people), now)
    assert len(checked.escalated) == 1
    assert "CRITICAL (was a warning): budget" in people.mails[1][0]
    assert "nothing more is sent until budget_usd is raised" in people.hooks[1][1]
    assert not check(full).changed


def test_a_warning_that_nobody_acknowledges_becomes_critical(bench: OpenBench) -> None:
    opened, _ = next(batch_expired(bench))
    check(opened)
    assert opened.query(OPEN) == [("batch_expired", "batch 1", "warning")]
    assert not check(opened, later(hours=11.9)).changed
    assert check(opened, later(hours=12.1)).escalated == (1,)
    assert not check(opened, later(hours=30)).changed


def test_an_acknowledged_warning_stays_what_it_is(bench: OpenBench) -> None:
    opened, _ = next(batch_expired(bench))
    check(opened)
    with opened.store.begin() as connection:
        acknowledge_alert(connection, 1, "kim", later())
    assert not check(opened, later()).cleared
    assert not check(opened, later(hours=30)).changed
    assert opened.query("select severity, acknowledged_by from caseforge.alert") == [("warning", "kim")]
    with pytest.raises(LookupError, match="there is no open alert 99"), opened.store.begin() as connection:
        acknowledge_alert(connection, 99, "kim", later())


def test_a_refused_creation_stops_sending_and_is_critical(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=401,code=invalid_api_key"])
    opened.approve(stages=[PROCESS])
    with pytest.raises(ProviderStopped):
        opened.round()
    check(opened)
    found = {rule: severity for rule, _, severity in opened.query(OPEN)}
    assert found == {"authentication": "critical", "batch_failed": "critical"}


@pytest.mark.slow
def test_two_processes_raise_and_deliver_once(bench: OpenBench, people: People) -> None:
    opened, now = next(failed_share(bench))
    both = threading.Barrier(2)

    def look() -> None:
        both.wait()
        alert_people(opened.store, opened.project, addresses(people), now)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened.column("select count(*) from caseforge.alert") == [1]
    assert (len(people.mails), len(people.hooks)) == (1, 1)


@pytest.mark.slow
def test_what_one_address_does_not_take_is_tried_again_later_and_the_other_gets_it_once(bench: OpenBench, people: People) -> None:
    opened, now = next(failed_share(bench))
    people.hook_status = 503
    _, delivered = alert_people(opened.store, opened.project, addresses(people), now)
    (name,) = delivered.problems
    assert name.startswith("json-")
    assert "503" in delivered.problems[name]
    people.hook_status = 200
    alert_people(opened.store, opened.project, addresses(people), now + timedelta(seconds=59))
    assert (len(people.mails), people.hooks) == (1, [])
    alert_people(opened.store, opened.project, addresses(people), now + timedelta(seconds=61))
    assert (len(people.mails), len(people.hooks)) == (1, 1)
    assert opened.column("select distinct problem from caseforge.alert_delivery") == [""]


@pytest.mark.slow
def test_who_has_no_address_leaves_the_message_to_those_who_have(bench: OpenBench, people: People) -> None:
    opened, now = next(failed_share(bench))
    alert_people(opened.store, opened.project, (), now)
    assert people.mails == []
    alert_people(opened.store, opened.project, addresses(people), now)
    assert len(people.mails) == 1


@pytest.mark.slow
def test_a_killed_delivery_is_repeated_and_not_lost(bench: OpenBench, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, now = next(failed_share(bench))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "note_delivered", killed)
        with pytest.raises(KeyboardInterrupt):
            alert_people(opened.store, opened.project, addresses(people), now)
    alert_people(opened.store, opened.project, addresses(people), now)
    assert (len(people.mails), len(people.hooks)) == (2, 1)  # at least once, each


def test_no_part_of_an_address_is_stored_or_logged(bench: OpenBench, people: People, caplog: pytest.LogCaptureFixture) -> None:
    opened, now = next(failed_share(bench))
    people.hook_status = 500
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # the mail server's own
    with caplog.at_level(logging.DEBUG):
        _, delivered = alert_people(opened.store, opened.project, addresses(people), now)
    stored = str(opened.query("select address, problem from caseforge.alert_delivery"))
    for secret in (PASSWORD, TOKEN, "ops@example.test"):
        assert secret not in stored
        assert secret not in str(delivered)
        assert secret not in caplog.text
        assert secret not in repr(addresses(people))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("slak://TokenAAAA/TokenBBBB/TokenCCCC", "slak-"),
        ("hook-t0ken-9f8e7d", "unreadable-"),
        ("json://127.0.0.1:1/hook-t0ken-9f8e7d", "onnection error"),
        ("mailto://forge:s3cret-Passw0rd@127.0.0.1:1?to=a@example.test&from=a@example.test&mode=insecure", "onnection error"),
    ],
)
def test_an_address_that_takes_nothing_says_so_without_showing_itself(url: str, said: str) -> None:
    problem = send(read_address(url), "title", "text")
    assert said in problem
    for secret in ("TokenAAAA", "TokenBBBB", TOKEN, PASSWORD, "a@example.test"):
        assert secret not in problem


@pytest.mark.slow
def test_old_news_is_not_sent_to_a_new_address(bench: OpenBench, people: People) -> None:
    opened, now = next(failed_share(bench))
    check(opened, now)
    alert_people(opened.store, opened.project, addresses(people), now + timedelta(days=4))
    assert ["WARNING: failed_share" in body for _, body in people.mails] == [False]  # only that it became critical since


def test_what_ended_long_ago_raises_nothing(bench: OpenBench) -> None:
    opened, _ = next(failed_share(bench))
    assert not check(opened, later(hours=24 * 8)).raised


def test_an_empty_store_has_no_alert(bench: OpenBench) -> None:
    assert check(bench()) == Checked()


@pytest.mark.parametrize("key", ["plan", "batch"])
def test_a_framework_may_be_called_as_what_other_alerts_are_about(bench: OpenBench, key: str) -> None:
    opened = bench()
    about_its_budget = Finding(Rule.budget, key, Severity.warning, "nearly spent", key)
    with opened.store.begin() as connection:
        alerts.raise_alert(connection, about_its_budget, later())
    assert len(check(opened).cleared) == 1
