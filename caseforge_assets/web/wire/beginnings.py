"""Routers by how the paths of their endpoints begin: asked one after the other, some fifty of them take longer to say no than many answers take to be made."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

_ANY = "{"
_Beginning = tuple[str, str]


class ByBeginning:
    """Asks those routers alone that have an endpoint whose path begins as a request's does, in the order in which they were included.

    The beginning is the first piece and the third: what stands between them is most often a key.
    """

    def __init__(self, router: APIRouter, prefix: str) -> None:
        """Takes the router that includes the others.

        Args:
            router: answers itself what no endpoint's path begins as.
            prefix: with which so many paths begin that what follows it tells them apart.
        """
        self._whole, self._prefix = router, f"{prefix}/"
        included = [(route, self._beginnings(route)) for route in router.routes]
        every = {beginning for _, own in included for beginning in own}
        every |= {(first, _ANY) for first, _ in every}
        self._parts = {
            beginning: self._part([route for route, own in included if any(_fits(one, beginning) for one in own)]) for beginning in every
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Has a request answered."""
        part = None
        if scope["type"] == "http":
            first, third = self._beginning(scope["path"])
            part = self._parts.get((first, third)) or self._parts.get((first, _ANY))
        await (part or self._whole).app(scope, receive, send)

    def _beginnings(self, route: BaseRoute) -> set[_Beginning]:
        return {self._beginning(context.path or "") for context in iter_route_contexts([route])}

    def _beginning(self, path: str) -> _Beginning:
        """The first and third piece of a path, or of what follows the prefix; `_ANY` where a parameter may be anything there."""
        is_inside = path.startswith(self._prefix)
        pieces = path[len(self._prefix) if is_inside else 1 :].split("/", 3)
        first, second, third = (*pieces[:3], "", "")[:3]
        is_any = third.startswith("{") or second.endswith(":path}")
        return (_ANY if first.startswith("{") else self._prefix + first if is_inside else first), (_ANY if is_any else third)

    def _part(self, routes: list[BaseRoute]) -> APIRouter:
        part = APIRouter(redirect_slashes=self._whole.redirect_slashes, default=self._whole.default)
        part.routes = routes
        return part


def _fits(own: _Beginning, asked: _Beginning) -> bool:
    """Tells whether paths with a beginning may begin as is asked."""
    return own[0] in (asked[0], _ANY) and own[1] in (asked[1], _ANY)
