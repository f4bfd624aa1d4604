"""The texts that get a vector: the process with the way to it, then each of its use cases by title and idea."""

import re

from caseforge_assets.contexts.sentences import first_sentences
from caseforge_assets.stages.stage import Source

MOST_CHARACTERS = 8_000  # of a text; models take some 8,000 tokens, and what tells the meaning stands at the beginning
DEFINITION = f"the context; of each use case its title and its description; {MOST_CHARACTERS} characters of each at most"

_TITLE = re.compile(r"^##[ \t]+\d+\.[ \t]+(\S.*)$", re.MULTILINE)
_LABEL = re.compile(r"^\*\*[^*\n]+[.:]\*\*[ \t]*", re.MULTILINE)


def build_messages(source: Source) -> list[dict[str, str]]:
    """Build the texts of a node, a message each: the first is of the node, the others of its use cases in their order.

    Args:
        source: With the use cases as Markdown, as their stage renders them.

    Raises:
        ValueError: There are no use cases.
    """
    ideas = _ideas(source.upstream or "")
    if not ideas:
        raise ValueError(f"{source.name}: embeddings are made from the use cases, and there are none.")
    return [{"role": "user", "content": first_sentences(text, MOST_CHARACTERS)[:MOST_CHARACTERS]} for text in (source.context, *ideas)]


def _ideas(page: str) -> list[str]:
    """The title of each use case, with the first of its texts, which is the description."""
    titles = list(_TITLE.finditer(page))
    ends = [*(title.start() for title in titles), len(page)][1:]
    return [f"{title[1].strip()}\n{_first_text(page[title.end() : end])}".strip() for title, end in zip(titles, ends, strict=True)]


def _first_text(section: str) -> str:
    labels = list(_LABEL.finditer(section))
    if not labels:
        return section.strip()
    return section[labels[0].end() : labels[1].start() if len(labels) > 1 else len(section)].strip()
