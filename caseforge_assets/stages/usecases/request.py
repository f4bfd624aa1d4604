"""The request for use cases: the same instructions for all nodes, then the node's context and its process document."""

from collections.abc import Callable
from functools import cache

from caseforge_assets.stages.stage import Source
from caseforge_assets.stages.templates import Templates
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, MOST_CANDIDATES

SYSTEM_VALUES = ("least", "most")
USER_VALUES = ("context", "kpis", "document")


def message_builder(templates: Templates) -> Callable[[Source], list[dict[str, str]]]:
    """Give what builds the chat messages for a node.

    Args:
        templates: The stage's templates.

    Returns:
        A function that gives a system message that is byte for byte the same for all nodes (providers cache it), and the user
        message. It raises ValueError for a source without a process document as upstream content.
    """

    @cache
    def system_text() -> str:
        return templates.render("system", least=LEAST_CANDIDATES, most=MOST_CANDIDATES)

    def build_messages(source: Source) -> list[dict[str, str]]:
        if not source.upstream:
            raise ValueError(f"{source.name}: use cases are made from the process document, and there is none.")
        user = templates.render("user", context=source.context, kpis=source.kpis, document=source.upstream)
        return [{"role": "system", "content": system_text()}, {"role": "user", "content": user}]

    return build_messages
