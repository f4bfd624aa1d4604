"""The stages of a project: those that come with CaseForge, with the templates and the stages of its own that caseforge.toml names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from caseforge_assets.settings.configuration import Configuration, ConfigurationError
from caseforge_assets.settings.faults import Fault, nearest
from caseforge_assets.settings.reading import Sources
from caseforge_assets.stages.discovery import Asking, StageFault, find_stages, with_switches
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.stages.templates import TemplateFault

_Signature = tuple[tuple[str, int, int], ...]


def project_stages(folder: Path, configuration: Configuration) -> Stages:
    """The stages of a project.

    Args:
        folder: the project's.
        configuration: names the folders of one's own, and the languages.

    Raises:
        ConfigurationError: a template or a stage of one's own cannot be used.
    """
    own_stages = folder / configuration.own_stages if configuration.own_stages else None
    shared = (folder / configuration.templates,) if configuration.templates else ()
    try:
        of_frameworks = {
            key: _found(own_stages, Asking(((folder / entry.templates,) if entry.templates else ()) + shared, entry.languages))
            for key, entry in configuration.frameworks.items()
            if entry.templates or entry.languages
        }
        return with_switches(_found(own_stages, Asking(shared)), of_frameworks, _switches(configuration))
    except (StageFault, TemplateFault) as error:
        raise ConfigurationError(_relative(str(error), folder)) from error


def _switches(configuration: Configuration) -> dict[str, bool]:
    return {key: own.enabled for key, own in configuration.stages.items() if own.enabled is not None}


def _found(own_stages: Path | None, asking: Asking) -> tuple[Stage, ...]:
    return _found_in_files(own_stages, asking, _signature(own_stages), tuple(map(_signature, asking.templates)))


def unknown_stages(sources: Sources, configuration: Configuration, stages: Stages) -> list[Fault]:
    """Tables [stages.KEY] of stages that there are not, and languages of such."""
    known = [stage.key for stage in (*stages.shared, *stages.off)]
    named: list[tuple[str, ...]] = [("stages", key) for key in configuration.stages]
    named += [("frameworks", key, "language", of) for key, entry in configuration.frameworks.items() for of, _ in entry.languages if of]
    return [
        Fault(path, sources.place(path), f"there is no such stage{nearest(path[-1], known)}; there are: {', '.join(known)}")
        for path in named
        if path[-1] not in known
    ]


@lru_cache(maxsize=64)
def _found_in_files(own_stages: Path | None, asking: Asking, *signatures: object) -> tuple[Stage, ...]:
    """Found once for files as they are: a process that lives long reads its settings often."""
    del signatures
    return find_stages(own_stages, asking)


def _signature(folder: Path | None) -> _Signature:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc") if folder else []
    return tuple((str(path), (facts := path.stat()).st_mtime_ns, facts.st_size) for path in files)


def _relative(text: str, folder: Path) -> str:
    """Paths as the person wrote them: below the project's folder."""
    return text.replace(f"{folder}/", "")
