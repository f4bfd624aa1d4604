"""Routes of what is read: what an endpoint takes is worked out once, and not anew from its signature for each request, which takes longer than to read a row.

What is unusual, such as a value that cannot be used, is left to FastAPI, which says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from copy import deepcopy
from dataclasses import dataclass
from inspect import iscoroutinefunction
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_OTHERS = (BaseModel, dict, set, frozenset, tuple, deque)  # kinds of parameters that FastAPI puts together in ways of its own
_PLAIN = (type(None), str, int, float, bool)


class _Unusual(Exception):
    """Something that FastAPI has to say something of."""


class QuickRoute(APIRoute):
    """A route whose requests are handled quickly where its endpoint gives an answer as it goes out, and takes nothing but what stands in the address."""

    def get_route_handler(self) -> Handler:
        """Gives what handles a request."""
        usual, endpoint = super().get_route_handler(), self.dependant.call
        found = None if endpoint is None or not _answers(endpoint) else _taking(self.dependant)
        if found is None or endpoint is None:
            return usual
        taken, is_async = found, iscoroutinefunction(endpoint)

        async def handle(request: Request) -> Response:
            if request.app.dependency_overrides:
                return await usual(request)
            try:
                values = await taken.of(request, {})
            except _Unusual:
                return await usual(request)
            answer: Response = await endpoint(**values) if is_async else await run_in_threadpool(endpoint, **values)
            return answer

        return handle


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of the path or the query: what it is called in each, how it is checked, and what it is where it is left out."""

    name: str
    alias: str
    check: Callable[..., tuple[Any, Any]]
    is_list: bool
    is_required: bool
    default: Any

    def of(self, given: Any) -> Any:
        """The value that a request gives it."""
        value = given.getlist(self.alias) or None if self.is_list else given.get(self.alias)
        if value is None:
            if self.is_required:
                raise _Unusual
            return self.default if isinstance(self.default, _PLAIN) else deepcopy(self.default)
        checked, wrong = self.check(value, {}, loc=("query", self.alias))
        if wrong:
            raise _Unusual
        return checked


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a function takes: parameters, the request, an answer to put headers on, and what other functions give."""

    path: tuple[_Parameter, ...]
    query: tuple[_Parameter, ...]
    request: str | None
    response: str | None
    others: tuple[tuple[str, Callable[..., Awaitable[Any]], _Taken], ...]

    async def of(self, request: Request, known: dict[Callable[..., Any], Any]) -> dict[str, Any]:
        """The values for a request, by name.

        Args:
            known: what functions gave for it already.
        """
        values: dict[str, Any] = {}
        for name, give, taken in self.others:
            if give not in known:
                known[give] = await give(**await taken.of(request, known))
            values[name] = known[give]
        for parameter in self.path:
            values[parameter.name] = parameter.of(request.path_params)
        for parameter in self.query:
            values[parameter.name] = parameter.of(request.query_params)
        if self.request is not None:
            values[self.request] = request
        if self.response is not None:
            values[self.response] = Response()
        return values


def _taking(dependant: Dependant) -> _Taken | None:
    """Gives what a function takes; None: something that is not worked out here."""
    more = (dependant.header_params, dependant.cookie_params, dependant.body_params)
    others = (dependant.websocket_param_name, dependant.http_connection_param_name, dependant.background_tasks_param_name)
    if any(more) or any(others) or dependant.security_scopes_param_name is not None:
        return None
    path, query = _parameters(dependant.path_params), _parameters(dependant.query_params)
    given = []
    for other in dependant.dependencies:
        taken = _taking(other)
        if taken is None or other.call is None or other.name is None or not other.use_cache or not _is_awaited(other.call):
            return None
        given.append((other.name, other.call, taken))
    if path is None or query is None:
        return None
    return _Taken(path, query, dependant.request_param_name, dependant.response_param_name, tuple(given))


def _parameters(fields: Any) -> tuple[_Parameter, ...] | None:
    """Parameters of a function; None: one of them is of a kind that is not worked out here."""
    found = []
    for field in fields:
        kinds = _kinds(field.field_info.annotation)
        is_list = list in kinds
        if field.validation_alias is not None or field.field_info.validate_default or (is_list and not kinds <= {list, type(None)}):
            return None
        if any(isinstance(kind, type) and issubclass(kind, _OTHERS) for kind in kinds):
            return None
        is_required = bool(field.field_info.is_required())
        found.append(
            _Parameter(field.name, field.alias, field.validate, is_list, is_required, None if is_required else field.get_default())
        )
    return tuple(found)


def _kinds(annotation: Any) -> set[Any]:
    """The types that a value may be of, lists as lists."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return {kind for part in get_args(annotation) for kind in _kinds(part)}
    return {origin or annotation}


def _is_awaited(call: Callable[..., Any]) -> bool:
    return iscoroutinefunction(call) or iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004 - of its class


def _answers(endpoint: Callable[..., Any]) -> bool:
    """Tells whether an endpoint gives an answer as it goes out."""
    said = get_type_hints(endpoint).get("return")
    return isinstance(said, type) and issubclass(said, Response)
