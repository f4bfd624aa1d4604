"""A workbook or table from a browser: judged, looked at, and taken only then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response

from caseforge_assets.commands.configuring.read_form import Said
from caseforge_assets.commands.editions.keep_workbook import SUFFIXES
from caseforge_assets.reports.comparing.difference import MEANINGS, Change
from caseforge_assets.settings.configuration import HierarchyName
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import current_edition, known_keys
from caseforge_assets.store.serving import held_files
from caseforge_assets.web.access.callers import Planner
from caseforge_assets.web.api.editions.editions import Load, LoadedEdition, demand_load, judge_or_load
from caseforge_assets.web.api.editions.uploads import uploaded
from caseforge_assets.web.portal.shared.held_files import held, hold
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.wire.pages import LARGEST_ID
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(include_in_schema=False)

Key = Annotated[str, Form(min_length=1, max_length=40)]
Title = Annotated[str, Form(max_length=200)]
Targets = Annotated[str, Form(max_length=2_000)]
Hierarchy = Annotated[HierarchyName | None, Form()]
Lines = Annotated[str, Form(max_length=5_000)]


@dataclass(frozen=True)
class Sent:
    """The form beside the file, as a person filled it in."""

    framework: str
    title: str
    targets: str
    hierarchy: HierarchyName | None
    columns: str
    language: str

    @property
    def said(self) -> Said:
        """Gives what it says of the file."""
        return Said(self.title.strip() or None, self.targets.strip() or None, self.hierarchy, _lines(self.columns), _lines(self.language))


def _sent(
    framework: Key, title: Title = "", targets: Targets = "", hierarchy: Hierarchy = None, columns: Lines = "", language: Lines = ""
) -> Sent:
    return Sent(framework, title, targets, hierarchy, columns, language)


SentNow = Annotated[Sent, Depends(_sent)]


@router.get("/upload")
def show_form(pages: PagesNow, _caller: Planner, framework: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    """The form to upload a file."""
    return _answer(pages, {"framework": framework})


@router.post("/upload", response_class=HTMLResponse)
def judge_file(
    pages: PagesNow,
    caller: Planner,
    file: Annotated[UploadFile, File()],
    sent: SentNow,
) -> Response:
    """Judges a file and says what would differ and what it would cost. Nothing is loaded."""
    service = pages.service
    is_new = demand_load(service, caller, sent.framework)
    try:
        with uploaded(file, SUFFIXES) as path:
            loaded = judge_or_load(service, caller, path, Load(sent.framework, is_new, sent.said, dry_run=True, other_framework=True))
            digest = hold(service.store, path, caller.name) if loaded.changed else None
    except (Refused, ValueError) as error:
        return _refused(pages, vars(sent), error)
    return _answer(pages, vars(sent) | {"loaded": loaded, "digest": digest})


@router.post("/upload/take", response_class=HTMLResponse)
def take_file(
    pages: PagesNow,
    caller: Planner,
    sent: SentNow,
    digest: Annotated[str, Form(pattern=r"^[0-9a-f]{64}$")],
    other_framework: Annotated[bool, Form()] = False,
    beside: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0,
) -> Response:
    """Loads the file that was judged, as a new edition or a new framework; `beside` is the edition that it was compared with, 0 where there was none."""
    service = pages.service
    is_new = demand_load(service, caller, sent.framework)

    def load_it(noting: Connection) -> str:
        with held(service.store, digest, caller.name) as path:
            _refuse_beside_another(pages, sent.framework, beside, digest)
            judge_or_load(service, caller, path, Load(sent.framework, is_new, sent.said, dry_run=False, other_framework=other_framework))
        held_files.let_go(noting, caller.name, digest)  # only now: sent again after a kill, it does what was left undone
        return f"/frameworks/{quote(sent.framework)}/editions"

    try:
        return pages.once_apart(load_it)
    except (Refused, ValueError) as error:
        return _refused(pages, vars(sent), error)


def _refuse_beside_another(pages: Pages, key: str, beside: int, digest: str) -> None:
    """Holds a person to what the page has shown. Where the file itself is loaded already, it is the same form after a kill, and what was left undone is done.

    Raises:
        Refused: another edition was loaded since the file was judged.
    """
    with pages.service.store.connect() as connection:
        current = current_edition(connection, key)
    if current is not None and current.id != beside and current.source_sha256 != digest:
        raise Refused(
            409, "loaded-meanwhile", f"{current.label} was loaded since this file was judged. Choose it again to see what differs now."
        )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _refused(pages: Pages, written: dict[str, Any], error: Exception) -> HTMLResponse:
    places = (error.more or {}).get("errors", []) if isinstance(error, Refused) else []
    status = error.status if isinstance(error, Refused) else 422
    return _answer(pages, written | {"refused": str(error), "places": places}, status)


def _answer(pages: Pages, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    seen = pages.caller.seen_frameworks()
    with pages.service.reading.connect() as connection:
        keys = [key for key in sorted(known_keys(connection)) if seen is None or key in seen]
        current = current_edition(connection, values["framework"])
    empty: dict[str, Any] = {"title": "", "targets": "", "hierarchy": None, "columns": "", "language": "", "loaded": None, "refused": None}
    loaded: LoadedEdition | None = values.get("loaded")
    meanings = {change: MEANINGS[Change(change)] for change in loaded.difference} if loaded else {}
    about = {"beside": current.id if current else 0, "keys": keys, "suffixes": SUFFIXES, "places": [], "digest": None, "meanings": meanings}
    return pages.answer("upload.html.jinja", empty | about | values, status=status)
