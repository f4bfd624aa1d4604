"""A store of candidates that tell ideas of the catalogue, or ideas of their own; which one each tells stands in its fields, where nothing reads it but this."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.service.world import NODES_AT_ONCE, TARGETS, Writer, generate, load, multiplied
from benchmarks.similar.writing import Teller
from caseforge_assets.batch_server.writer.json_answer import write_value
from caseforge_assets.batch_server.writer.subject import read_subject
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.frameworks import read_framework, sample_path
from caseforge_assets.settings import Settings
from caseforge_assets.similar.words import Process
from caseforge_assets.stages.strict_schema import strict_format
from caseforge_assets.stages.usecases.record import UseCases
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.editions.nodes import NodeRow, target_nodes

KEY = "processes"
CANDIDATES_OF_A_UNIT = 960  # about, of the sample's nodes on levels 3 and 4


class IdeaWriter(Writer):
    """Writes candidates that tell ideas."""

    def __init__(self, sample: Sequence[str]) -> None:
        super().__init__(sample)
        self.teller = Teller(20)

    def candidate(self, node: NodeRow) -> tuple[str, dict[str, object]]:
        """One that tells an idea."""
        told = self.teller.any(node.name)
        return told.title, self.fields() | {"description": told.description, "idea": " / ".join(told.idea)}


def fill(store: Engine, settings: Settings, folder: Path, units: int) -> int:
    """Fills an empty store up to the rows of lists; returns how many nodes have candidates."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    writer = IdeaWriter([f"{node.name} {node.description}" for node in edition.nodes])
    load(store, settings, KEY, multiplied(folder / "processes.csv", units), TARGETS)
    with store.connect() as connection:
        targets = target_nodes(connection, KEY)
    for first in range(0, len(targets), NODES_AT_ONCE):
        with store.begin() as connection:
            generate(connection, writer, KEY, targets[first : first + NODES_AT_ONCE], ("usecases",))
    refresh_lists(store, settings.project, texts=0)
    return len(targets)


def simulated(nodes: int) -> list[tuple[str, str, Process]]:
    """Titles and descriptions of candidates as the local server answers, with their processes."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    schema = strict_format("use_cases", UseCases)["json_schema"]["schema"]
    told = []
    for number in range(nodes):
        node = edition.nodes[number % len(edition.nodes)]
        subject = read_subject({"messages": [{"role": "user", "content": f"Process: {node.name}\nDescription: {node.description}"}]})
        for case in write_value(schema, subject, number)["use_cases"]:
            told.append((case["title"], case["description"], Process(node.name, node.description)))
    return told
