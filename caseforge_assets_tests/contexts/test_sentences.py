"""Texts are shortened by whole sentences."""

from caseforge_assets.contexts.sentences import first_sentences


def test_first_sentences_are_whole_and_never_none():
    text = "One is short. Two is somewhat longer. Three."
    assert first_sentences(text, 40) == "One is short. Two is somewhat longer."
    assert first_sentences(text, 3) == "One is short."
    assert first_sentences("", 10) == ""
