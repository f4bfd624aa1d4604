"""load: bring a framework in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from caseforge_assets.cli.app import NOT_APPROVED
from caseforge_assets.cli.setting_up.frameworks import say_languages, show
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import busy, console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.commands.configuring.read_form import CannotBeSaid, Meant, Said, meant_by
from caseforge_assets.frameworks.records import Edition, ReadResult
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.settings.configuration import HierarchyName
from caseforge_assets.wording import counted


@click.command()
@click.argument("file", required=False)
@click.option(
    "--framework",
    "key",
    metavar="KEY",
    help="Short name, e.g. cross_industry; added to caseforge.toml when it is new, or to the database where the file cannot be written.",
)
@click.option("--title", help="Title for people; by default the one in the workbook.")
@click.option("--targets", help="Which nodes get content: leaf (default), level:3, or a branch such as '8.*'.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=HEADER",
    help="Which column is the code, id, name, description, parent, parent_id, owner, level, or level1, level2, …: --map code='Practice ID'. "
    "HEADER#2 is the second one that is called so; nothing after = means that there is no such column. Kept in caseforge.toml.",
)
@click.option(
    "--hierarchy",
    type=click.Choice(["dotted", "parent", "levels", "indent", "prefix", "path"]),
    help="What says which node is whose parent: dots in the codes, a column, columns by level (or one with level numbers), the names' indentation, or the "
    "beginnings of the codes (11, 111). Recognized where it is plain. Kept in caseforge.toml.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG",
    help="Language that its texts are asked for in (BCP 47): de, pt-BR; usecases=en is that of one stage; empty takes back what was said. "
    "Kept in caseforge.toml. Contents in another language become stale.",
)
@click.option("--check", is_flag=True, help="Only read and judge the file; nothing is stored.")
@click.option(
    "--dry-run", is_flag=True, help="Only say what differs from the edition that is loaded and what it would cost; nothing is stored."
)
@click.option("--yes", is_flag=True, help="Do not ask, even where most nodes of the edition that is loaded would go.")
@json_option
@pass_session
def load(
    session: Session,
    file: str | None,
    key: str | None,
    title: str | None,
    targets: str | None,
    columns: tuple[str, ...],
    hierarchy: HierarchyName | None,
    languages: tuple[str, ...],
    check: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Read a framework from FILE: an official APQC PCF workbook, or a table (.xlsx, .ods, .xls, .xlsb, .csv, .json and the like).

    FILE may lie in a bucket (s3://…, gs://…). Without FILE it is the source that is declared for the framework, or for the only one.

    A table has names and, if wanted, codes, ids, descriptions, parents and owners; what it is read as is said. A file that is not in
    order is refused as a whole, with a list of places; then the exit code is 2 and nothing is changed.

    A new edition of a framework that is loaded already takes its place: what did not change keeps what was made for
    it, and nothing is paid for by this. Where so few of its nodes stay that the file looks like another framework, it
    is asked first.
    """
    from caseforge_assets.commands.configuring.make_entry import entry_for
    from caseforge_assets.commands.configuring.open_source import is_address, opened_source
    from caseforge_assets.frameworks import read_framework

    if file is None:
        key = session.framework_key(key)
        source = session.settings.framework(key).source
    else:
        source = file if is_address(file) else str(Path(file).absolute())
    path = click.get_current_context().with_resource(opened_source(session.settings, source))
    meant = _meant(session, key, Said(title, targets, hierarchy, columns, languages))
    result = read_framework(path, form=meant.form)
    if check:
        _print_check(result, path, key, meant.targets, as_json=as_json)
        sys.exit(2 if result.problems else 0)
    edition, key = _in_order(result), _named(key)
    if not dry_run:
        source = _declared_source(session, source, path, edition)
    entry = entry_for(session.settings, key, source, replace(meant, title=title or edition.title))
    if entry != session.settings.configuration.frameworks.get(key):
        session.ask_as(key, entry)  # what is said of costs and of what is stale holds for that
    if not yes:
        _ask_about_another(session, key, edition, file or source, dry_run=dry_run)
    _store(session, path, key, entry, edition, dry_run=dry_run, as_json=as_json)


def _in_order(result: ReadResult) -> Edition:
    """The edition that was read, after what is to be said of it; a file that is not in order ends the command."""
    _print_findings(result, errors)
    if result.edition is None:
        sys.exit(2)
    return result.edition


def _named(key: str | None) -> str:
    if key is None:
        raise click.UsageError("say with --framework KEY under which name it is kept, for example --framework cross_industry")
    return key


def _declared_source(session: Session, source: str, file: Path, edition: Edition) -> str:
    """Gives what will be declared as the source: where the database declares it, a file of this machine may be gone tomorrow, and its copy is not.

    Raises:
        ConfigurationError: it cannot be declared anywhere; nothing was changed.
    """
    from caseforge_assets.commands.configuring.declare_framework import Place, declaring_place
    from caseforge_assets.commands.configuring.open_source import ARTIFACTS, is_address
    from caseforge_assets.commands.editions.keep_workbook import workbook_path

    if declaring_place(session.store, session.settings) is Place.file or is_address(source):
        return source
    return f"{ARTIFACTS}{workbook_path(file.name, edition.source_sha256)}"


def _meant(session: Session, key: str | None, said: Said) -> Meant:
    """The table's form, and the language of its texts, as the options say them."""
    try:
        return meant_by(session.settings, key, said)
    except CannotBeSaid as error:
        raise click.UsageError(str(error)) from None


def _print_check(result: ReadResult, file: Path, key: str | None, selector: str | Sequence[str], *, as_json: bool) -> None:
    """Prints what reading a file came to, without storing it."""
    from caseforge_assets.frameworks import read_result_json, select_targets

    chosen = select_targets(result.edition.nodes, selector) if result.edition else ()
    if as_json:
        print_json(read_result_json(result, framework=key, targets=chosen))
    else:
        _print_findings(result, errors)
        if result.edition:
            console.print(
                f"{file.name} is in order: {counted(len(result.edition.nodes), 'node')}, {counted(len(chosen), 'target')} among them."
            )


def _ask_about_another(session: Session, key: str, edition: Edition, source: str, *, dry_run: bool) -> None:
    """Asks before most of a framework is replaced by something else; where nothing is stored, it is said only."""
    from caseforge_assets.commands.editions.doubt_edition import doubt_edition

    with session.store.connect() as connection:
        doubt = doubt_edition(connection, key, edition, source)
    if doubt is None:
        return
    errors.print(f"{doubt}.", soft_wrap=True)
    if not dry_run and not click.confirm("Load it as an edition of this framework all the same?", err=True):
        errors.print("Declined: nothing was loaded.")
        sys.exit(NOT_APPROVED)


def _print_findings(result: ReadResult, told: Console) -> None:
    for problem in result.problems:
        told.print(problem.message, style="red", soft_wrap=True)  # a hint that is pasted has to be one line
    for warning in result.warnings[:5]:
        told.print(f"Warning: {warning.message}", style="yellow", soft_wrap=True)
    if len(result.warnings) > 5:
        told.print(f"… and {counted(len(result.warnings) - 5, 'more warning')}; --check --json lists all.", style="yellow")
    for sentence in result.edition.reading if result.edition else ():
        told.print(sentence, style="dim")


def _store(session: Session, file: Path, key: str, entry: FrameworkSettings, edition: Edition, *, dry_run: bool, as_json: bool) -> None:
    from caseforge_assets.cli.views.edition_views import loaded_json, print_loaded
    from caseforge_assets.commands.configuring.declare_framework import declare_framework
    from caseforge_assets.commands.editions.keep_workbook import keep_workbook
    from caseforge_assets.commands.editions.load_framework import NewEdition, load_framework

    known = session.settings.configuration.frameworks.get(key)
    if not dry_run:
        keep_workbook(session.folder, file, edition.source_sha256)
    with busy("Storing the edition and comparing it with the one before"):
        loaded = load_framework(
            session.store, session.project, NewEdition(key, entry, edition, file.name), by=account_name(), dry_run=dry_run
        )
    if as_json:
        print_json({"framework": key, "dry_run": dry_run, **loaded_json(loaded)})
    else:
        print_loaded(loaded, key, file.name, dry_run=dry_run)
    if dry_run:
        return
    declared = declare_framework(session.store, session.settings, key, entry, by=account_name())
    if entry != known:
        session.reload()  # what follows is said of its stages as they are asked for now
    session.mirror()
    if declared.is_new and not as_json:
        console.print(f"Added [frameworks.{key}] to {declared.place}.")
    if entry != known:
        show(session, key, errors if as_json else console)
    if known is not None and entry.languages != known.languages and not as_json:
        console.print(
            f"Its texts are asked for in {say_languages(entry) or 'the language of the templates'} from now on; what is in another language is stale."
        )
    if (loaded.changed or (known is not None and entry.languages != known.languages)) and not as_json:
        console.print(f"Next: caseforge plan --framework {key}")
