"""The parts that a stage's requests are made of: files, schema and settings. Two of them say in words what changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import SequenceMatcher

from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.languages import language_name
from caseforge_assets.stages.stage import Stage, StageSettings

SCHEMA, DEFINITION, LANGUAGE = "schema", "definition", "language"
UNSET = "that of the template"
STYLE = ("model", "temperature", "reasoning_effort", "verbosity", "dimensions")


def definition_parts(stage: Stage, settings: StageSettings) -> dict[str, str]:
    """Texts by name: the stage's files (or its definition, where it has none), the schema of its answers, and the settings that are set."""
    templates = stage.templates
    files = {name: templates.read(name) for name in stage.files if templates.place(name).is_file()} if templates else {}
    parts = dict(files or {DEFINITION: stage.definition})
    if stage.response_format is not None:
        parts[SCHEMA] = canonical_json(stage.response_format)
    if stage.language:
        parts[LANGUAGE] = language_name(stage.language)
    style = {name: getattr(settings, name) for name in STYLE}
    return parts | {name: str(value) for name, value in style.items() if value is not None}


def say_change(title: str, before: Mapping[str, str] | None, now: Mapping[str, str], at: datetime | None, *, keeps_content: bool) -> str:
    """Say what changed of a stage, for people: "the prompt of process documents changed on 2026-11-29 06:30 UTC: 3 lines of system.jinja".

    Args:
        title: the stage's, in the plural.
        before: parts that something was made with; None where nobody kept them.
        now: parts as they are now.
        at: when that was noticed; None: not yet.
        keeps_content: whether another model, temperature, effort or verbosity changes nothing.
    """
    when = f" on {at:%Y-%m-%d %H:%M} UTC" if at else ""
    if before is None:
        return f"the prompt, schema, model or settings of {title.lower()} changed{when}"
    left_out = STYLE if keeps_content else ()
    names = [name for name in (*now, *(before.keys() - now.keys())) if name not in left_out and before.get(name) != now.get(name)]
    kinds = list(dict.fromkeys(_kind(name) for name in names)) or ["rules"]
    details = [_detail(name, before.get(name, ""), now.get(name, "")) for name in names]
    return f"the {' and '.join(kinds)} of {title.lower()} changed{when}" + (f": {', '.join(details)}" if details else "")


def _kind(name: str) -> str:
    return name if name in (SCHEMA, LANGUAGE) else "settings" if name in STYLE else "prompt"


def _detail(name: str, before: str, now: str) -> str:
    if name == LANGUAGE:
        return f"from {before or UNSET} to {now or UNSET}"
    if name in STYLE:
        return f"{name} {before or 'unset'} → {now or 'unset'}"
    if name == SCHEMA:
        return "the schema of its answers"
    if not now or not before:
        return f"{name} was {'added' if now else 'taken out'}"
    lines = _changed_lines(before, now)
    return f"{lines:,} line{'s' if lines != 1 else ''} of {name}"


def _changed_lines(before: str, now: str) -> int:
    matcher = SequenceMatcher(None, before.splitlines(), now.splitlines(), autojunk=False)
    blocks = [block for block in matcher.get_opcodes() if block[0] != "equal"]
    return sum(max(old_end - old, new_end - new) for _, old, old_end, new, new_end in blocks) or 1  # 1: no line, but how one ends
