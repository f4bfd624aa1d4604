"""The states of a batch: CaseForge's own, and the provider's."""

from enum import StrEnum

NOT_TO_BE_FOUND = (
    "cannot be looked up at its provider"  # how the reason of a batch in state creating begins when only a person can settle it
)

WAITS_FOR_ROOM = "the account has no room for its tokens now"  # how the reason begins of a batch that was refused for that alone


class BatchState(StrEnum):
    """CaseForge's own life of a batch, from the plan to the last answer."""

    planned = "planned"
    written = "written"
    uploaded = "uploaded"
    creating = "creating"
    open = "open"
    final = "final"
    collected = "collected"
    refused = "refused"
    unknown = "unknown"

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANINGS[self]

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done for it."""
        return self in {BatchState.collected, BatchState.refused}


_MEANINGS = {
    BatchState.planned: "Its requests are reserved; no file yet.",
    BatchState.written: "Its file is written.",
    BatchState.uploaded: "Its file is with the provider; the batch is not created.",
    BatchState.creating: "Its creation was asked for; the answer is not known. It may be billed.",
    BatchState.open: "The provider works on it.",
    BatchState.final: "The provider is through with it; its answers are to be collected.",
    BatchState.collected: "Each of its requests has an outcome.",
    BatchState.refused: "The provider refused to create it; its requests are pending again.",
    BatchState.unknown: "The provider does not know it any more; base URL or key may have changed.",
}


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
