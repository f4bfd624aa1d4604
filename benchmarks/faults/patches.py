"""Functions of the product are replaced in this process, from outside. One that is not there any more is never passed over."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Function = Callable[..., Any]


class Vanished(AttributeError):
    """A function that is to be replaced is not there, or is another one; the patch has to be made anew."""


def replace(path: str, make: Callable[[Function], Function]) -> None:
    """Replaces `package.module:name` or `package.module:Class.name` by what `make` makes of it.

    Raises:
        Vanished: there is no function of this name.
    """
    module, _, name = path.partition(":")
    try:
        owner: Any = import_module(module)
        *classes, last = name.split(".")
        for name_of_class in classes:
            owner = getattr(owner, name_of_class)
        function = getattr(owner, last)
    except (ImportError, AttributeError) as error:
        raise Vanished(f"{path} is not there: {error}") from error
    if not callable(function):
        raise Vanished(f"{path} is no function")
    setattr(owner, last, make(function))


def must_hold(path: str, words: str) -> None:
    """Refuses a patch whose function does not contain the words that it relies on.

    Raises:
        Vanished: these words do not stand in the source of the function.
    """
    import inspect

    def look(function: Function) -> Function:
        if words not in inspect.getsource(function):
            raise Vanished(f"{path} does not say {words!r} any more")
        return function

    replace(path, look)
