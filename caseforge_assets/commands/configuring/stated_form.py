"""What a person or a program says of a table that is to be loaded: its columns, its hierarchy, the language that its texts are asked for in."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.frameworks.records import TableForm
from caseforge_assets.settings import ConfigurationError, FrameworkSettings
from caseforge_assets.settings.configuration import HierarchyName, check_language, check_map
from caseforge_assets.stages.stages import Stages


class CannotBeSaid(ValueError):
    """What was said of a table has no meaning; the text says which option it is, and what is meant by it."""


def stated_form(known: FrameworkSettings | None, columns: Sequence[str], hierarchy: HierarchyName | None) -> TableForm:
    """What is said of the table's form: what caseforge.toml says, and what is said now before it.

    Args:
        columns: each as FIELD=HEADER.

    Raises:
        CannotBeSaid: one of them is not of that form, or there is no such field.
    """
    said = dict(known.map) if known else {}
    for text in columns:
        field, equals, header = text.partition("=")
        if not equals:
            raise CannotBeSaid(f"--map {text}: say what the column is and how it is called, for example --map code='Practice ID'")
        said[field.strip().lower().replace(" ", "_")] = header.strip()
    try:
        check_map(said)
    except ConfigurationError as error:
        raise CannotBeSaid(f"--{error}") from None
    return TableForm(said, hierarchy or (known.hierarchy if known else None))


def stated_language(stages: Stages, languages: Sequence[str]) -> str | dict[str, str] | None:
    """What is said of the language: a tag, or tags by stage; None where nothing is.

    Args:
        languages: each as TAG, or STAGE=TAG.

    Raises:
        CannotBeSaid: a tag is none, or there is no such stage.
    """
    if not languages:
        return None
    known = [stage.key for stage in stages]
    by_stage = {stage: tag for stage, _, tag in (text.rpartition("=") for text in languages)}
    try:
        checked = check_language(by_stage.pop("") if set(by_stage) == {""} else by_stage)
    except ValueError as error:
        raise CannotBeSaid(f"--language: {error}") from None
    if isinstance(checked, dict) and (unknown := [stage for stage in checked if stage not in known]):
        what = f"there is no stage {unknown[0]!r}; there are: {', '.join(known)}" if unknown[0] else "say one language, or one by stage"
        raise CannotBeSaid(f"--language: {what}")
    return checked
