"""A framework from an uploaded workbook: judged first, then looked at, and loaded only when that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import BaseModel, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.configuring.add_entry import with_entry
from caseforge_assets.commands.configuring.declare_framework import Place, declare_framework, declaring_place
from caseforge_assets.commands.configuring.make_entry import entry_for
from caseforge_assets.commands.configuring.open_source import ARTIFACTS
from caseforge_assets.commands.configuring.read_form import Meant, Said, meant_by
from caseforge_assets.commands.editions.doubt_edition import doubt_edition
from caseforge_assets.commands.editions.keep_workbook import SUFFIXES, keep_workbook, workbook_path
from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.frameworks import read_framework, read_result_json, select_targets
from caseforge_assets.frameworks.records import Edition, Limits, ReadResult
from caseforge_assets.reports.comparing.difference import NodeChange
from caseforge_assets.settings import FrameworkSettings, check_framework_key
from caseforge_assets.settings.configuration import HierarchyName
from caseforge_assets.store.editions.frameworks import known_keys
from caseforge_assets.web.access.callers import CallerNow, ServiceNow, problems
from caseforge_assets.web.api.editions.uploads import largest_file, uploaded
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.money import Money, money
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(tags=["frameworks"])
EXAMPLES = 5


class Judged(BaseModel):
    """The result of reading a file: its nodes, by level too, warnings, and how a plain table was read."""

    nodes: int
    targets: int = Field(description="nodes that get content")
    levels: dict[str, int] = Field(description="nodes by level")
    without_description: int
    warnings: list[str]
    reading: list[str] = Field(description="what a plain table was read as")


class Changes(BaseModel):
    """Nodes that differ from the edition before, in one way."""

    nodes: int
    examples: list[str]


class LoadedEdition(BaseModel):
    """The result of a load, or of its dry run: what differs, and the requests that it calls for with their cost."""

    framework: str
    dry_run: bool = Field(description="true: nothing was stored")
    new_framework: bool
    changed: bool = Field(description="false: this is loaded already")
    edition: str
    judged: Judged
    doubt: str | None = Field(description="why this looks like another framework's file; loading it needs `other_framework=true` then")
    in_both: int = Field(description="target nodes that both editions have")
    difference: dict[str, Changes] = Field(description="by what differs")
    to_send: dict[str, int] = Field(description="requests that bring everything up to date, by stage")
    expected_cost: Money | None = Field(description="of these, at a provider that bills; null: unknown")


@router.post("/frameworks/{key}/editions", responses=problems(403, 404, 409, 413, 415, 422))
def load_edition(
    key: str,
    service: ServiceNow,
    caller: CallerNow,
    response: Response,
    file: Annotated[UploadFile, File(description=f"a workbook or table: {', '.join(SUFFIXES)}")],
    title: Annotated[str | None, Form(max_length=200, description="for people; by default the one in the workbook")] = None,
    targets: Annotated[
        str | None, Form(max_length=2_000, description="which nodes get content: leaf, level:3, or a branch such as 8.*")
    ] = None,
    hierarchy: Annotated[HierarchyName | None, Form(description="what says which node is whose parent")] = None,
    columns: Annotated[
        list[str] | None,
        Form(alias="map", max_length=50, description="which column is what, where it is not recognized: code=Practice ID; may be repeated"),
    ] = None,
    language: Annotated[
        list[str] | None, Form(max_length=20, description="tag of the language that texts are asked for in, or STAGE=TAG; may be repeated")
    ] = None,
    dry_run: Annotated[bool, Query(description="only say what differs and what it would cost")] = True,
    other_framework: Annotated[bool, Query(description="load it also where most nodes of the edition that is loaded would go")] = False,
) -> LoadedEdition:
    """Judge a workbook or table, and say what differs from the edition that is loaded and what it would cost; with `dry_run=false`, load it.

    A new framework needs the role admin, a new edition of one the role planner there. A file that is not in order is refused as a whole, with
    its places. What did not change keeps what was made for it, and nothing is paid for by this.
    """
    is_new = demand_load(service, caller, key)
    said = Said(title, targets, hierarchy, tuple(columns or ()), tuple(language or ()))
    with uploaded(file, SUFFIXES) as path:
        loaded = judge_or_load(service, caller, path, Load(key, is_new, said, dry_run, other_framework))
    response.status_code = 200 if dry_run or not loaded.changed else 201
    return loaded


@dataclass(frozen=True)
class Load:
    """A load that the caller may make: of a new framework, or of an edition of one.

    Attributes:
        dry_run: Only say what differs and what it would cost.
        other_framework: Load it also where most nodes of the edition that is loaded would go.
    """

    key: str
    is_new: bool
    said: Said
    dry_run: bool
    other_framework: bool


def judge_or_load(service: Service, caller: Caller, path: Path, wanted: Load) -> LoadedEdition:
    """Judges a file, says what differs, and loads it where that is asked for.

    Raises:
        Refused: it is not in order, or looks like another framework's and is to be loaded all the same without saying so.
    """
    key, meant = wanted.key, meant_by(service.settings, wanted.key, wanted.said)
    result = read_framework(path, Limits(max_file_bytes=largest_file(service)), meant.form)
    edition = _in_order(result)
    entry = _entry(service, key, path.name, edition, replace(meant, title=meant.title or edition.title))
    with service.store.connect() as connection:
        doubt = doubt_edition(connection, key, edition, path.name)
    if doubt and not (wanted.dry_run or wanted.other_framework):
        raise Refused(409, "other-framework", f"{doubt}. Nothing was loaded; other_framework=true loads it all the same")
    loaded = (_foresee if wanted.dry_run else _load)(service, caller, key, entry, edition, path)
    chosen = select_targets(edition.nodes, meant.targets)
    return _shown(wanted, loaded, doubt, _judged(result, len(chosen)))


def demand_load(service: Service, caller: Caller, key: str) -> bool:
    """Holds a caller to the role that a load needs; returns whether the framework is new.

    Raises:
        LookupError: there is such a framework, and the caller may not see it.
        NotAllowed: the role is not held.
    """
    check_framework_key(key)
    with service.store.connect() as connection:
        is_new = key not in known_keys(connection)
    if not is_new and not caller.may(Role.reader, key):
        raise LookupError(f"there is no framework {key!r}, or you may not see it")
    caller.demand(Role.admin if is_new else Role.planner, key)
    return is_new


def _in_order(result: ReadResult) -> Edition:
    if result.edition is not None:
        return result.edition
    errors = [
        {"sheet": problem.sheet, "row": problem.row, "column": problem.column, "problem": problem.message} for problem in result.problems
    ]
    said = "; ".join(problem.message for problem in result.problems[:EXAMPLES])
    more = f"; and {len(errors) - EXAMPLES:,} more" if len(errors) > EXAMPLES else ""
    raise Refused(422, "workbook", f"{said}{more}", more={"errors": errors})


def _entry(service: Service, key: str, name: str, edition: Edition, meant: Meant) -> FrameworkSettings:
    """Gives what will be declared: its source is the copy that is kept."""
    kept = workbook_path(name, edition.source_sha256)
    in_database = declaring_place(service.store, service.settings) is Place.database
    source = f"{ARTIFACTS}{kept}" if in_database else service.folder.describe(kept)
    return entry_for(service.settings, key, source, meant)


def _foresee(service: Service, caller: Caller, key: str, entry: FrameworkSettings, edition: Edition, path: Path) -> Loaded:
    project = with_entry(service.settings, key, entry).project
    return load_framework(service.store, project, NewEdition(key, entry, edition, path.name), by=caller.name, dry_run=True)


def _load(service: Service, caller: Caller, key: str, entry: FrameworkSettings, edition: Edition, path: Path) -> Loaded:
    declared = with_entry(service.settings, key, entry)
    keep_workbook(service.folder, path, edition.source_sha256)
    loaded = load_framework(service.store, declared.project, NewEdition(key, entry, edition, path.name), by=caller.name)
    declare_framework(service.store, service.settings, key, entry, by=caller.name)
    service.use(with_entry(service.settings, key, entry))
    if loaded.changed:
        service.keep()
    return loaded


def _judged(result: ReadResult, targets: int) -> Judged:
    figures: dict[str, Any] = read_result_json(result, framework=None)
    return Judged(
        nodes=figures["nodes"],
        targets=targets,
        levels=figures["levels"],
        without_description=figures["without_description"],
        warnings=[warning.message for warning in result.warnings],
        reading=list(result.edition.reading) if result.edition else [],
    )


def _shown(wanted: Load, loaded: Loaded, doubt: str | None, judged: Judged) -> LoadedEdition:
    return LoadedEdition(
        framework=wanted.key,
        dry_run=wanted.dry_run,
        new_framework=wanted.is_new,
        changed=loaded.changed,
        edition=loaded.label,
        judged=judged,
        doubt=doubt,
        in_both=loaded.difference.same,
        difference={
            change: Changes(nodes=len(nodes), examples=[_named(node) for node in nodes[:EXAMPLES]])
            for change, nodes in loaded.difference.changes.items()
        },
        to_send=loaded.to_send,
        expected_cost=money(loaded.expected_cost_usd),
    )


def _named(node: NodeChange) -> str:
    return f"{node.code_after or node.code_before} {node.name_after or node.name_before}"
