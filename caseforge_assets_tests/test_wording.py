"""Numbers with what they count."""

from __future__ import annotations

from caseforge_assets.wording import counted


def test_one_is_singular_and_all_else_plural() -> None:
    assert [counted(count, "node") for count in (0, 1, 2, 1_545)] == ["0 nodes", "1 node", "2 nodes", "1,545 nodes"]
    assert [counted(count, "batch is", "batches are") for count in (1, 2)] == ["1 batch is", "2 batches are"]
