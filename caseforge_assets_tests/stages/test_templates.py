"""Templates and sections of one's own: what replaces what, what is refused and where, and what makes content stale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from caseforge_assets.stages.discovery import Asking, StageFault, find_stages
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stage import JudgeFailed, Source, Stage, StageSettings, stage_version
from caseforge_assets.stages.templates import TemplateFault
from caseforge_assets_tests.documented import write_documented
from caseforge_assets_tests.stages.answers import answer, document
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

SOURCE = Source("Pack goods", "Process: Pack goods {{ 7 * 7 }}", ("Orders packed per hour",), "The document.")
USER = "process_details/user.jinja"
SYSTEM = "process_details/system.jinja"
SECTIONS = "process_details/sections.toml"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def made(folder: Path, key: str = "process_details") -> Stage:
    return next(stage for stage in find_stages(asking=Asking((folder,))) if stage.key == key)


def version(of: Stage) -> str:
    return stage_version(of, StageSettings())


def test_a_file_replaces_its_namesake_and_only_its_stage_changes(tmp_path: Path) -> None:
    write(tmp_path, USER, "Write about:\n{{ context }}\n{% for kpi in kpis %}\n* {{ kpi }}\n{% endfor %}\n")
    own = made(tmp_path)
    system, user = own.build_messages(SOURCE)
    assert user["content"] == "Write about:\nProcess: Pack goods {{ 7 * 7 }}\n* Orders packed per hour"
    assert system == stages_as_they_come()["process_details"].build_messages(SOURCE)[0]
    assert version(own) != version(stages_as_they_come()["process_details"])
    assert version(made(tmp_path, "usecases")) == version(stages_as_they_come()["usecases"])
    assert own.template_version == "1.own"


def test_a_copy_that_is_not_changed_changes_nothing(tmp_path: Path) -> None:
    for known in (stages_as_they_come()["process_details"], stages_as_they_come()["usecases"]):
        assert known.templates is not None
        for name in known.files:
            write(tmp_path, f"{known.key}/{name}", known.templates.read(name))
    for known in (stages_as_they_come()["process_details"], stages_as_they_come()["usecases"]):
        assert version(made(tmp_path, known.key)) == version(known)


def test_a_changed_text_is_another_version_whatever_its_number_says(tmp_path: Path) -> None:
    versions = set()
    for text in ("{# version 1 #}\nA {{ context }}", "{# version 1 #}\nB {{ context }}"):
        write(tmp_path, USER, text)
        versions.add(version(made(tmp_path)))
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (USER, "{{ context }}\n\n{{ contxt }}", r"user.jinja, line 3: there is no value contxt \(did you mean context\? known here: context, kpis, language\)"),
        (USER, "{{ context }}{{ document }}", r"line 1: there is no value document \(known here: context, kpis, language\)"),
        (USER, "Write something.", r"user.jinja: \{\{ context \}\} is not used, so that every node would get the same request"),
        ("usecases/user.jinja", "{{ context }}", r"\{\{ document \}\} is not used"),
        (USER, "{{ context }}\n{% if kpis %}", r"user.jinja, line 2: Unexpected end of template"),
        (USER, "{{ context }}\n{{ kpis | shout }}", r"line 2: No filter named 'shout'"),
        (USER, "{{ context }}\n{{ kpis | random }}", r"line 2: No filter named 'random'"),
        (USER, "{{ context }}{{ lipsum() }}", r"line 1: there is no value lipsum"),
        (USER, "{{ context }}\n{% include 'other.jinja' %}", r"line 2: a template stands alone"),
        (USER, "{{ context }}\n{{ kpis.__class__.__mro__ }}", r"line 2: access to attribute '__class__' of 'tuple' object is unsafe"),
        (USER, "{{ context }}\n\n{{ kpis[0].size }}", r"line 3: .*has no attribute 'size'"),
        (USER, "{{ context }}\n{{ kpis[0] }}", r"line 2: .*has no element 0"),  # a node without indicators has none
        (USER, "{{ context }}\n{{ 1 / 0 }}", r"line 2: division by zero"),
        (SYSTEM, "{% for section in sections[:9] %}{{ section.name }}\n{% endfor %}", r"system.jinja: does not ask for the section 'Technology and Tools'"),
        (SYSTEM, "", r"system.jinja: does not ask for the section 'Overview'"),
        ("process_details/sytem.jinja", "x", r"sytem.jinja: is not a file of the stage process_details \(did you mean system.jinja\?\)"),
        ("proces_details/user.jinja", "x", r"proces_details: there is no stage of this name \(did you mean process_details\?\)"),
        ("user.jinja", "x", r"user.jinja: belongs into a folder named like its stage: process_details, usecase_specs, usecases"),
        (SECTIONS, "[[section]]\nname = \n", r"sections.toml: cannot be read as TOML: .*line 2"),
        (SECTIONS, '[[section]]\nname = "Overveiw"\ninstructions = "x"', r"no section 'Overveiw' \(did you mean Overview\?\): a new one has to be named in order"),
        (SECTIONS, 'order = ["Overview", "Controls"]', r"order names 'Controls', of which there are no instructions"),
        (SECTIONS, 'order = ["Overview"]\n[[section]]\nname = "Controls"\ninstructions = "x"', r"no section 'Controls': order does not name it"),
        (SECTIONS, '[[section]]\nname = "Overview"\ninstruction = "x"', r"Overview: instruction is not a known key \(did you mean instructions\?\)"),
        (SECTIONS, '[[section]]\nname = "Overview"\naliases = ["Main activities"]', r"the heading 'Main [aA]ctivities' means both Overview and Key Activities"),
        (SECTIONS, '[[section]]\nname = "Overview"\n[[section]]\nname = "Overview"', r"Overview stands twice"),
        (SECTIONS, '[[section]]\ninstructions = "x"', r"section 1 needs a name"),
        (SECTIONS, "section = 3", r"write each section beneath a line \[\[section\]\]"),
        (SECTIONS, "order = []", r"order names no section"),
        (SECTIONS, 'order = ["Overview"]', r"makes 1 sections, and the system template that comes with CaseForge says 10: put a system.jinja"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    write(tmp_path, name, text)
    with pytest.raises(TemplateFault, match=said):
        find_stages(asking=Asking((tmp_path,)))


def test_a_template_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, USER, "").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateFault, match=r"user.jinja: cannot be read"):
        find_stages(asking=Asking((tmp_path,)))


def test_notes_beside_templates_are_nobodys_business(tmp_path: Path) -> None:
    for name in ("process_details/README.md", "process_details/.draft.jinja", "README.md", ".git/config"):
        write(tmp_path, name, "x")
    assert version(made(tmp_path)) == version(stages_as_they_come()["process_details"])


def test_sections_are_changed_by_name(tmp_path: Path) -> None:
    write(tmp_path, SECTIONS, '[[section]]\nname = "Overview"\ninstructions = "In one sentence."\naliases = ["Purpose"]\n')
    own = made(tmp_path)
    assert "## Overview\n\nIn one sentence.\n" in own.build_messages(SOURCE)[0]["content"]
    assert own.judge(answer(document().replace("## Overview", "## Purpose"))).outcome is Outcome.ok
    assert (
        stages_as_they_come()["process_details"].judge(answer(document().replace("## Overview", "## Purpose"))).outcome
        is Outcome.sections_missing
    )
    assert version(own) != version(stages_as_they_come()["process_details"])


def test_the_sections_of_the_documentation_are_asked_for_and_judged_by(tmp_path: Path) -> None:
    """The second example of docs/templates.md: another order, one more, most of them gone."""
    write_documented(tmp_path, "my_templates/process_details/sections.toml")
    write(
        tmp_path,
        "my_templates/process_details/system.jinja",
        "Write {{ sections | length }} sections.\n{% for section in sections %}\n## {{ section.name }}\n\n{{ section.instructions }}\n{% endfor %}",
    )
    own = made(tmp_path / "my_templates")
    system = own.build_messages(SOURCE)[0]["content"]
    assert system.startswith("Write 4 sections.\n## Overview\n")
    good = "\n\n".join(
        f"## {name}\n\nSomething real stands here." for name in ("Overview", "Process Steps", "Roles and Responsibilities", "Controls")
    )
    assert own.judge(answer(good)).outcome is Outcome.ok
    missing = own.judge(answer(good.replace("## Controls", "## Other things")))
    assert (missing.outcome, missing.detail) == (Outcome.sections_missing, "sections absent: Controls")


def own_stage(folder: Path, change: str = "", by: str = "", file: str = "__init__.py") -> Path:
    """The documented stage, with something in one of its files replaced."""
    write_documented(folder, "my_stages/")
    path = folder / "my_stages" / "risk_register" / file
    path.write_text(path.read_text().replace(change, by) if change else path.read_text())
    return folder / "my_stages"


def test_the_documented_stage_is_found(tmp_path: Path) -> None:
    found = find_stages(own_stage(tmp_path))
    assert [stage.key for stage in found] == ["process_details", "risk_register", "usecases", "embeddings", "usecase_specs"]
    assert found[1].build_messages(SOURCE)[1]["content"].endswith("<process_document>\nThe document.\n</process_document>")


def test_the_templates_of_an_own_stage_can_be_replaced_too(tmp_path: Path) -> None:
    write(tmp_path, "my_templates/risk_register/user.jinja", "Ours: {{ document }}")
    found = {stage.key: stage for stage in find_stages(own_stage(tmp_path), Asking((tmp_path / "my_templates",)))}
    assert found["risk_register"].build_messages(SOURCE)[1]["content"] == "Ours: The document."


@pytest.mark.parametrize(
    ("change", "by", "file", "said"),
    [
        ("from pathlib import Path", "import nothing_of_this_name", "__init__.py", r"__init__.py, line 3: cannot be imported: ModuleNotFoundError"),
        ("from typing import Literal", "def (", "record.py", r"record.py, line 3: cannot be imported: SyntaxError"),
        ('key="risk_register"', 'key="usecases"', "__init__.py", "two stages have the key usecases"),
        ('key="risk_register"', 'key="Risk-Register"', "__init__.py", "'Risk-Register' is not a name"),
        ('inputs="risk_batch_inputs"', 'inputs="pcf_nodes"', "__init__.py", "has an asset pcf_nodes, and so has CaseForge itself"),
        ('inputs="risk_batch_inputs"', 'inputs="risk_registers"', "__init__.py", "has an asset risk_registers"),
        ('reads="process_details"', 'reads="process_detials"', "__init__.py", r"does not exist \(did you mean process_details\?\)"),
        ('reads="process_details"', 'reads="risk_register"', "__init__.py", "These stages read each other"),
        ('"{}-R{:02d}"', '"{}-UC{:02d}"', "__init__.py", "would name their items alike"),
        ("STAGE = make_stage", "STAGE = str", "__init__.py", "its stage is not a Stage, but str"),
        ("{{ document }}", "", "user.jinja", "the messages say nothing of the node|every node would get the same request"),
        ("{{ document }}", "{{ dokument }}", "user.jinja", r"user.jinja, line \d+: 'dokument' is undefined"),
    ],
)  # fmt: skip
def test_an_own_stage_that_cannot_be_used_says_why(tmp_path: Path, change: str, by: str, file: str, said: str) -> None:
    folder = own_stage(tmp_path, change, by, file)
    if file == "user.jinja" and not by:
        path = folder / "risk_register" / file
        path.write_text(path.read_text().replace("{{ context }}", ""))
    with pytest.raises((StageFault, TemplateFault), match=said):
        find_stages(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageFault, match="stages_of_ours: there is no such folder of stages"):
        find_stages(tmp_path / "stages_of_ours")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("risks/record.py", "risks: has no __init__.py"),
        ("notes.txt", "ours: holds no stage"),
        ("shared/__init__.py", "ours: holds no stage"),
    ],
)
def test_a_folder_without_a_stage_is_not_passed_over_in_silence(tmp_path: Path, name: str, said: str) -> None:
    write(tmp_path, f"ours/{name}", "")
    with pytest.raises(StageFault, match=said):
        find_stages(tmp_path / "ours")


def test_a_judge_that_fails_is_no_verdict_on_the_answer() -> None:
    known = stages_as_they_come()["process_details"]
    with pytest.raises(JudgeFailed, match="the judge of the stage process_details failed: ZeroDivisionError"):
        replace(known, judge_text=lambda _: 1 / 0).judge(answer("text"))  # type: ignore[arg-type, return-value]
    with pytest.raises(JudgeFailed, match="says ok, without content"):
        replace(known, judge_text=lambda given: replace(known.judge_text(given), content=None)).judge(answer(document()))
