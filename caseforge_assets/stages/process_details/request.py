"""The request for a process document: the same instructions for all nodes, then the node's own text."""

from collections.abc import Callable
from functools import cache

from caseforge_assets.stages.process_details.sections import Sections
from caseforge_assets.stages.stage import Source
from caseforge_assets.stages.templates import Templates

SYSTEM_VALUES = ("sections",)
USER_VALUES = ("context", "kpis")


def message_builder(templates: Templates, sections: Sections) -> Callable[[Source], list[dict[str, str]]]:
    """Give what builds the chat messages for a node; what a source has of upstream content is not used.

    Args:
        templates: The stage's templates.
        sections: The sections that are asked for.

    Returns:
        A function that gives a system message that is byte for byte the same for all nodes (providers cache it), and the user message.
    """

    @cache
    def system_text() -> str:
        return templates.render("system", sections=sections.entries)

    def build_messages(source: Source) -> list[dict[str, str]]:
        user = templates.render("user", context=source.context, kpis=source.kpis)
        return [{"role": "system", "content": system_text()}, {"role": "user", "content": user}]

    return build_messages
