"""Contents as they can be stored: characters that no database holds are replaced."""

from __future__ import annotations

from caseforge_assets.stages.characters import replace_unstorable
from caseforge_assets.stages.judgement import Content, Item


def storable(content: Content) -> Content:
    """The same content where everything in it can be stored."""
    return Content(replace_unstorable(content.body), _storable_items(content.items), _storable_items(content.surplus))


def _storable_items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(Item(replace_unstorable(item.title), {name: _clean(value) for name, value in item.fields.items()}) for item in items)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return replace_unstorable(value)
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    return {str(name): _clean(part) for name, part in value.items()} if isinstance(value, dict) else value
