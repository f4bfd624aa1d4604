"""check alerts: what is wrong is raised once, escalated and cleared. Safe to be run by any number of processes at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from caseforge_assets.alerts.changes import Changes, Event, OpenAlert, decide_changes
from caseforge_assets.alerts.figures import BudgetFigures, EndingModel, Figures
from caseforge_assets.alerts.findings import find
from caseforge_assets.alerts.rules import Finding
from caseforge_assets.commands.providing.check_models import stage_ending
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.event_log import log_event
from caseforge_assets.events.addresses import shown_url
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.settings import Configuration
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import setting_key
from caseforge_assets.stages.judgement import BATCHES_DOING, TRUNCATED, Outcome
from caseforge_assets.store.alerting import alert_figures, alerts
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction
from caseforge_assets.store.planning import plans
from caseforge_assets.store.serving.events import tell
from caseforge_assets.store.submitting import providers

LOOKS_BACK = timedelta(days=7)  # what ended earlier raises nothing any more
FAILED = tuple(outcome for outcome in Outcome if not outcome.good and outcome not in BATCHES_DOING)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """The numbers of the alerts that a check has raised, escalated or cleared."""

    raised: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()
    cleared: tuple[int, ...] = ()

    @property
    def changed(self) -> bool:
        """Tells whether people are to be told."""
        return bool(self.raised or self.escalated or self.cleared)


def check_alerts(store: Engine, project: Project, now: datetime) -> Checked:
    """Applies every rule that is on, and leaves a message about each change; `deliver_alerts` takes them to people."""
    with store.begin() as connection:
        lock_in_transaction(connection, "check alerts")
        open_alerts = alerts.open_alerts(connection)
        figures = _read_figures(connection, project, now, open_alerts)
        findings = find(figures, project.configuration.thresholds, now, {alert.key for alert in open_alerts})
        told = alerts.cleared_keys(connection, findings) if findings else set()
        changes = decide_changes(open_alerts, findings, told, project.configuration.thresholds, now)
        return _write(connection, changes, now)


def _read_figures(connection: Connection, project: Project, now: datetime, open_alerts: Sequence[OpenAlert]) -> Figures:
    """Gives what the rules look at: what is under way, what ended lately, and whatever an open alert is about."""
    since = now - LOOKS_BACK
    batches = alert_figures.batches(connection, since, _numbers(open_alerts, "batch"), FAILED, TRUNCATED)
    of_plans = alert_figures.plans(connection, since, _numbers(open_alerts, "plan"))
    run_costs = alert_figures.run_costs(connection, [plan.id for plan in of_plans if plan.answers])
    return Figures(
        batches=tuple(batches),
        unsent=tuple(alert_figures.unsent(connection)),
        plans=tuple(of_plans),
        waiting_plans=tuple(alert_figures.waiting_plans(connection)),
        run_costs=tuple(run_costs),
        budgets=tuple(_budgets(connection, project.configuration)),
        providers=tuple(alert_figures.providers(connection)),
        ending_models=tuple(_ending_models(connection, project)),
        webhooks=tuple(replace(webhook, url=shown_url(webhook.url)) for webhook in alert_figures.webhooks(connection)),
    )


def _numbers(open_alerts: Sequence[OpenAlert], kind: str) -> list[int]:
    """Of subjects such as `batch 7` or `plan 3 usecases gpt-5`; a framework may be called `plan`."""
    found = (re.match(rf"{kind} (\d+)\b", alert.subject) for alert in open_alerts)
    return [int(match[1]) for match in found if match]


def _budgets(connection: Connection, configuration: Configuration) -> list[BudgetFigures]:
    committed = plans.committed_by_framework(connection)
    found = [
        BudgetFigures(key, entry.budget_usd, committed.get(key, Cost()).known_usd, committed.get(key, Cost()).unknown)
        for key, entry in configuration.frameworks.items()
        if entry.budget_usd is not None
    ]
    if configuration.budget_usd is not None:
        over_all = total(committed.values())
        found.append(BudgetFigures(None, configuration.budget_usd, over_all.known_usd, over_all.unknown))
    return found


def _ending_models(connection: Connection, project: Project) -> list[EndingModel]:
    ends = providers.model_ends(connection)
    found = (
        (stage_ending(project.configuration, stage, ends), setting_key(project.configuration, stage, "model")) for stage in project.stages
    )
    return list(dict.fromkeys(EndingModel(ending, key) for ending, key in found if ending is not None))


def _write(connection: Connection, changes: Changes, now: datetime) -> Checked:
    raised = []
    for finding in changes.raised:
        alert_id = alerts.raise_alert(connection, finding, now)
        if alert_id is not None:
            raised.append(alert_id)
            _say(connection, Event.raised, alert_id, finding, finding.text)
    for alert, text in changes.escalated:
        alerts.escalate(connection, alert.id, text, now)
        _say(connection, Event.escalated, alert.id, alert, text)
    for alert, text in changes.reworded:
        alerts.reword(connection, alert.id, text)
    for alert in changes.cleared:
        alerts.clear(connection, alert.id, f"It is over. It was: {alert.text}", now)
        _say(connection, Event.cleared, alert.id, alert, alert.text)
    return Checked(tuple(raised), tuple(alert.id for alert, _ in changes.escalated), tuple(alert.id for alert in changes.cleared))


_KINDS = {Event.raised: EventKind.alert_raised, Event.escalated: EventKind.alert_escalated, Event.cleared: EventKind.alert_cleared}


def _say(connection: Connection, event: Event, alert_id: int, about: Finding | OpenAlert, text: str) -> None:
    told = {"alert": alert_id, "rule": about.rule, "about": about.subject, "severity": about.severity, "text": text}
    tell(connection, _KINDS[event], f"alert {alert_id}", about.framework_key, told)
    log_event(log, f"alert {event}", alert=alert_id, rule=about.rule, subject=about.subject, severity=about.severity, text=text)
