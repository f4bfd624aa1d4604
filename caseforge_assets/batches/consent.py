"""The consent of one command: the plans that were named to a person with their price may be sent, and nothing else.

A command that asks for consent, or shows a price, gives its rounds the plans that it named; one that carries out what was approved
before (submit, monitor, sensors and jobs) names each batch before it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent to all that these approved plans hold, with what follows from it, or to these requests of approved plans; to every approved plan where neither is given."""

    plan_ids: frozenset[int] | None = None
    request_ids: frozenset[int] | None = None

    def covers(self, request_id: int, plan_id: int | None) -> bool:
        """Tells whether it covers this request of this plan (None: of none)."""
        of_plans = self.plan_ids is None or plan_id in self.plan_ids
        return of_plans and (self.request_ids is None or request_id in self.request_ids)


EVERYTHING = Consent()
