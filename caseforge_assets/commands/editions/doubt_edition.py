"""Before a load: whether a file looks like another framework than the one whose edition it is to be."""

from __future__ import annotations

from shlex import quote

from caseforge_assets.frameworks import Edition
from caseforge_assets.frameworks.editions import as_before
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.wording import counted

# Between editions of a PCF 95 to 98 of 100 nodes stay, between two industries' PCFs 73 to 84. A few nodes more or less are no other framework.
_STAYING_SHARE, _FEW = 0.85, 10
_HALF = 0.5


def doubt_edition(connection: Connection, key: str, edition: Edition, file_name: str) -> str | None:
    """Says how few nodes of the current edition would stay, where they are so few that a person should confirm it; None where there is no doubt.

    Args:
        key: of the framework, loaded or not.
        edition: as read from the file.
        file_name: of the file, as whoever reads the text would name it.
    """
    before = {node.identity for node in nodes.placed_nodes(connection, key)}
    if not before:
        return None
    staying = len(before & {node.identity for node in as_before(edition, nodes.codes_by_identity(connection, key))})
    gone, share = len(before) - staying, staying / len(before)
    if share >= _STAYING_SHARE or (gone <= _FEW and share >= _HALF):
        return None
    title = f" It calls itself {edition.title!r}." if edition.title else ""
    return (
        f"{file_name} has only {staying:,} of the {counted(len(before), 'node')} of {key!r} ({share:.0%}); {gone:,} would go out of it, and what was made for them "
        f"would be retired.{title} If it is another framework, load it under a key of its own: caseforge load {quote(file_name)} --framework OTHER_KEY"
    )
