"""Diagrams of steps: read and executed by SpiffWorkflow, with a shape for each element and a line for each flow."""

from __future__ import annotations

import io
from itertools import combinations, pairwise

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, BpmnValidator
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from caseforge_assets.handing_on.bpmn import Diagram, write_bpmn
from caseforge_assets.handing_on.process_steps import LONGEST_NAME, Step, process_steps
from caseforge_assets.stages.process_details.sections import BUILT_IN
from caseforge_assets_tests.handing_on.samples import DOCUMENT, HOSTILE


def written(*steps: Step, name: str = "2.1.1 Take in bicycles", process_id: str = "2.1.1") -> bytes:
    file = io.BytesIO()
    write_bpmn(file, Diagram(process_id, name, "Model: gpt-5", steps))
    return file.getvalue()


def executed(xml: bytes) -> list[str]:
    """Names of the tasks in the order in which an engine comes to them; the file is checked against the standard's schema."""
    parser = BpmnParser(validator=BpmnValidator())
    parser.add_bpmn_xml(etree.fromstring(xml), filename="diagram.bpmn")
    (process,) = parser.get_process_ids()
    workflow = BpmnWorkflow(parser.get_spec(process))
    done = []
    while ready := workflow.get_tasks(state=TaskState.READY):
        for task in ready:
            done.append(task.task_spec.bpmn_name or "")
            task.run()
    assert workflow.completed
    return [name for name in done if name]


def test_steps_of_a_document_are_executed_in_their_order() -> None:
    steps = process_steps(DOCUMENT, BUILT_IN.meant)
    assert [step.name for step in steps] == ["Greet the rider", "Note the fault", "Hand the bicycle to the mechanic"]
    assert "A second paragraph of the same step." in steps[1].text
    xml = written(*steps)
    assert executed(xml) == ["Start", "Greet the rider", "Note the fault", "Hand the bicycle to the mechanic", "End"]
    root = etree.fromstring(xml)
    spaces = {"b": "http://www.omg.org/spec/BPMN/20100524/MODEL", "d": "http://www.omg.org/spec/BPMN/20100524/DI"}
    elements = {
        node.get("id") for kind in ("startEvent", "task", "endEvent", "sequenceFlow") for node in root.iterfind(f".//b:{kind}", spaces)
    }
    drawn = [node.get("bpmnElement") for kind in ("BPMNShape", "BPMNEdge") for node in root.iterfind(f".//d:{kind}", spaces)]
    assert sorted(drawn) == sorted(elements)
    assert "The clerk asks what is wrong." in root.findtext(".//b:task/b:documentation", namespaces=spaces)


@pytest.mark.parametrize("count", [1, 6, 7, 13, 40])
def test_many_steps_lie_in_rows_that_can_be_read_at_once(count: int) -> None:
    root = etree.fromstring(written(*(Step(f"Step {number}", "") for number in range(count))))
    shapes = {
        shape.get("bpmnElement"): {name: int(value) for name, value in shape[0].attrib.items()} for shape in root.iter("{*}BPMNShape")
    }
    assert max(box["x"] + box["width"] for box in shapes.values()) <= 1_600
    for one, other in combinations(shapes.values(), 2):
        assert (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
    flows = {flow.get("id"): flow for flow in root.iter("{*}sequenceFlow")}
    for edge in root.iter("{*}BPMNEdge"):
        way = [(int(point.get("x")), int(point.get("y"))) for point in edge]
        before, after = (shapes[flows[edge.get("bpmnElement")].get(end)] for end in ("sourceRef", "targetRef"))
        assert way[0] == (before["x"] + before["width"], before["y"] + before["height"] // 2)
        assert way[-1] == (after["x"], after["y"] + after["height"] // 2)
        for (x, y), (to_x, to_y) in pairwise(way):
            assert x == to_x or y == to_y  # along the axes
            for box in shapes.values():  # and through no shape
                middle = ((x + to_x) / 2, (y + to_y) / 2)
                assert not (box["x"] < middle[0] < box["x"] + box["width"] and box["y"] < middle[1] < box["y"] + box["height"])


def test_hostile_steps_are_names() -> None:
    xml = written(Step(HOSTILE, HOSTILE), Step("]]>", "&"), name=HOSTILE, process_id="1.1/../x y")
    names = executed(xml)
    assert names[1].startswith("<script>alert(1)</script>")
    assert b"<script>" not in xml


def test_other_forms_of_steps() -> None:
    under_headings = (
        "## Process Steps\n\n### Step 1: Greet\n\nSay hello.\n\n### 2. Note\n\n- the fault\n\n## Outputs and Deliverables\n\n1. no step"
    )
    assert process_steps(under_headings, BUILT_IN.meant) == [Step("Greet", "Say hello."), Step("Note", "the fault")]
    assert process_steps("## Overview\n\n1. no step", BUILT_IN.meant) == []
    (step,) = process_steps(f"## Process Steps\n\n1. {'word ' * 60}", BUILT_IN.meant)
    assert len(step.name) <= LONGEST_NAME
    assert step.name.endswith("word…")
