"""Parameters of an address that an endpoint does not know are refused: a filter that is misspelt would otherwise let everything through."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant

from caseforge_assets.web.wire.problems import Refused


async def refuse_unknown_parameters(request: Request) -> None:
    """Holds a request to the parameters that its endpoint takes.

    Raises:
        Refused: it has others, 422; it says which there are.
    """
    if not request.query_params:
        return
    known = sorted(set(known_parameters(request.scope["route"].dependant)))
    unknown = [name for name in dict.fromkeys(request.query_params.keys()) if name not in known]
    if unknown:
        there = f"there are {', '.join(known)}" if known else "this address takes none"
        said = ", ".join(repr(name[:100]) for name in unknown[:5])
        raise Refused(422, "unknown-parameter", f"there is no parameter {said}; {there}")


def known_parameters(dependant: Dependant) -> Iterator[str]:
    """The names that an endpoint, and what it depends on, read from the address."""
    for field in dependant.query_params:
        yield field.alias
    for needed in dependant.dependencies:
        yield from known_parameters(needed)
