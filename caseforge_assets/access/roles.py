"""Roles, what each of them allows, and the caller who has some of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Role(StrEnum):
    """Roles: readers see; editors see, edit and curate; planners see and spend, up to a limit of their own; admins do everything."""

    reader = "reader"
    editor = "editor"
    planner = "planner"
    admin = "admin"


# Editors and planners see what they work on, but who may edit may not spend, and the other way round.
_ALLOWED = {
    Role.reader: frozenset({Role.reader}),
    Role.editor: frozenset({Role.reader, Role.editor}),
    Role.planner: frozenset({Role.reader, Role.planner}),
    Role.admin: frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one framework, or in all of them (None)."""

    role: Role
    framework_key: str | None = None

    def __str__(self) -> str:
        """As people write it: `planner`, or `planner in cross_industry`."""
        return f"{self.role} in {self.framework_key}" if self.framework_key else str(self.role)


def grant_from(text: str) -> Grant:
    """A grant as people write it.

    Raises:
        ValueError: it is none.
    """
    role, inside, key = text.strip().partition(" in ")
    if role not in set(Role) or (inside and not key.strip()):
        raise ValueError(f"{text!r} is no role; write one of {', '.join(Role)}, or such as `{Role.planner} in cross_industry`")
    return Grant(Role(role), key.strip() or None)


class NotAllowed(PermissionError):
    """The caller is known, and has no role that allows this; the text says which one is needed."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was recognized: a person with an account, a program with a token, or the user of this machine.

    `name` is what is recorded of who did something, such as `anna` or `token nightly`; `limit_usd` is the most that all plans which they approve may cost (None: no
    limit of their own).
    """

    name: str
    grants: Collection[Grant]
    limit_usd: Decimal | None = None
    account_id: int | None = None

    def may(self, role: Role, framework_key: str | None = None) -> bool:
        """Tells whether a role is held: overall, or in the framework that is named."""
        return any(role in _ALLOWED[grant.role] for grant in self.grants if grant.framework_key in (None, framework_key))

    def may_somewhere(self, role: Role) -> bool:
        """Tells whether a role is held overall or in some framework."""
        return any(self.may(role, grant.framework_key) for grant in self.grants)

    def demand(self, role: Role, framework_key: str | None = None) -> None:
        """Refuses who does not hold a role.

        Raises:
            NotAllowed: the role is held neither overall nor in this framework.
        """
        if not self.may(role, framework_key):
            where = f" in {framework_key}" if framework_key else ""
            raise NotAllowed(f"{self.name} may not do this: it needs the role {role}{where}")

    def seen_frameworks(self) -> frozenset[str] | None:
        """The frameworks that may be seen; None: all of them."""
        if self.may(Role.reader):
            return None
        return frozenset(grant.framework_key for grant in self.grants if grant.framework_key is not None)
