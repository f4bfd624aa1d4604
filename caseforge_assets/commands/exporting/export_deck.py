"""Use cases as a deck for PowerPoint."""

from __future__ import annotations

from pathlib import Path

from caseforge_assets.commands.exporting.write_file import write_file
from caseforge_assets.commands.gathering.choose_contents import say_selection
from caseforge_assets.commands.gathering.make_ideas import make_ideas
from caseforge_assets.commands.gathering.read_contents import ReadContents
from caseforge_assets.curation.priority import Weights
from caseforge_assets.handing_on.deck import Deck, write_deck
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.wording import counted


def export_deck(connection: Connection, read: ReadContents, target: Path) -> list[str]:
    """Writes it.

    Raises:
        ValueError: no use case is meant.
    """
    ideas = make_ideas(connection, read)
    if not ideas:
        raise ValueError("a deck shows use cases, and none is meant; there may be none yet, or other options leave them out")
    about = say_selection(read.selection, read.chosen.left_out)
    deck = Deck("Use cases", read.title, read.made_on, ideas, about, priority_formula=Weights().formula)
    write_file(target, write_deck, deck, quietly=read.quietly)
    left = len(deck.ideas) - len(deck.with_page)
    return (
        [
            f"{counted(len(deck.with_page), 'use case has', 'use cases have')} a page, the first by priority; {counted(left, 'other is', 'others are')} in the matrix only."
        ]
        if left
        else []
    )
