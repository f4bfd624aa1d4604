"""The compiled part of bpe-openai, used by itself, counts as the whole package does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from caseforge_assets.costs.estimates import ENCODING, count_plain_tokens


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Process: Answer questions",
        "Part of:\n- Sell: Finds customers.\n  - Win customers\n",
        "日本語のテキスト, naïve café, 🚲🚲",
        "<|endoftext|> is a text here",
        "x" * 5_000,
        " \n\t " * 200,
        "lone \ud83d surrogate",
    ],
)
def test_it_counts_as_the_package_does(text: str) -> None:
    import bpe_openai

    plain = text.encode("utf-8", "replace").decode()
    assert count_plain_tokens(text) == len(bpe_openai.get_encoding(ENCODING).encode_ordinary(plain))


def test_counting_does_not_decode_vocabularies() -> None:
    program = (
        "import sys; from caseforge_assets.costs.estimates import count_tokens; "
        "print(count_tokens('two words'), 'bpe_openai.registry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split() == ["2", "False"]
