"""The text about a node that goes into prompts: the way to it, then itself. No codes, no siblings: they change too easily.

Its form, on which prompts rely:

Part of:
- Name of the first level: its description.
  - Name of the second level: its description.
Process: Name of the node
Description: Its description.
  Further lines of it, indented.
"""

from collections.abc import Sequence

from caseforge_assets.contexts.sentences import split_sentences
from caseforge_assets.frameworks.records import Node

DEFAULT_MAX_CHARS = 6_000


def build_context(node: Node, ancestors: Sequence[Node], max_chars: int = DEFAULT_MAX_CHARS) -> str:
    """Builds the context of a node: an outline of its ancestors, then its own name and description.

    Lines that begin without a space are "Part of:", the outline item of the first level, "Process: …" and "Description: …";
    an empty description is left out. What is too long loses whole sentences, from the end of each description: those of
    the farthest ancestor first, the node's own last. If the names alone are still too long, the farthest ancestors go.
    The node's own name always stays, whatever max_chars is.

    Args:
        node: The node.
        ancestors: Root first, without the node.
        max_chars: Longest context, in characters.

    Returns:
        The context, the same for the same input, without a line break at its end.
    """
    path = [*ancestors, node]
    names = [part.name for part in path]
    descriptions = [" ".join(ancestor.description.split()) for ancestor in ancestors] + [node.description]
    text = _rendered(names, descriptions)
    for place, description in enumerate(descriptions):
        sentences = list(split_sentences(description)) if len(text) > max_chars else []
        while len(text) > max_chars and sentences:
            sentences.pop()
            descriptions[place] = "".join(sentences).strip()
            text = _rendered(names, descriptions)
    while len(text) > max_chars and len(names) > 1:
        del names[0], descriptions[0]
        text = _rendered(names, descriptions)
    return text


def _rendered(names: Sequence[str], descriptions: Sequence[str]) -> str:
    """Renders a path, the node itself last."""
    lines = ["Part of:"] if len(names) > 1 else []
    for depth, (name, description) in enumerate(zip(names[:-1], descriptions[:-1], strict=True)):
        item = f"{name}: {description}" if description else name
        lines.append(f"{'  ' * depth}- {item}")
    lines.append(f"Process: {names[-1]}")
    if descriptions[-1]:
        # Indented, a line of the description can't be taken for one of the context.
        lines.append("Description: " + "\n".join(f"  {line}" for line in descriptions[-1].split("\n") if line).lstrip())
    return "\n".join(lines)
