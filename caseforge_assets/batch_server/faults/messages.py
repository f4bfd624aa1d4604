"""Faults of the messages that tell of the ends of batches."""

from __future__ import annotations

from dataclasses import replace

from caseforge_assets.batch_server.faults.registry import Message, message_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec


@message_fault(times=2.0)
def message_repeated(message: Message, spec: FaultSpec) -> list[Message]:
    """The same message comes so often, although it was taken."""
    return [message] * int(spec.number("times"))


@message_fault(seconds=1.0)
def message_late(message: Message, spec: FaultSpec) -> list[Message]:
    """It comes so many real seconds later; given for some batches, the order is another one."""
    return [replace(message, delay_s=spec.number("seconds"))]


@message_fault()
def message_lost(message: Message, spec: FaultSpec) -> list[Message]:
    """It never comes."""
    del message, spec
    return []


@message_fault(how=("secret", "body", "id", "unsigned"))
def message_forged(message: Message, spec: FaultSpec) -> list[Message]:
    """Before it comes a forged one: signed with another secret, with another body or id than was signed, or not at all."""
    return [replace(message, forged=spec.text("how"), tries=1), message]


@message_fault(seconds=3600.0)
def message_old(message: Message, spec: FaultSpec) -> list[Message]:
    """Before it comes one that was signed so many seconds ago, or is of the future where that is negative."""
    return [replace(message, age_s=spec.number("seconds"), tries=1), message]


@message_fault()
def message_of_another(message: Message, spec: FaultSpec) -> list[Message]:
    """Before it comes one about a batch of somebody else's."""
    del spec
    return [replace(message, id=f"{message.id}_another", about="batch_of_somebody_else"), message]
