"""The request for a specification: the same instructions for all nodes, then the node's context, its document, the chosen use cases and the outline."""

from collections.abc import Callable
from functools import cache

from caseforge_assets.stages.stage import Source
from caseforge_assets.stages.templates import Templates
from caseforge_assets.stages.usecase_specs.outline import Outline
from caseforge_assets.stages.usecases.record import render_candidates

SYSTEM_VALUES = ("sections", "parts")
USER_VALUES = ("context", "kpis", "document", "use_cases", "outline")


def message_builder(templates: Templates, outline: Outline) -> Callable[[Source], list[dict[str, str]]]:
    """Give what builds the chat messages for a node.

    Args:
        templates: The stage's templates.
        outline: The headings of a specification.

    Returns:
        A function that gives a system message that is byte for byte the same for all nodes (providers cache it), and the user
        message. It raises ValueError for a source without a process document or without chosen use cases.
    """

    @cache
    def system_text() -> str:
        return templates.render("system", sections=outline.sections.entries, parts=outline.parts.entries)

    def build_messages(source: Source) -> list[dict[str, str]]:
        if not source.upstream or not source.chosen:
            raise ValueError(f"{source.name}: a specification is made from the process document and chosen use cases, and there are none.")
        user = templates.render(
            "user",
            context=source.context,
            kpis=source.kpis,
            document=source.upstream,
            use_cases=render_candidates(source.chosen),
            outline=outline.headings([item.title for item in source.chosen]),
        )
        return [{"role": "system", "content": system_text()}, {"role": "user", "content": user}]

    return build_messages
