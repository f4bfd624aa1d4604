"""Diagrams of steps: read and executed by SpiffWorkflow, with a shape for each element and a line for each flow."""

from __future__ import annotations

import io

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
