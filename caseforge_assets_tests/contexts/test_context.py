"""The form of contexts, and how they are kept within their length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.contexts import build_context
from caseforge_assets.contexts.sentences import split_sentences
from caseforge_assets.frameworks import node_path, nodes_by_code, read_framework, sample_path, select_targets
from caseforge_assets_tests.contexts.nodes import node

ROOT = node("Sell", "Root one. Root two.", code="1.0")
MIDDLE = node("Find customers", "Middle one. Middle two.", code="1.1")
LEAF = node("Call people", "Leaf one. Leaf two.\n\nProcess: a line of the text.", code="1.1.1")


def test_form():
    assert build_context(LEAF, (ROOT, MIDDLE)) == (
        "Part of:\n"
        "- Sell: Root one. Root two.\n"
        "  - Find customers: Middle one. Middle two.\n"
        "Process: Call people\n"
        "Description: Leaf one. Leaf two.\n"
        "  Process: a line of the text."
    )


def test_what_is_empty_is_left_out():
    assert build_context(node("Call people"), (node("Sell"),)) == "Part of:\n- Sell\nProcess: Call people"
    assert build_context(node("Sell", "All of it [10039]."), ()) == "Process: Sell\nDescription: All of it [10039]."


def test_farthest_ancestor_loses_its_last_sentence_first_and_the_node_itself_comes_last():
    full = build_context(LEAF, (ROOT, MIDDLE))
    dropped = [
        " Root two.",
        ": Root one.",
        " Middle two.",
        ": Middle one.",
        "\n  Process: a line of the text.",
        " Leaf two.",
        "\nDescription: Leaf one.",
    ]
    text = full
    for sentence in dropped:
        shorter = text.replace(sentence, "")
        assert build_context(LEAF, (ROOT, MIDDLE), len(text) - 1) == shorter
        text = shorter
    assert build_context(LEAF, (ROOT, MIDDLE), len(text) - 1) == "Part of:\n- Find customers\nProcess: Call people"
    assert build_context(LEAF, (ROOT, MIDDLE), 1) == "Process: Call people"


WORDS = st.text(alphabet="abc ", min_size=1, max_size=20).map(lambda text: " ".join(text.split()) or "a")
SENTENCES = st.lists(WORDS.map(lambda words: f"X{words}."), max_size=6)


@given(texts=st.lists(SENTENCES, min_size=1, max_size=5), max_chars=st.integers(0, 500))
def test_bounded_without_cutting_a_sentence(texts: list[list[str]], max_chars: int):
    path = [node(f"Node {place}", " ".join(sentences)) for place, sentences in enumerate(texts)]
    context = build_context(path[-1], path[:-1], max_chars)
    assert len(context) <= max(max_chars, len(f"Process: {path[-1].name}"))
    assert f"Process: {path[-1].name}" in context.split("\n")
    shown = [line.partition(": ")[2] for line in context.split("\n") if ": X" in line]
    beginnings = [" ".join(sentences[:count]) for sentences in texts for count in range(1, len(sentences) + 1)]
    assert all(description in beginnings for description in shown)
    assert context == build_context(path[-1], path[:-1], max_chars)


def test_no_code_and_no_sibling_of_the_sample_is_in_a_context():
    edition = read_framework(sample_path()).edition
    assert edition is not None
    by_code = nodes_by_code(edition.nodes)
    for target in select_targets(edition.nodes):
        path = node_path(target, by_code)
        context = build_context(target, path)
        others = [other.name for other in edition.nodes if other.parent_code == target.parent_code and other is not target]
        assert target.code not in context
        assert not any(f"{name}:" in context or context.endswith(name) for name in others)
        assert all(part.description in context for part in (*path, target))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three? Four", 4),
        ("Forms, e.g. Form A, i.e. The first, are used. Next.", 2),
        ("The U.S. Army and Dr. Who vs. Others.", 1),
        ("Version 7.4 costs 3.50 dollars.", 1),
        ('He said "Stop." Then he left (at once). And more…', 3),
        ("First line\nSecond line\n\nThird.", 3),
        ("まず。次に。", 2),
        ("", 0),
    ],
)
def test_sentences(text: str, count: int):
    assert len(split_sentences(text)) == count


@given(text=st.text(alphabet="Ab.!? \n\"'()1é。", max_size=80))
def test_sentences_joined_are_the_text(text: str):
    assert "".join(split_sentences(text)) == text
    assert all(split_sentences(text))
