"""The process steps of documents as BPMN diagrams: one as a file, several as a folder of them."""

from __future__ import annotations

from pathlib import Path

from caseforge_assets.commands.exporting.write_file import write_file
from caseforge_assets.commands.gathering.make_book import make_book
from caseforge_assets.commands.gathering.read_contents import ReadContents
from caseforge_assets.handing_on.bpmn import Diagram, write_bpmn
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets.handing_on.process_steps import STEPS_SECTION, Step, process_steps
from caseforge_assets.handing_on.records import SIMULATED, Page
from caseforge_assets.safe_text import file_names, one_line
from caseforge_assets.stages.process_details.own_sections import sections_of
from caseforge_assets.stages.process_details.sections import BUILT_IN, Sections
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.wording import counted


def export_diagrams(_: Connection, read: ReadContents, target: Path) -> list[str]:
    """Writes a file for the one document that is meant; where the target is a folder, one for each document.

    Raises:
        ValueError: a file is wanted, and not exactly one document is meant; or no document has steps.
    """
    pages = make_book(read, documents_only=True).pages
    found = [(page, steps) for page in pages if (steps := _steps(read, page))]
    if target.suffix == KINDS["bpmn"].ending:
        _write(read, target, *_the_one(pages, found))
        return []
    if not found:
        raise ValueError(
            f"none of {counted(len(pages), 'document')} has numbered steps in a section {STEPS_SECTION}, so there is nothing to draw"
        )
    names = file_names(f"{page.code} {page.stage}" for page, _ in found)
    for page, steps in found:
        _write(read, target / f"{names[f'{page.code} {page.stage}']}.bpmn", page, steps)
    without = len(pages) - len(found)
    return [f"Without a diagram: {counted(without, 'document has', 'documents have')} no numbered steps."] if without else []


def _the_one(pages: list[Page], found: list[tuple[Page, list[Step]]]) -> tuple[Page, list[Step]]:
    if len(found) == 1:
        return found[0]
    if not pages:
        raise ValueError("a diagram shows the steps of a document, and none is meant")
    if len(pages) == 1:
        raise ValueError(f"the document of {pages[0].code} has no numbered steps in a section {STEPS_SECTION}, so there is nothing to draw")
    raise ValueError(
        f"a diagram shows the steps of one document, and {len(pages):,} are meant. Name one with --nodes CODE; for one file each, name a folder and --format bpmn"
    )


def steps_in(stages: Stages, key: str, stage: Stage, body: str) -> list[Step]:
    """The numbered steps that a document of a framework tells; none: there is nothing to draw."""
    return process_steps(body, _sections(stages.in_framework(stage, key)).meant)


def _steps(read: ReadContents, page: Page) -> list[Step]:
    return steps_in(read.stages, read.key, read.stages[page.stage], page.body)


def _sections(stage: Stage) -> Sections:
    return sections_of(stage.templates) if stage.templates is not None and stage.key == "process_details" else BUILT_IN


def _write(read: ReadContents, target: Path, page: Page, steps: list[Step]) -> None:
    facts = "; ".join(f"{name}: {value}" for name, value in page.source.facts().items())
    about = f"{SIMULATED}\n{facts}" if page.source.simulated else facts
    diagram = Diagram(page.code, one_line(f"{page.code} {page.name}"), about, steps)
    write_file(target, write_bpmn, diagram, quietly=read.quietly)
