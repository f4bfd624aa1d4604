"""Queries that a service asks all the time are planned once a connection: to plan many of them takes longer than to answer them.

That goes for those whose best plan is the same whatever they are asked with, and which say so: `schema.constants.PLANNED_ONCE`.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, TextClause, event

from caseforge_assets.store.schema.constants import PLANNED_ONCE

MOST_PLANNED = 200  # of a connection, whose plans take memory in the database
(_PLANNED_ONCE,) = PLANNED_ONCE
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")


def plan_once(engine: Engine) -> None:
    """Has an engine's connections plan such queries when they are first asked."""
    event.listen(engine, "before_cursor_execute", _execute, retval=True)


def _execute(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, _many: bool) -> tuple[str, Any]:
    """Gives what is asked of the database in place of a query."""
    streamed = cursor.name is not None  # declared as a cursor, which goes for queries only
    if context is None or streamed or not context.execution_options.get(_PLANNED_ONCE):
        return statement, parameters
    return planned(connection.info, cursor, statement), parameters


def is_planned_once(query: TextClause) -> bool:
    """Tells whether a query says so of itself."""
    return bool(query.get_execution_options().get(_PLANNED_ONCE))


def planned(info: MutableMapping[str, Any], cursor: Any, statement: str) -> str:
    """Gives what is asked in place of a query, which is planned when a connection first asks it; itself, where so many are planned already.

    Args:
        info: of the connection, on which it is kept what it has planned.
    """
    known: dict[str, str] = info.setdefault("planned", {})
    numbered, behind = _numbered(statement)
    name = known.get(statement)
    if name is None:
        if len(known) >= MOST_PLANNED:
            return statement
        name = f"planned_{len(known)}"
        cursor.execute(f"prepare {name} as {numbered}")
        known[statement] = name
    return f"execute {name}{behind}"


@lru_cache(maxsize=1_000)
def _numbered(statement: str) -> tuple[str, str]:
    """A query with numbers in place of the names of its parameters, and these as the arguments of its execution."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return "%" if match[1] is None else f"${names.setdefault(match[1], len(names) + 1)}"

    numbered = _PARAMETER.sub(number, statement)
    return numbered, f"({', '.join(f'%({name})s' for name in names)})" if names else ""
