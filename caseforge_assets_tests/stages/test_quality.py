"""The measures of quality: real and simulated answers score high, spoiled ones clearly less, and nothing breaks a measure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.batch_server.writer.completion import complete
from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import decide
from caseforge_assets.contexts import build_context
from caseforge_assets.frameworks import Node, node_path, read_framework, sample_path
from caseforge_assets.stages.judgement import Answer, Content, Item
from caseforge_assets.stages.measuring.endings import looks_cut
from caseforge_assets.stages.measuring.novelty import bands_of, likeness, near_titles, repeated_share, shingles_of, signature_of
from caseforge_assets.stages.process_details.quality import measure as measure_document
from caseforge_assets.stages.quality import NodeFacts, Quality
from caseforge_assets.stages.stage import Source, StageSettings, request_body
from caseforge_assets.stages.usecases.quality import measure as measure_candidates
from caseforge_assets_tests.batches.files import real_file
from caseforge_assets_tests.frameworks.files import real_workbook
from caseforge_assets_tests.stages.answers import SECTIONS, document
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.stages.damages import CANDIDATE_DAMAGES, DOCUMENT_DAMAGES, candidates

PROCESS, USECASES = stages_as_they_come().shared
CLEARLY = 10  # points
# Whose text stands in for whose: nodes of other groups. The text of a sibling with the same words cannot be told from the node's own.
OTHERS = {"1.3.6": "1.4.3", "1.3.7": "1.4.3", "1.4.3": "1.3.6", "1.2.4": "1.3.5", "1.2.9": "1.3.5", "1.3.5": "1.2.9"}
SHIP = NodeFacts("Ship goods", "Hands parcels to carriers.")


@dataclass(frozen=True)
class Made:
    """An answer with its node."""

    code: str
    facts: NodeFacts
    content: Content


def facts_of(node: Node) -> NodeFacts:
    return NodeFacts(node.name, node.description, tuple(kpi.name for kpi in node.kpis))


def real_answers(name: str) -> list[Made]:
    edition = read_framework(real_workbook("cross-industry-v7.4.xlsx")).edition
    assert edition is not None
    by_code = {node.code: node for node in edition.nodes}
    stage = PROCESS if name.startswith("process") else USECASES
    made = []
    for line in read_lines([real_file(f"{name}.output.jsonl").read_bytes()]):
        assert isinstance(line, ResultLine)
        code, judgement = line.custom_id.rpartition("_")[2], decide(line, stage, None)
        if judgement.content is not None:
            made.append(Made(code, facts_of(by_code[code]), judgement.content))
    return made


@cache
def simulated_answers() -> tuple[list[Made], list[Made]]:
    """Documents and candidates of every sixth leaf of the bundled sample, as the local server writes them."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    by_code = {node.code: node for node in edition.nodes}
    documents, sets = [], []
    for node in [node for node in edition.nodes if node.is_leaf][::6]:
        context = build_context(node, node_path(node, by_code))
        source = Source(node.name, context, facts_of(node).kpis)
        text = answered(request_body(PROCESS, StageSettings(), source))
        items = answered(request_body(USECASES, StageSettings(), Source(node.name, context, source.kpis, text)))
        judgement = USECASES.judge(Answer(items, "stop", None, None, None, None))
        assert judgement.content is not None
        documents.append(Made(node.code, facts_of(node), Content(text)))
        sets.append(Made(node.code, facts_of(node), judgement.content))
    return documents, sets


def answered(body: dict[str, object]) -> str:
    return str(complete(body, 0.0).body["choices"][0]["message"]["content"])


def damaged_documents(one: Made, other: Made) -> dict[str, Quality]:
    return {
        name: measure_document(Content(damage(one.content.body, other.content.body)), one.facts)
        for name, damage in DOCUMENT_DAMAGES.items()
    }


def damaged_candidates(one: Made, other: Made) -> dict[str, Quality]:
    return {
        name: measure_candidates(candidates(damage(one.content.items, other.content.items)), one.facts)
        for name, damage in CANDIDATE_DAMAGES.items()
    }


def not_seen(original: Quality, damaged: dict[str, Quality], least: int = CLEARLY) -> dict[str, int]:
    return {name: quality.score for name, quality in damaged.items() if quality.score > original.score - least}


def test_real_documents_score_above_80_and_every_damage_is_seen() -> None:
    made = {answer.code: answer for answer in real_answers("process_details_ok")}
    assert len(made) == 3
    for code, answer in made.items():
        original = measure_document(answer.content, answer.facts)
        assert original.score > 80, original
        assert not_seen(original, damaged_documents(answer, made[OTHERS[code]])) == {}, code


def test_real_candidates_score_above_80_and_every_damage_is_seen() -> None:
    made = real_answers("usecases_mixed")
    assert len(made) == 5
    for answer in made:
        original = measure_candidates(answer.content, answer.facts)
        other = next(other for other in made if other.code == OTHERS[answer.code])
        assert original.score > 80, original
        assert not_seen(original, damaged_candidates(answer, other)) == {}, answer.code


def test_simulated_documents_score_less_than_real_ones_and_every_damage_is_seen() -> None:
    documents, _ = simulated_answers()
    assert len(documents) > 1
    for answer, other in zip(documents, [*documents[1:], documents[0]], strict=True):
        original = measure_document(answer.content, answer.facts)
        damaged = damaged_documents(answer, other)
        assert 65 <= original.score < 85, original  # short sections that say one thing in many words: less than a model's answers
        assert max(quality.score for name, quality in damaged.items() if name != "sections shuffled") <= original.score - CLEARLY, (
            answer.code
        )
        assert damaged["sections shuffled"].score < original.score, answer.code
        assert damaged["sections shuffled"].parts["order"] <= 50, answer.code  # type: ignore[operator]


def test_simulated_candidates_score_less_than_real_ones_and_every_damage_is_seen() -> None:
    _, sets = simulated_answers()
    assert len(sets) > 1
    for answer, other in zip(sets, [*sets[1:], sets[0]], strict=True):
        original = measure_candidates(answer.content, answer.facts)
        assert 62 <= original.score < 80, original
        damaged = damaged_candidates(answer, other)
        fewer = damaged.pop("half of them cut away")  # what is left repeats itself less, so that the whole may score more
        assert fewer.parts["count"] < 100, answer.code  # type: ignore[operator]
        assert not_seen(original, damaged, least=5) == {}, answer.code


@pytest.mark.parametrize(
    ("text", "points"), [("Parcels packed per hour; cost of a shipment.", 100), ("Parcels packed per hour.", 50), ("Nothing.", 0)]
)
def test_official_indicators_count_where_the_framework_has_some(text: str, points: int) -> None:
    facts = NodeFacts("Ship goods", "", ("Number of parcels packed per hour", "Cost of a shipment"))
    assert measure_document(Content(document(texts={"Performance Metrics": text})), facts).parts["kpis"] == points


def test_a_node_without_words_of_its_own_is_not_held_against_anyone() -> None:
    quality = measure_document(Content(document()), NodeFacts("A & B"))
    assert quality.parts["own_node"] is None


def test_another_language_has_words_too() -> None:
    facts = NodeFacts("Überprüfung der Lieferverträge")
    good = document(texts=dict.fromkeys(SECTIONS, "Die Überprüfung der Lieferverträge beginnt mit den Fristen."))
    assert measure_document(Content(good), facts).parts["own_node"] == 100
    assert measure_document(Content(document()), facts).parts["own_node"] == 0


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("It ends well.", False),
        ("- one\n- two\n- three", False),
        ("- First one.\n- Second one.\n- Third one.\n- Fourth and then it", True),
        ("Then it goes on with the", True),
        ("```\ncode", True),
        ("| a | b |\n|---|---|\n| c | d |", False),
        ("| a | b |\n|---|---|\n| c |  d", True),
        ("## Technology and Tools", True),
        ("", False),
    ],
)
def test_ends_that_look_cut(text: str, cut: bool) -> None:
    assert looks_cut(text, text.splitlines()) is cut


def test_titles_are_near_by_their_words_and_not_by_their_node_s_name() -> None:
    titles = [
        "AI copilot for drafting offers",
        "Drafting offers with an AI co-pilot",
        "Copilot for drafting the offers",
        "Forecast of parts for the workshop",
    ]
    assert near_titles(titles, "Write letters") == [(1, 3)]
    assert near_titles(["Forecast for run the workshop", "Chatbot for run the workshop"], "Run the workshop") == []


def test_signatures_estimate_how_much_two_texts_share() -> None:
    first, second = (simulated_answers()[0][place].content.body.lower() for place in (0, 1))
    own, other = signature_of(shingles_of(first)), signature_of(shingles_of(second))
    half = signature_of([*shingles_of(first), *shingles_of(second)])
    assert own is not None
    assert other is not None
    assert half is not None
    assert likeness(own, own) == 1
    assert likeness(own, other) < 0.4 < likeness(own, half) < 0.8
    assert set(bands_of(own)) & set(bands_of(half))
    assert signature_of(["too", "few"]) is None
    assert repeated_share([]) == 0


@given(st.text(max_size=400), st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_measured(text: str, name: str, description: str) -> None:
    facts = NodeFacts(name, description, (name, ""))
    items = (Item(text[:80], {"description": text, "category": None}), Item("", {}))
    for quality in (
        measure_document(Content(text), facts),
        measure_document(Content(document(texts={"Process Steps": text})), facts),
        measure_candidates(Content(text, items), facts),
        measure_candidates(Content(text), facts),
    ):
        assert 0 <= quality.score <= 100
        assert all(points is None or 0 <= points <= 100 for points in quality.parts.values())
