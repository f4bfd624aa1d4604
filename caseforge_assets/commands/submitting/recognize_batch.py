"""Recognizes our batches at the provider by the input file that each was made of, and by the submission id in its metadata.

A file is uploaded for one submission and used for no other, so it names a batch as well as the submission does; some servers do not bring metadata
back, some show files under other names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any

from caseforge_assets.batches.provider_kinds import Metadata
from caseforge_assets.commands.providing.provider import raise_unless_alone
from caseforge_assets.openai_batch.calls import CLOCK_SLACK_S
from caseforge_assets.openai_batch.client import SUBMISSION_KEY, BatchClient
from caseforge_assets.openai_batch.errors import ProviderNotFound, ProviderRefused, ProviderUnclear
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted

Remote = dict[str, Any]
MOST_NAMES = 50  # input files that are asked for by id; batches of others that are as new are seldom more


def file_name(batch: BatchRow) -> str:
    """The name under which a batch's input is uploaded."""
    return f"caseforge-{batch.submission_id}.jsonl"


def _submission_of(remote: Remote) -> str | None:
    """The submission id in a batch's metadata."""
    return (remote["metadata"] or {}).get(SUBMISSION_KEY)


def doubt_of_creation(batch: BatchRow, remote: Remote) -> str | None:
    """Says why an answer to a creation is not taken for the batch that was to be created, for people; None where all that it says fits."""
    if batch.input_file_id and remote["input_file_id"]:
        return None if remote["input_file_id"] == batch.input_file_id else f"whose input file is {remote['input_file_id']}"
    submission = _submission_of(remote)
    return None if submission in (None, batch.submission_id) else "which is that of another submission"


def is_anothers(batch: BatchRow, remote: Remote) -> bool:
    """Tells whether a batch cannot be this one: neither its input file nor its submission is, as far as it says any. A duplicate goes by another's."""
    if batch.duplicate_of is not None or _submission_of(remote) == batch.submission_id:
        return False
    if batch.input_file_id and remote["input_file_id"]:
        return bool(remote["input_file_id"] != batch.input_file_id)
    return _submission_of(remote) is not None


class Whose(StrEnum):
    """The answer to the question whose batch one is."""

    ours = "ours"
    anothers = "another's"
    unsure = "unsure"


def whose_is(client: BatchClient, batch: BatchRow, remote_id: str) -> tuple[Whose, Remote | None]:
    """Looks at the batch that a creation was answered with, and at the name of its input file: some servers show files under other ids.

    Raises:
        ProviderUnclear: the provider cannot be reached.
    """
    try:
        return _look_at(client, batch, remote_id)
    except (ProviderNotFound, ProviderRefused):
        return Whose.unsure, None
    except ProviderUnclear as error:
        raise_unless_alone(client, error)
        return Whose.unsure, None


def _look_at(client: BatchClient, batch: BatchRow, remote_id: str) -> tuple[Whose, Remote | None]:
    try:
        remote = client.retrieve(remote_id)
    except ProviderNotFound:
        return Whose.anothers, None
    if not remote["input_file_id"]:
        return Whose.unsure, None
    if remote["input_file_id"] == batch.input_file_id:
        return Whose.ours, remote
    name = client.file(remote["input_file_id"]).name
    return (Whose.unsure if name is None else Whose.ours if name == file_name(batch) else Whose.anothers), remote


def look_by_name(client: BatchClient, batch: BatchRow, remotes: Sequence[Remote], known: Collection[str]) -> tuple[list[Remote], str]:
    """Looks for a batch at a provider that brings no metadata back, by the names of input files: some servers show these under other ids.

    Args:
        remotes: as a list shows them.
        known: the provider's ids of batches that are some of ours already.

    Returns:
        What is this batch, and why it cannot be told of others whether they are; empty where all of them are another's.

    Raises:
        ProviderUnclear: the provider cannot be reached.
    """
    if client.kind.metadata is Metadata.returned:  # then it would have been recognized
        return [], ""
    nameless = [
        remote for remote in remotes if _submission_of(remote) is None and remote["id"] not in known and _may_be_as_new(batch, remote)
    ]
    found, unsure = [], []
    for remote in nameless[:MOST_NAMES]:
        whose = _by_name(client, batch, remote)
        found += [remote] if whose is Whose.ours else []
        unsure += [remote["id"]] if whose is Whose.unsure else []
    unsure += [remote["id"] for remote in nameless[MOST_NAMES:]]
    if found or not unsure:
        return found, ""
    return (
        [],
        f"of {counted(len(unsure), 'batch', 'batches')} that its list shows it cannot be told whose they are, the first is {unsure[0]}",
    )


def _may_be_as_new(batch: BatchRow, remote: Remote) -> bool:
    created_at = remote["created_at"]
    began = (batch.creating_at or batch.created_at).timestamp()
    return created_at is None or bool(created_at >= began - CLOCK_SLACK_S)


def _by_name(client: BatchClient, batch: BatchRow, remote: Remote) -> Whose:
    if not remote["input_file_id"]:
        return Whose.unsure
    try:
        name = client.file(remote["input_file_id"]).name
    except (ProviderNotFound, ProviderRefused):
        return Whose.unsure
    except ProviderUnclear as error:
        raise_unless_alone(client, error)
        return Whose.unsure
    return Whose.unsure if name is None else Whose.ours if name == file_name(batch) else Whose.anothers


def sort_out(remotes: Iterable[Remote], wanted: Sequence[BatchRow]) -> dict[int, list[Remote]]:
    """Says which of a provider's batches are which of ours, by number, oldest first, those with its input file before others.

    Args:
        remotes: as a list shows them, the newest first.
    """
    by_submission = {batch.submission_id: batch for batch in wanted}
    by_file = {batch.input_file_id: batch for batch in wanted if batch.input_file_id}
    found: dict[int, dict[str, Remote]] = {batch.id: {} for batch in wanted}
    for remote in remotes:
        batch = by_submission.get(_submission_of(remote) or "") or by_file.get(remote["input_file_id"])
        if batch is not None:
            found[batch.id].setdefault(remote["id"], remote)
    return {batch.id: _in_order(batch, list(found[batch.id].values())[::-1]) for batch in wanted}


def _in_order(batch: BatchRow, remotes: list[Remote]) -> list[Remote]:
    if all(remote["created_at"] for remote in remotes):
        remotes.sort(key=lambda remote: remote["created_at"])
    return sorted(remotes, key=lambda remote: remote["input_file_id"] != batch.input_file_id)
