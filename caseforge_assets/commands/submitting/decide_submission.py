"""Decides whether a submission is due, for those who ask every few seconds."""

from __future__ import annotations

from caseforge_assets.batches.due import Due
from caseforge_assets.batches.states import Wish
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.submitting.foresee_sending import foresee_sending
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.requests import pending
from caseforge_assets.store.serving import wishes
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.wording import counted

AGAIN_AFTER_S = 600.0  # what could be sent and still is there then is tried again: its submission may have failed
LEFT_AFTER_S = 60.0  # a batch that is planned and not created by then was left by somebody who ended


def decide_submission(connection: Connection, project: OpenProject) -> Due:
    """Due while something may be sent and no new requests are being made; at once where somebody wished for it, who is told when nothing is.

    Its key names what would be sent and how many batches are through: each one that ends may make room, or put requests back.
    """
    asked = [wish.id for wish in wishes.open_wishes(connection, Wish.submit)]
    if asked:  # whoever wishes for it wants a provider that stopped to be tried again
        providers.set_stopped(connection, project.provider.id, None)
    foreseen, stopped = (
        foresee_sending(connection, project, unattended=True),
        providers.stop_text(connection, project.provider.id),
    )
    unsent = [] if stopped else batches.left_unsent(connection, project.provider.id, LEFT_AFTER_S)
    if not foreseen.ready and not unsent:
        reasons = "; ".join(reason for reason in (*foreseen.waits, foreseen.no_room) if reason)
        why_not = reasons or stopped or "nothing may be sent"
        wishes.finish(connection, asked, why_not)
        return Due(why_not=why_not)
    age_s = pending.seconds_since_newest(connection) or 0.0
    if foreseen.ready and not asked and age_s < project.configuration.quiet_period_s:
        waited = f"when none was made for {project.configuration.quiet_period_s:g} s"
        return Due(why_not=f"requests are still being made; {counted(len(foreseen.ready), 'is', 'are')} sent {waited}")
    through, left = batches.count_collected(connection, project.provider.id), "-".join(map(str, unsent)) or "none"
    wished = f"-wish-{asked[-1]}" if asked else ""
    return Due(f"submit-{foreseen.mark}-left-{left}-through-{through}-{age_s // AGAIN_AFTER_S:.0f}{wished}")
