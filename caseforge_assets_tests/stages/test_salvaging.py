"""Property: whatever happens to an answer's end or syntax, no candidate gets through that was not complete in it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from caseforge_assets.stages.judgement import Judgement, Outcome
from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets_tests.stages.answers import answer, candidate, document
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

NASTY_TEXT = st.text(alphabet="abc \"\\{}[],:\n'´😀", min_size=1, max_size=30).map(lambda text: f"w{text}w")
ITEMS = st.lists(NASTY_TEXT, min_size=6, max_size=9).map(
    lambda texts: [
        # The last field is free text, so that a cut inside it leaves all the other fields whole.
        {name: value for name, value in candidate(number, description=text).items() if name != "title"} | {"title": f"{number} {text}"}
        for number, text in enumerate(texts)
    ]
)
BEGINNINGS = st.sampled_from(["", "```json\n", "Here [they] are:\n"])
SEPARATORS = st.sampled_from([", ", ",\n,", " ", ",\n"])


def judge(text: str, finish_reason: str) -> Judgement:
    return stages_as_they_come()["usecases"].judge(answer(text, finish_reason))


@settings(deadline=None)
@given(items=ITEMS, beginning=BEGINNINGS, separator=SEPARATORS, share=st.floats(0, 1), finish_reason=st.sampled_from(["stop", "length"]))
def test_a_cut_answer_never_yields_a_candidate_that_was_cut(
    items: list[dict[str, str]], beginning: str, separator: str, share: float, finish_reason: str
) -> None:
    whole = f'{beginning}{{"use_cases": [{separator.join(json.dumps(item) for item in items)}]}}'
    cut = whole[: int(len(whole) * share)]
    judgement = judge(cut, finish_reason)
    if judgement.content is not None:
        found = [(item.title, item.fields["description"]) for item in judgement.content.items]
        assert found == [(item["title"].strip(), item["description"].strip()) for item in items][: len(found)]
        assert cut.count('"title": ') >= len(found) >= 6


@settings(deadline=None)
@given(
    text=st.text(max_size=300) | st.text(alphabet='{}[]":, use_cases\\ntitle', max_size=300),
    finish_reason=st.sampled_from(["stop", "length", None]),
)
def test_no_text_makes_a_judge_fail(text: str, finish_reason: str | None) -> None:
    for key in ("process_details", "usecases"):
        judgement = stages_as_they_come()[key].judge(answer(text, finish_reason))
        assert judgement.outcome.good == (judgement.content is not None)


@settings(deadline=None)
@given(share=st.floats(0, 1))
def test_a_cut_document_is_never_content(share: float) -> None:
    text = document()[: int(len(document()) * share)]
    judgement = stages_as_they_come()["process_details"].judge(answer(text, "length"))
    assert judgement.outcome in {Outcome.truncated, Outcome.truncated_reasoning}
    assert len(find_sections(text)) <= 10
