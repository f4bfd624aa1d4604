"""The states of batches, requests and plans, each list with the sets that people ask for beside it, and a provider's statuses of a batch.

Queries are made from these lists, as from `Outcome`: no other place names states in SQL.
"""

from enum import StrEnum

NOT_TO_BE_FOUND = (
    "cannot be looked up at its provider"  # how the reason of a batch in state creating begins when only a person can settle it
)
# how the reason of a refused batch ends that a person took back, itself or with its plan
TAKEN_BACK, TAKEN_BACK_WITH_PLAN = "cancelled before it was created", "was cancelled before the batch was created"

WAITS_FOR_ROOM = "the account has no room for its tokens now"  # how the reason begins of a batch that was refused for that alone


class WrongState(ValueError):
    """The state of a plan, a batch or a pair does not allow what is asked; the text says which it is. Nothing was changed."""


class BatchState(StrEnum):
    """CaseForge's own life of a batch, from the plan to the last answer."""

    planned = "planned"  # its requests are reserved; no file yet
    written = "written"  # its file is written
    uploaded = "uploaded"  # its file is with the provider; the batch is not created
    creating = "creating"  # its creation was asked for; the answer is not known. It may be billed
    open = "open"  # the provider works on it
    final = "final"  # the provider is through with it; its answers are to be collected
    collected = "collected"  # each of its requests has an outcome
    refused = "refused"  # the provider refused to create it; its requests are pending again
    unknown = "unknown"  # the provider does not know it any more; base URL or key may have changed


NOT_CREATED = (BatchState.planned, BatchState.written, BatchState.uploaded)
NOT_OPENED = (*NOT_CREATED, BatchState.creating)
IN_FLIGHT = (*NOT_OPENED, BatchState.open)  # its tokens count as enqueued, or soon will
UNFINISHED = (*IN_FLIGHT, BatchState.final)
UNSETTLED = (*UNFINISHED, BatchState.unknown)  # something is left to be done for it
AWAITED = (BatchState.open, BatchState.final)
LOOKED_AT = (BatchState.open, BatchState.unknown)  # its provider is asked for it
NOT_COLLECTED = (*AWAITED, BatchState.unknown)
WITH_PROVIDER = (BatchState.creating, *NOT_COLLECTED)
RETURNED = (BatchState.final, BatchState.collected)  # the provider is through with it
SETTLED = (BatchState.collected, BatchState.refused)
BRINGS_NOTHING_MORE = (BatchState.collected, BatchState.unknown)


class Origin(StrEnum):
    """The origins of a batch: sent by CaseForge, or imported, and whether that was taken back."""

    submitted = "submitted"
    imported = "imported"
    taken_back = "taken back"


class RequestState(StrEnum):
    """The states of a request; `parked` is one that waits until a person asks for it."""

    pending = "pending"
    in_batch = "in_batch"
    answered = "answered"
    failed = "failed"
    parked = "parked"
    replaced = "replaced"


WAITING = (RequestState.pending, RequestState.in_batch)  # for an answer
SENT = (RequestState.in_batch, RequestState.answered)
OPEN_OR_FAILED = (*WAITING, RequestState.failed)  # not answered, and nobody put it aside
GONE_WRONG = (RequestState.failed, RequestState.parked)
AT_REST = (RequestState.pending, *GONE_WRONG)  # neither answered nor with a provider
REOPENED = (RequestState.answered, RequestState.parked)  # what a person may ask once more


class PlanState(StrEnum):
    """The states of a plan: it has consent, or not."""

    draft = "draft"
    approved = "approved"
    declined = "declined"
    cancelled = "cancelled"


TAKEN_BACK_PLANS = (PlanState.declined, PlanState.cancelled)
OPEN_PLANS = (PlanState.draft, PlanState.approved)


class PlanDecision(StrEnum):
    """The decisions on a plan."""

    approved = "approved"
    declined = "declined"
    cancelled = "cancelled"
    raised = "raised"


class Wish(StrEnum):
    """Kinds of work that somebody can ask for, to be done by whoever works next."""

    submit = "submit"
    poll = "poll"
    collect = "collect"


class RemoteStatus(StrEnum):
    """The provider's status of a batch. `unrecognized` stands for any other word and counts as not final."""

    validating = "validating"
    in_progress = "in_progress"
    finalizing = "finalizing"
    completed = "completed"
    failed = "failed"
    expired = "expired"
    cancelling = "cancelling"
    cancelled = "cancelled"
    unrecognized = "unrecognized"


def remote_status(text: object) -> RemoteStatus:
    """Read a provider's status word: in any case, with spaces or hyphens, in British or American spelling.

    Args:
        text: The value of `status`; what is no text is no word that is known.
    """
    plain = (text if isinstance(text, str) else "").strip().casefold().replace("-", "_").replace(" ", "_")
    plain = {"canceled": "cancelled", "canceling": "cancelling", "inprogress": "in_progress"}.get(plain, plain)
    return RemoteStatus(plain) if plain in set(RemoteStatus) else RemoteStatus.unrecognized


def is_final(status: RemoteStatus) -> bool:
    """Say whether the provider is through with a batch.

    Args:
        status: The batch's status.
    """
    return status in {RemoteStatus.completed, RemoteStatus.failed, RemoteStatus.expired, RemoteStatus.cancelled}
