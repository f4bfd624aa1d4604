"""search: nodes, documents and use cases, by words or by meaning."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.console import busy, console, print_json
from caseforge_assets.cli.shared.options import framework_option, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.store.searching.search import Hit

MOST = 200
NAMES = {"node": "Node", "document": "Document", "candidate": "Use case"}
KINDS = tuple(NAMES)


@click.command()
@click.argument("words", nargs=-1, required=True)
@framework_option
@click.option("--by", type=click.Choice(["words", "meaning"]), default="words", show_default=True, help="What is compared.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Only these (may be repeated). By meaning, documents count with their node.",
)
@click.option("--limit", type=click.IntRange(1, MOST), default=10, show_default=True, help="How many are listed.")
@json_option
@pass_session
def search(session: Session, words: tuple[str, ...], key: str | None, by: str, kinds: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find nodes, documents and use cases, in all frameworks or one.

    By words: WORDS in any order; "several words" beside each other; or; -without. By meaning: what is told in other words, too, nearest first. For
    that the stage embeddings has to be on, and the question is sent to the provider ([stages.embeddings], search_usd_per_month).
    """
    from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists

    frameworks = None if key is None else [session.framework_key(key)]
    with busy("Bringing lists up to date"):
        refresh_lists(session.store, session.project, texts=0 if by == "meaning" else None)
    asked = " ".join(words)
    found = (
        _by_meaning(session, asked, frameworks, kinds, limit) if by == "meaning" else _by_words(session, asked, frameworks, kinds, limit)
    )
    if as_json:
        print_json([asdict(hit) for hit in found])
        return
    if not found:
        console.print("Nothing is found.")
        return
    table = FittingTable(
        "Likeness" if by == "meaning" else "Rank", "What", "Name", "Title", drop=("Likeness" if by == "meaning" else "Rank",)
    )
    for hit in found:
        table.add_row(f"{hit.rank:.2f}", NAMES[hit.kind], f"{hit.framework} {hit.name}", "".join(part.text for part in hit.title))
    console.print(table)


def _by_words(session: Session, words: str, frameworks: list[str] | None, kinds: tuple[str, ...], limit: int) -> list[Hit]:
    from caseforge_assets.store.searching import search as reading

    with session.store.connect() as connection:
        asked = reading.Search(words, frameworks, kinds or KINDS)
        return reading.hits(connection, asked, reading.search(connection, asked).page(None, limit))


def _by_meaning(session: Session, words: str, frameworks: list[str] | None, kinds: tuple[str, ...], limit: int) -> list[Hit]:
    from caseforge_assets.cli.shared.console import errors
    from caseforge_assets.commands.mirroring.refresh_meanings import refresh_meanings
    from caseforge_assets.commands.searching.search_by_meaning import search_by_meaning

    with busy("Taking in new vectors"):
        refresh_meanings(session.store, session.project)
    with session.store.connect() as connection:
        found = search_by_meaning(connection, session.open_project, words, kinds or KINDS, frameworks, None, limit)
    if found.covered < found.nodes:
        errors.print(f"Of {counted(found.nodes, 'node')} with use cases, {found.covered:,} can be found by meaning.", style="dim")
    if found.simulated:
        errors.print(
            "SIMULATED: the local server's vectors are near each other where words are the same, whatever these mean.", style="yellow"
        )
    return found.hits
