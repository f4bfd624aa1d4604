"""portfolio export: a portfolio as a deck, a Word document, or a workbook to decide on, of the use cases that the caller may see, in its order."""

from __future__ import annotations

from pathlib import Path

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.exporting.write_file import write_file
from caseforge_assets.commands.gathering.make_ideas import ideas_of_portfolio
from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio
from caseforge_assets.curation.priority import Weights
from caseforge_assets.handing_on.deck import Deck, write_deck
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets.handing_on.markdown_blocks import Heading, Item, Paragraph, blocks, plain
from caseforge_assets.handing_on.records import Book, Idea
from caseforge_assets.handing_on.sheets.decision_sheet import Managed
from caseforge_assets.handing_on.sheets.tables import Workbook, write_workbook
from caseforge_assets.handing_on.word.portfolio_word import Collection, write_collection
from caseforge_assets.safe_text import one_line
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import frameworks

PORTFOLIO_KINDS = ("xlsx", "docx", "pptx")


def export_portfolio(
    connection: Connection, project: Project, caller: Caller, portfolio_id: int, target: Path, *, quietly: bool = False
) -> tuple[int, int]:
    """Writes it, as the end of the target's name says. Returns how many use cases it has, and how many others the caller may not see.

    Args:
        quietly: at background priority, for a process that answers others meanwhile.

    Raises:
        LookupError: there is none of this number that the caller may see.
        ValueError: it is not written as that.
    """
    kind = next((name for name in PORTFOLIO_KINDS if KINDS[name].ending == target.suffix.lower()), None)
    if kind is None:
        endings = ", ".join(KINDS[name].ending for name in PORTFOLIO_KINDS)
        raise ValueError(f"{target.name}: a portfolio is written as one of {endings}")
    view = view_portfolio(connection, project, caller, portfolio_id)
    ideas = ideas_of_portfolio(connection, view)
    of, made_on = _frameworks(connection, ideas), clock.now(connection).date()
    about = [_line(block) for block in blocks(view.portfolio.description) if isinstance(block, Heading | Paragraph | Item)]
    if kind == "pptx":
        deck = Deck(view.portfolio.name, of, made_on, ideas, about, is_chosen=True, priority_formula=Weights().formula)
        write_file(target, write_deck, deck, quietly=quietly)
    elif kind == "docx":
        collection = Collection(view.portfolio.name, of, made_on, view.portfolio.description, ideas, Weights().formula)
        write_file(target, write_collection, collection, quietly=quietly)
    else:
        book = Book(view.portfolio.name, f"{view.portfolio.name} · {of}", "", made_on, ())
        write_file(target, write_workbook, Workbook(Managed(book, ideas, portfolio_id), {}), quietly=quietly)
    return len(ideas), view.hidden


def _line(block: Heading | Paragraph | Item) -> str:
    """A part of a description as a line of the title page, without its marks."""
    text = one_line(plain(block.runs))
    return f"• {text}" if isinstance(block, Item) else text


def _frameworks(connection: Connection, ideas: list[Idea]) -> str:
    """Titles of the frameworks that use cases are of."""
    editions = {key: frameworks.current_edition(connection, key) for key in dict.fromkeys(idea.framework for idea in ideas)}
    return ", ".join(key if edition is None else edition.title for key, edition in editions.items()) or "no framework yet"
