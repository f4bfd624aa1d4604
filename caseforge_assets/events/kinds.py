"""The kinds of events, and the states of their delivery to webhooks."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """Kinds of events, as streams and webhooks name them."""

    framework_loaded = "framework.loaded"
    plan_waiting = "plan.waiting"
    plan_approved = "plan.approved"
    plan_declined = "plan.declined"
    plan_cancelled = "plan.cancelled"
    plan_raised = "plan.raised"
    batch_created = "batch.created"
    batch_progress = "batch.progress"
    batch_collected = "batch.collected"
    node_failed = "node.failed"
    content_edited = "content.edited"
    use_case_decided = "usecase.decided"
    use_case_commented = "usecase.commented"
    portfolio_changed = "portfolio.changed"
    alert_raised = "alert.raised"
    alert_escalated = "alert.escalated"
    alert_cleared = "alert.cleared"


class DeliveryState(StrEnum):
    """States of an event's delivery to a webhook; dead ones were tried for as long as they are, or their webhook was removed."""

    waiting = "waiting"
    delivered = "delivered"
    dead = "dead"
