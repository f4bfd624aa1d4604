"""Steps as a BPMN 2.0 diagram: a start, a task for each step, an end, in one sequence; with shapes and lines, so that tools show it.

Written by the standard's schema (OMG formal/2011-01-03) and no tool's extensions. What a step says in full is its task's documentation.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # writes only: nothing of others is parsed here
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import BinaryIO

from caseforge_assets.handing_on.process_steps import Step
from caseforge_assets.safe_text import plain_text

_MODEL, _DI = "http://www.omg.org/spec/BPMN/20100524/MODEL", "http://www.omg.org/spec/BPMN/20100524/DI"
_DC, _DD = "http://www.omg.org/spec/DD/20100524/DC", "http://www.omg.org/spec/DD/20100524/DI"
_PREFIXES = {"bpmn": _MODEL, "bpmndi": _DI, "dc": _DC, "di": _DD}
START, END = "StartEvent_1", "EndEvent_1"  # plain `Start` and `End` are names that engines keep for themselves
EVENT, TASK_WIDTH, TASK_HEIGHT, GAP, LEFT, MIDDLE = 36, 150, 100, 50, 160, 160
MOST_IN_ROW, BETWEEN = 6, 60


@dataclass(frozen=True)
class Diagram:
    """A process to be drawn.

    Attributes:
        process_id: What the process is called by programs, such as a node's code.
        name: Its name.
        about: Where it is from, for the process's documentation.
        steps: One at least.
    """

    process_id: str
    name: str
    about: str
    steps: Sequence[Step]


def write_bpmn(file: BinaryIO, diagram: Diagram) -> None:
    """Writes a diagram."""
    steps = diagram.steps
    for prefix, address in _PREFIXES.items():
        ET.register_namespace(prefix, address)
    own = f"Process_{re.sub('[^A-Za-z0-9_.-]', '_', diagram.process_id)}"
    root = ET.Element(
        _tag(_MODEL, "definitions"), {"id": f"Definitions_{own}", "targetNamespace": "urn:caseforge:process", "exporter": "CaseForge"}
    )
    process = ET.SubElement(root, _tag(_MODEL, "process"), {"id": own, "name": plain_text(diagram.name), "isExecutable": "true"})
    _document(process, diagram.about)
    kinds = ["startEvent", *("task" for _ in steps), "endEvent"]
    names = ["Start", *(step.name for step in steps), "End"]
    ids = [START, *(f"Step_{number}" for number in range(1, len(steps) + 1)), END]
    texts = ["", *(step.text for step in steps), ""]
    for place, (kind, node_id) in enumerate(zip(kinds, ids, strict=True)):
        node = ET.SubElement(process, _tag(_MODEL, kind), {"id": node_id, "name": plain_text(names[place])})
        _document(node, texts[place])
        if place:
            ET.SubElement(node, _tag(_MODEL, "incoming")).text = f"Flow_{place}"
        if place < len(ids) - 1:
            ET.SubElement(node, _tag(_MODEL, "outgoing")).text = f"Flow_{place + 1}"
    for place, (before, after) in enumerate(pairwise(ids), 1):
        ET.SubElement(process, _tag(_MODEL, "sequenceFlow"), {"id": f"Flow_{place}", "sourceRef": before, "targetRef": after})
    _draw(root, own, ids)
    ET.indent(root)
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _draw(root: ET.Element, process: str, ids: Sequence[str]) -> None:
    """Draws the tasks in rows of equal length, beneath each other, so that a long process can be read without moving it about."""
    diagram = ET.SubElement(root, _tag(_DI, "BPMNDiagram"), {"id": f"Diagram_{process}"})
    plane = ET.SubElement(diagram, _tag(_DI, "BPMNPlane"), {"id": f"Plane_{process}", "bpmnElement": process})
    boxes = _boxes(len(ids) - 2)
    for node_id, box in zip(ids, boxes, strict=True):
        shape = ET.SubElement(plane, _tag(_DI, "BPMNShape"), {"id": f"{node_id}_di", "bpmnElement": node_id})
        ET.SubElement(shape, _tag(_DC, "Bounds"), _numbers(x=box.x, y=box.middle - box.height // 2, width=box.width, height=box.height))
        if node_id in (START, END):
            label = ET.SubElement(shape, _tag(_DI, "BPMNLabel"))
            ET.SubElement(label, _tag(_DC, "Bounds"), _numbers(x=box.x, y=box.middle + EVENT // 2 + 7, width=EVENT, height=14))
    for place, (before, after) in enumerate(pairwise(boxes), 1):
        edge = ET.SubElement(plane, _tag(_DI, "BPMNEdge"), {"id": f"Flow_{place}_di", "bpmnElement": f"Flow_{place}"})
        for x, y in _way(before, after):
            ET.SubElement(edge, _tag(_DD, "waypoint"), _numbers(x=x, y=y))


@dataclass(frozen=True, slots=True)
class _Box:
    """The place of a shape: its left edge, the middle of its height, and its size."""

    x: int
    middle: int
    width: int = TASK_WIDTH
    height: int = TASK_HEIGHT


def _boxes(tasks: int) -> list[_Box]:
    """Start, tasks, end: rows are as few as can be, and of the same length as far as that goes."""
    rows = max(ceil(tasks / MOST_IN_ROW), 1)
    in_row = max(ceil(tasks / rows), 1)
    first = LEFT + EVENT + GAP
    boxes = [
        _Box(first + (TASK_WIDTH + GAP) * (task % in_row), MIDDLE + (TASK_HEIGHT + BETWEEN) * (task // in_row)) for task in range(tasks)
    ]
    last = boxes[-1] if boxes else _Box(first - TASK_WIDTH - GAP, MIDDLE)
    return [_Box(LEFT, MIDDLE, EVENT, EVENT), *boxes, _Box(last.x + TASK_WIDTH + GAP, last.middle, EVENT, EVENT)]


def _way(before: _Box, after: _Box) -> list[tuple[int, int]]:
    """A line from one shape to the next: straight within a row, between the rows to the next one."""
    begin, end = (before.x + before.width, before.middle), (after.x, after.middle)
    if before.middle == after.middle:
        return [begin, end]
    out, back, between = begin[0] + GAP // 2, end[0] - GAP // 2, before.middle + (TASK_HEIGHT + BETWEEN) // 2
    return [begin, (out, begin[1]), (out, between), (back, between), (back, end[1]), end]


def _document(element: ET.Element, text: str) -> None:
    if text:
        ET.SubElement(element, _tag(_MODEL, "documentation")).text = plain_text(text)


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


def _numbers(**values: int) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
