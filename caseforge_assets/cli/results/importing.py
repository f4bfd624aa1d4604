"""import-results: answers that were paid for elsewhere."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json, usd
from caseforge_assets.cli.shared.options import chosen_stages, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.stages.judgement import GOOD
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.importing.appraise_import import ForeignFile

LISTED = 10


@click.command("import-results")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--framework", "key", metavar="KEY", help="Framework that the answers belong to.")
@click.option("--stage", "stage_key", metavar="STAGE", help="process_details, usecases, or one of your own.")
@click.option("--custom-id", "pattern", metavar="REGEX", help=r"Finds the node's code in a custom_id, e.g. '^node_\d+_(?P<code>.+)$'.")
@click.option("--partly", is_flag=True, help="Take the lines that fit and leave out the others, instead of refusing the file.")
@click.option(
    "--undo", "number", metavar="NUMBER", help="Take this import back: its answers and costs go, what was there before is current again."
)
@click.option("--by", metavar="NAME", help="Who takes it back; by default the name of the account.")
@click.option("--list", "listed", is_flag=True, help="List all imports with their numbers.")
@json_option
@pass_session
def import_results(
    session: Session,
    file: Path | None,
    key: str | None,
    stage_key: str | None,
    pattern: str | None,
    partly: bool,
    number: str | None,
    by: str | None,
    listed: bool,
    as_json: bool,
) -> None:
    """Take over FILE, an output file of OpenAI's Batch API. Its answers are judged and stored like collected ones.

    The file is judged as a whole first: answers to chat completions or to the responses API, of this stage and of nodes of this
    framework, none of which is here already. Otherwise the exit code is 2 and nothing is stored. Exit code 3 when some answers were not good.
    --undo takes an import back, --list shows all; both go without FILE.
    """
    from caseforge_assets.commands.importing.appraise_import import ForeignFile

    _refuse_other_uses(file, key, stage_key, pattern, number, listed)
    if listed:
        _list(session, as_json)
    elif number is not None:
        _take_back(session, number, by or account_name(), as_json)
    else:
        session.settings.framework(key or "")
        foreign = ForeignFile(file or Path(), key or "", chosen_stages(session, (stage_key or "",))[0], pattern or "")
        _import(session, foreign, partly=partly, as_json=as_json)


def _refuse_other_uses(
    file: Path | None, key: str | None, stage_key: str | None, pattern: str | None, number: str | None, listed: bool
) -> None:
    needed = {"FILE": file, "--framework": key, "--stage": stage_key, "--custom-id": pattern}
    given = [name for name, value in needed.items() if value is not None]
    if listed or number is not None:
        if given or (listed and number is not None):
            raise click.UsageError("--undo NUMBER and --list go alone: what an import was made from is known")
    elif len(given) < len(needed):
        raise click.UsageError(f"missing: {', '.join(name for name in needed if name not in given)}")


def _import(session: Session, foreign: ForeignFile, *, partly: bool, as_json: bool) -> None:
    from caseforge_assets.commands.importing.import_results import import_results as run

    result = run(session.stored_project, foreign, by=account_name(), partly=partly)
    session.mirror()
    bad = sum(count for outcome, count in result.outcomes.items() if outcome not in GOOD)
    if as_json:
        print_json({"batch": result.batch_id, "already_imported": result.already, "outcomes": result.outcomes, "left_out": result.left_out})
    else:
        said = "was imported before; nothing has changed" if result.already else "imported"
        console.print(
            f"{foreign.path.name} {said}: " + ", ".join(f"{count:,} {outcome}" for outcome, count in result.outcomes.items()) + "."
        )
        for text in result.left_out[:LISTED]:
            console.print(f"  left out: {text}", style="yellow")
        if len(result.left_out) > LISTED:
            console.print(f"  and {len(result.left_out) - LISTED:,} more left out", style="yellow")
        if bad:
            console.print(f"`caseforge failed --framework {foreign.key}` says why {counted(bad, 'of them was', 'of them were')} not good.")
        console.print(f"It is import {result.batch_id}; to take it back: caseforge import-results --undo {result.batch_id}")
    sys.exit(3 if bad else 0)


def _take_back(session: Session, number: str, by: str, as_json: bool) -> None:
    from caseforge_assets.commands.importing.take_back_import import take_back_import

    done = take_back_import(session.store, session.stages, number, by)
    session.mirror()
    if as_json:
        figures = {
            "answers": done.answers,
            "contents": done.contents,
            "cost_usd": done.cost_usd,
            "unknown_costs": done.unknown_costs,
            "nodes_as_before": done.as_before,
        }
        print_json({"batch": done.batch_id, **figures})
        return
    console.print(
        f"Import {done.batch_id} was taken back: {counted(done.answers, 'answer')}, {counted(done.contents, 'content')} and {_cost(done.cost_usd, done.unknown_costs)} are in no figure "
        f"any more; {counted(done.as_before, 'node has', 'nodes have')} what they had before. The file stays among the artifacts."
    )
    stale = " and ".join(f"`caseforge stale --framework {key}`" for key in done.frameworks)
    if stale:
        console.print(f"What was made from its answers meanwhile, if anything, stays, and is stale: {stale} lists it.")


def _list(session: Session, as_json: bool) -> None:
    from caseforge_assets.store.collecting.imports import all_imports

    with session.store.connect() as connection:
        rows = all_imports(connection)
    if as_json:
        print_json(
            [
                {"batch": row.batch_id, "stage": row.stage, "model": row.model, "answers": row.answers, "cost_usd": row.cost_usd}
                | {"unknown_costs": row.unknown_costs, "at": row.imported_at, "note": row.note, "taken_back": row.taken_back}
                for row in rows
            ]
        )
        return
    if not rows:
        console.print("Nothing was imported.")
        return
    table = FittingTable("Import", "Stage", "Model", "Answers", "Cost", "What")
    for row in rows:
        cost = _cost(row.cost_usd, row.unknown_costs) if row.answers else ""
        table.add_row(str(row.batch_id), row.stage, row.model, f"{row.answers:,}", cost, row.note or "")
    console.print(table)


def _cost(known: Decimal, unknown: int) -> str:
    return usd(known) + (f" and {counted(unknown, 'answer')} of unknown cost" if unknown else "")
