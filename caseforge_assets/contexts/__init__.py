"""Texts about nodes that the model is given: ancestors and the node itself, bounded in length. Versions say when that has changed."""

from caseforge_assets.contexts.context import DEFAULT_MAX_CHARS, build_context
from caseforge_assets.contexts.sentences import first_sentences
from caseforge_assets.contexts.versions import context_version, node_version

__all__ = ["DEFAULT_MAX_CHARS", "build_context", "context_version", "first_sentences", "node_version"]
