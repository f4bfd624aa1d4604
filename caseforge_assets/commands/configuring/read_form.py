"""Reads what a person or a program states of a table to be loaded: its columns, its hierarchy, the language that its texts are asked for in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.frameworks.records import TableForm
from caseforge_assets.settings import ConfigurationError, FrameworkSettings, Settings
from caseforge_assets.settings.configuration import HierarchyName, check_language, check_map
from caseforge_assets.stages.stages import Stages


class CannotBeSaid(ValueError):
    """A statement about a table has no meaning; the text names the option, and what it may be."""


@dataclass(frozen=True)
class Said:
    """Statements about a file beside its contents, as they were given.

    Attributes:
        targets: Which nodes get content.
        columns: Each as FIELD=HEADER.
        languages: Of its texts, each as TAG, or STAGE=TAG.
    """

    title: str | None = None
    targets: str | None = None
    hierarchy: HierarchyName | None = None
    columns: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meant:
    """The statements as a framework takes them, completed by its declaration; no language: the declared one stays."""

    title: str | None
    targets: str | tuple[str, ...]
    form: TableForm
    language: str | dict[str, str] | None


def meant_by(settings: Settings, key: str | None, said: Said) -> Meant:
    """Reads what is said of a file of a framework; None: it is not said of which.

    Raises:
        CannotBeSaid: something of it has no meaning.
    """
    known = settings.configuration.frameworks.get(key) if key else None
    targets = said.targets or (known.targets if known else "leaf")
    return Meant(said.title, targets, _form(known, said), _language(settings.stages, said.languages))


def _form(known: FrameworkSettings | None, said: Said) -> TableForm:
    """Gives what caseforge.toml says of the table's form, and what is said now before it."""
    headers = dict(known.map) if known else {}
    for text in said.columns:
        field, equals, header = text.partition("=")
        if not equals:
            raise CannotBeSaid(f"--map {text}: say what the column is and how it is called, for example --map code='Practice ID'")
        headers[field.strip().lower().replace(" ", "_")] = header.strip()
    try:
        check_map(headers)
    except ConfigurationError as error:
        raise CannotBeSaid(f"--{error}") from None
    return TableForm(headers, said.hierarchy or (known.hierarchy if known else None))


def _language(stages: Stages, languages: Sequence[str]) -> str | dict[str, str] | None:
    """A tag, or tags by stage; None where nothing is said."""
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
