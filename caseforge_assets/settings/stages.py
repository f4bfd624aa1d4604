"""The stages of a project: those that come with CaseForge, with the templates and the stages of its own that caseforge.toml names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from caseforge_assets.settings.configuration import Configuration, ConfigurationError
from caseforge_assets.settings.faults import Fault, nearest
from caseforge_assets.settings.reading import Sources
from caseforge_assets.stages.discovery import StageFault, find_stages
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.templates import TemplateFault

_Signature = tuple[tuple[str, int, int], ...]


def project_stages(folder: Path, configuration: Configuration) -> tuple[Stage, ...]:
    """The stages of a project, in the order in which their content is made.

    Args:
        folder: the project's.
        configuration: names the folders of one's own.

    Raises:
        ConfigurationError: a template or a stage of one's own cannot be used.
    """
    own_stages, own_templates = (folder / name if name else None for name in (configuration.own_stages, configuration.templates))
    try:
        return _found(own_stages, own_templates, _signature(own_stages), _signature(own_templates))
    except (StageFault, TemplateFault) as error:
        raise ConfigurationError(_relative(str(error), folder)) from error


def unknown_stages(sources: Sources, configuration: Configuration, stages: tuple[Stage, ...]) -> list[Fault]:
    """Tables [stages.KEY] of stages that there are not."""
    known = [stage.key for stage in stages]
    return [
        Fault(
            ("stages", key), sources.place(("stages", key)), f"there is no such stage{nearest(key, known)}; there are: {', '.join(known)}"
        )
        for key in configuration.stages
        if key not in known
    ]


@lru_cache(maxsize=8)
def _found(own_stages: Path | None, own_templates: Path | None, *signatures: _Signature) -> tuple[Stage, ...]:
    """Found once for files as they are: a process that lives long reads its settings often."""
    del signatures
    return find_stages(own_stages, own_templates)


def _signature(folder: Path | None) -> _Signature:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc") if folder else []
    return tuple((str(path), (facts := path.stat()).st_mtime_ns, facts.st_size) for path in files)


def _relative(text: str, folder: Path) -> str:
    """Paths as the person wrote them: below the project's folder."""
    return text.replace(f"{folder}/", "")
