"""Numbers with what they count."""

from __future__ import annotations

from caseforge_assets.wording import counted, of_them


def test_one_is_singular_and_all_else_plural() -> None:
    assert [counted(count, "node") for count in (0, 1, 2, 1_545)] == ["0 nodes", "1 node", "2 nodes", "1,545 nodes"]
    assert [counted(count, "batch is", "batches are") for count in (1, 2)] == ["1 batch is", "2 batches are"]


def test_all_is_said_as_all() -> None:
    assert [of_them(*counts) for counts in ((1, 3), (3, 3), (1, 1))] == ["1 of them ", "all of them ", ""]
