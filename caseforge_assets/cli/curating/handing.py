"""portfolio export and portfolio import: a portfolio as a file, and decisions that were made in one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.app import NOT_APPROVED
from caseforge_assets.cli.curating.portfolio import caller, chosen_portfolio, portfolio, portfolio_argument
from caseforge_assets.cli.shared.console import busy, console, errors
from caseforge_assets.cli.shared.options import pass_session
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caseforge_assets.cli.shared.session import Session

MOST_SHOWN = 30


@portfolio.command("export")
@portfolio_argument
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@pass_session
def export_(session: Session, portfolio: str, target: Path) -> None:
    """Write PORTFOLIO (its number or name) to TARGET: a deck (.pptx), a Word document (.docx), or a workbook to decide on (.xlsx), which `portfolio import` takes back."""
    from caseforge_assets.commands.exporting.export_portfolio import export_portfolio

    with busy(f"Writing {target}"), session.store.connect() as connection:
        row = chosen_portfolio(connection, portfolio)
        written, _ = export_portfolio(connection, session.project, caller(), row.id, target)
    console.print(f"{counted(written, 'use case')} of {row.name} in {target}.", markup=False)


@portfolio.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Take what is shown without asking.")
@click.option("--keep-theirs", is_flag=True, help="Of what somebody else has changed since the export, keep theirs, and take the rest.")
@click.option("--overwrite", is_flag=True, help="Of what somebody else has changed since the export, take yours.")
@pass_session
def import_(session: Session, file: Path, yes: bool, keep_theirs: bool, overwrite: bool) -> None:
    """Take back what was decided in FILE, a workbook that `export` or `portfolio export` wrote: its sheet Decide.

    Status, reason, owner, review date, tags, and the notes of a portfolio. Shows what would change and asks; then takes all of it, or nothing. Rows that were taken out of the
    sheet, and cells that nobody changed, are left alone.
    """
    from caseforge_assets.commands.portfolios.import_decisions import Meanwhile, import_decisions
    from caseforge_assets.commands.portfolios.review_decisions import review_decisions

    if keep_theirs and overwrite:
        raise click.UsageError("--keep-theirs and --overwrite exclude each other")
    meanwhile = Meanwhile.keep if keep_theirs else Meanwhile.overwrite if overwrite else Meanwhile.refuse
    with busy(f"Reading {file.name} and comparing it with what is there"), session.store.connect() as connection:
        review = review_decisions(connection, caller(), file)
    _say("Would change", [change.in_words() for change in review.changes])
    _say("Changed by somebody else meanwhile", review.conflicts)
    _say("Cannot be taken", review.problems)
    console.print(f"{counted(review.rows, 'use case')} in {file.name}; {len(review.changes):,} would change.", markup=False)
    if not (review.changes or review.conflicts or review.problems):
        return
    can_be_taken = not review.problems and (meanwhile is not Meanwhile.refuse or not review.conflicts)
    if can_be_taken and not yes and not click.confirm("Take them?", err=True):
        errors.print("Declined: nothing was taken.")
        sys.exit(NOT_APPROVED)
    with session.store.begin() as connection:
        taken = import_decisions(connection, caller(), file, meanwhile)
    console.print(f"{counted(len(taken.changes), 'use case was', 'use cases were')} changed.", markup=False)


def _say(what: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    console.print(f"{what}:", style="bold")
    for line in lines[:MOST_SHOWN]:
        console.print(f"  {line}", markup=False)
    if len(lines) > MOST_SHOWN:
        console.print(f"  … and {len(lines) - MOST_SHOWN:,} more")
