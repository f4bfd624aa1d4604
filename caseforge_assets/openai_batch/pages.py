"""A provider's lists, page by page, with an end: what is not in a list may be created again and paid for, so a list is whole, or it is said that it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from caseforge_assets.batches.provider_objects import UnreadableObject, unix_seconds
from caseforge_assets.batches.results.response_body import as_object, as_text
from caseforge_assets.openai_batch.errors import ProviderNotListing

MAX_PAGES = 500  # 50,000 batches since the oldest that is looked for
NO_TIME_YET = 1_577_836_800  # 2020: a time before it is none

ReadPage = Callable[[str | None], object]
Entry = TypeVar("Entry")


def walk(read_page: ReadPage, read: Callable[[object], Entry], since: float, doing: str) -> Iterator[Entry]:
    """The entries of a list from its first page on, each once, back to `since`; those that cannot be read are left out.

    Args:
        read_page: a page, as JSON, given the id that it comes after; None for the first.
        read: an entry, from its JSON; raises UnreadableObject.
        since: Unix seconds; a page on which all are older is the last, if the newest come first.
        doing: the call in words.

    Raises:
        ProviderNotListing: at the end, when more may be there than was shown: the list repeats itself, has too many pages, or holds what cannot be read.
        UnreadableObject: a page is none.
    """
    seen: set[str] = set()
    after, unreadable = None, 0
    for _ in range(MAX_PAGES):
        page = _page(read_page(after))
        data = page.get("data")
        if not isinstance(data, list):
            raise UnreadableObject("no list in it")
        entries = {_id(entry): as_object(entry) for entry in data}
        new = [entry for name, entry in entries.items() if name not in seen and not _is_before(entry, since)]
        for entry in new:
            try:
                yield read(entry)
            except UnreadableObject:
                unreadable += 1
        if _is_last(page, entries.values(), since) or (page.get("has_more") is None and seen.issuperset(entries)):
            break
        if seen.issuperset(entries) or not (after := list(entries)[-1]):
            raise ProviderNotListing(f"{doing}: the list does not end; it says that there is more, and shows nothing new")
        seen |= entries.keys()
    else:
        raise ProviderNotListing(f"{doing}: the list does not end; {MAX_PAGES:,} pages were read")
    if unreadable:
        raise ProviderNotListing(f"{doing}: {unreadable:,} entries of the list cannot be read")


def _page(raw: object) -> Mapping[str, Any]:
    """A page of a list; some servers (Together) give its entries alone. Where there are none it may be anything, and is no page."""
    is_bare = isinstance(raw, list) and raw and all(isinstance(entry, Mapping) for entry in raw)
    return {"data": raw} if is_bare else as_object(raw)


def _id(entry: object) -> str:
    return as_text(as_object(entry).get("id")) or ""


def _is_last(page: Mapping[str, Any], entries: Iterable[Mapping[str, Any]], since: float) -> bool:
    return page.get("has_more") in (False, 0, "false") or _is_over(list(entries), since)


def _is_over(entries: Sequence[Mapping[str, Any]], since: float) -> bool:
    """Tells whether nothing that is looked for can follow; a list that begins with the oldest is read to its end."""
    times = [time for entry in entries if (time := _time(entry)) is not None]
    return bool(times) and all(_is_before(entry, since) for entry in entries) and times[0] >= times[-1]


def _is_before(entry: Mapping[str, Any], since: float) -> bool:
    time = _time(entry)
    return time is not None and time < since


def _time(entry: Mapping[str, Any]) -> int | None:
    found = unix_seconds(entry.get("created_at"))
    return None if found is None or found < NO_TIME_YET else found
