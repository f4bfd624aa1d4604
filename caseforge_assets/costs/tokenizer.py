"""The tokenizer of OpenAI's models since gpt-4o (o200k_base), without what its package decodes at import.

`import bpe_openai` takes half a second of CPU for three vocabularies in Python, none of which counting needs: the compiled part
brings its own. That part is private; a contract test holds it against the package.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.machinery import PathFinder
from typing import Any

ENCODING = "o200k_base"
PACKAGE, COMPILED = "bpe_openai", "bpe_openai._bindings"


def count_plain_tokens(text: str, encoding: str = ENCODING) -> int:
    """Count the tokens of a text of less than a million characters; special tokens in it are text like any other."""
    return int(_tokenizer(encoding).count(text.encode("utf-8", "replace").decode("utf-8")))


@cache
def _tokenizer(encoding: str) -> Any:
    package = importlib.util.find_spec(PACKAGE)
    spec = PathFinder.find_spec(COMPILED, package.submodule_search_locations if package else None)
    if spec is None or spec.loader is None:
        raise ImportError(f"{COMPILED} is not there; install the pinned version of bpe-openai")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tokenizer_for_encoding(encoding)
