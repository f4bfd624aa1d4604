"""`python -m benchmarks.quality_separation --framework WORKBOOK FILE…`: how far the quality score tells answers from damaged copies.

FILE are result files of a Batch API; the numbers at the end of their custom ids are the codes of nodes in the workbook.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.quality_separation.damages import CANDIDATES, DOCUMENTS, Answered, Case
from benchmarks.quality_separation.separation import auc, points, spread
from caseforge_assets.batch_server.writer.completion import complete
from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import decide
from caseforge_assets.contexts import build_context
from caseforge_assets.frameworks import Node, node_path, read_framework
from caseforge_assets.stages.judgement import Answer, Content
from caseforge_assets.stages.quality import NodeFacts, Quality
from caseforge_assets.stages.stage import Source, Stage, StageSettings, request_body
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

COPIES = 5
SIMULATED = 20
LEAVES = 200
SEES = 0.9  # area under the curve from which on a part is said to see a damage
_CODE = re.compile(r"(\d+(?:[.-]\d+)+)(?:-r\d+)?$")


def read_answers(files: Sequence[Path], stage: Stage, nodes: Mapping[str, Node]) -> list[Answered]:
    """Give the good answers to a stage in result files, with their nodes."""
    found = []
    for line in read_lines([file.read_bytes() for file in files]):
        if not isinstance(line, ResultLine) or (code := _CODE.search(line.custom_id)) is None:
            continue
        node = nodes.get(code[1].replace("-", "."))
        content = decide(line, stage, None).content
        if node is not None and content is not None:
            found.append(Answered(node.code, facts_of(node), content))
    return found


def facts_of(node: Node) -> NodeFacts:
    """Give what a content is held against."""
    return NodeFacts(node.name, node.description, tuple(kpi.name for kpi in node.kpis))


def simulate(nodes: Mapping[str, Node]) -> dict[str, list[Answered]]:
    """Give answers of the local server for some leaves of the framework, by stage."""
    process, usecases = stages_as_they_come().shared
    leaves = [node for node in nodes.values() if node.is_leaf]
    made: dict[str, list[Answered]] = {process.key: [], usecases.key: []}
    for node in leaves[:: max(1, len(leaves) // SIMULATED)][:SIMULATED]:
        source = Source(node.name, build_context(node, node_path(node, dict(nodes))), facts_of(node).kpis)
        text = _written(request_body(process, StageSettings(), source))
        items = _written(request_body(usecases, StageSettings(), Source(node.name, source.context, source.kpis, text)))
        judged = usecases.judge(Answer(items, "stop", None, None, None, None)).content
        made[process.key].append(Answered(node.code, facts_of(node), Content(text)))
        if judged is not None:
            made[usecases.key].append(Answered(node.code, facts_of(node), judged))
    return made


def _written(body: dict[str, object]) -> str:
    return str(complete(body, 0.0).body["choices"][0]["message"]["content"])


def damaged_copies(stage: Stage, answers: Sequence[Answered], damage: Callable[[Case], Content]) -> list[Quality]:
    """Measure some copies of each answer, damaged."""
    assert stage.measure is not None
    measured = []
    for answer in answers:
        others = [other for other in answers if other.code != answer.code]
        for copy in range(COPIES):
            content = damage(Case(answer, others, random.Random(f"{answer.code} {copy}")))
            measured.append(stage.measure(content, answer.facts))
    return measured


def held_against_others(stage: Stage, answers: Sequence[Answered], nodes: Mapping[str, Node]) -> list[Quality]:
    """Measure each answer as if it had been made for leaves of the framework that chance chooses."""
    assert stage.measure is not None
    leaves = [node for node in nodes.values() if node.is_leaf]
    measured = []
    for answer in answers:
        chosen = random.Random(answer.code).sample(leaves, LEAVES)
        measured += [stage.measure(answer.content, facts_of(node)) for node in chosen if node.code != answer.code]
    return measured


def show(stage: Stage, intact: Sequence[Quality], damaged: Mapping[str, Sequence[Quality]]) -> None:
    """Print the table of a stage."""
    print(f"\n{stage.key}: {len(intact)} answers, {COPIES} damaged copies of each")
    print("\n| answers | median (10 %–90 %) | AUC of the score | parts that see it (AUC) |")
    print("|---|---|---|---|")
    middle, low, high = spread([quality.score for quality in intact])
    print(f"| as they are | {middle:.0f} ({low:.0f}–{high:.0f}) | | |")
    for kind, copies in damaged.items():
        middle, low, high = spread([quality.score for quality in copies])
        by_part = {part: auc(points(intact, part), points(copies, part)) for part in intact[0].parts}
        seen = sorted(((value, part) for part, value in by_part.items() if value is not None and value >= SEES), reverse=True)
        parts = ", ".join(f"`{part}` {value:.2f}" for value, part in seen)
        whole = auc([quality.score for quality in intact], [quality.score for quality in copies])
        print(f"| {kind} | {middle:.0f} ({low:.0f}–{high:.0f}) | {whole:.2f} | {parts or '–'} |")


def time_measuring(stage: Stage, answers: Sequence[Answered]) -> float:
    """Give the milliseconds of processor time that measuring an answer takes, as the least of five rounds."""
    assert stage.measure is not None
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for answer in answers * 20:
            stage.measure(answer.content, answer.facts)
        rounds.append((time.process_time() - start) / len(answers) / 20)
    return 1_000 * min(rounds)


def main() -> None:
    """Print a table for each stage that the files have answers to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality_separation", description=__doc__)
    parser.add_argument("--framework", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    edition = read_framework(given.framework).edition
    if edition is None:
        parser.error(f"{given.framework} cannot be read as a framework: `caseforge check {given.framework}` says why")
    nodes = {node.code: node for node in edition.nodes}
    simulated = simulate(nodes)
    for stage, kinds in zip(stages_as_they_come().shared, (DOCUMENTS, CANDIDATES), strict=True):
        assert stage.measure is not None
        answers = read_answers(given.files, stage, nodes)
        if len({answer.code for answer in answers}) < 2:
            print(f"\n{stage.key}: answers for two nodes at least are needed, {len(answers)} answers were found")
            continue
        intact = [stage.measure(answer.content, answer.facts) for answer in answers]
        damaged = {kind: damaged_copies(stage, answers, damage) for kind, damage in kinds.items()}
        damaged[f"held against {LEAVES} other leaves"] = held_against_others(stage, answers, nodes)
        damaged["simulated answers of other nodes"] = [stage.measure(answer.content, answer.facts) for answer in simulated[stage.key]]
        show(stage, intact, damaged)
        for answer, quality in sorted(zip(answers, intact, strict=True), key=lambda pair: pair[1].score):
            parts = ", ".join(f"{part} {value}" for part, value in quality.parts.items() if value is not None)
            print(f"\n{answer.code} {answer.facts.name}: {quality.score} ({parts}) {'; '.join(quality.limits)}")
        print(f"\nmeasuring one: {time_measuring(stage, answers):.2f} ms of processor time")


if __name__ == "__main__":
    main()
