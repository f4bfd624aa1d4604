"""Finding the stages: every folder here that has one, and every folder of a project's own; with templates of one's own, if wanted.

A stage's package has a `STAGE`, or, so that its templates can be replaced, a function `make_stage(templates)`.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.languages import language_name
from caseforge_assets.stages.stage import Source, Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.stages.templates import TemplateFault, Templates

HERE = Path(__file__).parent
OWN_PACKAGE = "caseforge_own_stages"
KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,29}")  # keys are parts of custom ids, asset names, file names
# Assets that are there beside the stages'.
OTHER_ASSETS = ("framework", "pcf_nodes", "node_contexts", "run_report", "stale_report")


class _AnyField(dict[str, object]):
    """Fields of an item of whatever stage: a text under every name."""

    def __missing__(self, name: str) -> str:
        return f"Sample {name}"


_ITEM = Item("Sample item", _AnyField())
_TRIALS = (
    Source("Sample", "Process: Sample", ("Sample indicator",), "Sample document", (_ITEM,)),
    Source("Another sample", "Process: Another sample", (), "Another sample document", (_ITEM,)),
)


class StageFault(ValueError):
    """A stage of one's own cannot be used; the text says which folder, and why."""


@dataclass(frozen=True)
class Asking:
    """Language and templates that texts are asked for with.

    Attributes:
        templates: Folders that hold, for each stage, a folder of files that replace the stage's; the first that has a file counts.
        languages: Tags by stage, that of all other stages by an empty key.
    """

    templates: tuple[Path, ...] = ()
    languages: tuple[tuple[str, str], ...] = ()

    def language_of(self, stage_key: str) -> str:
        """The tag of a stage's language; empty where none is said."""
        languages = dict(self.languages)
        return languages.get(stage_key, languages.get("", ""))


_AS_IT_COMES = Asking()


def find_stages(own_stages: Path | None = None, asking: Asking = _AS_IT_COMES) -> tuple[Stage, ...]:
    """Find the stages, each after the stage that it reads.

    Args:
        own_stages: A folder that holds a package for each stage of one's own.
        asking: How texts are asked for.

    Returns:
        The stages in the order in which their content is made; stages that do not depend on each other by key.

    Raises:
        StageFault: A folder cannot be imported, two stages share a name, one reads a stage that does not exist, or they read each other.
        TemplateFault: A template of one's own cannot be used.
    """
    for folder, what in ((own_stages, "stages"), *((given, "templates") for given in asking.templates)):
        if folder is not None and not folder.is_dir():
            begin = f"; `caseforge config templates {folder}` makes one" if what == "templates" else ""
            raise StageFault(f"{folder}: there is no such folder of {what}{begin}")
    stages: dict[str, Stage] = {}
    own: set[str] = set()
    for folder, package in _packages(own_stages):
        found = _stage_of(folder, package, asking)
        if found is not None and found.key in stages:
            raise StageFault(f"{folder}: two stages have the key {found.key}; keys have to differ.")
        if found is not None:
            stages[found.key] = found
            own |= {found.key} if folder.parent == own_stages else set()
    if own_stages is not None:
        _check_own_folders(own_stages, own)
    _check_names(list(stages.values()))
    for own_templates in asking.templates:
        _check_folders(own_templates, stages)
    return tuple(_in_order(stages))


@cache
def all_as_they_come() -> Stages:
    """Give every stage that comes with CaseForge, also those that a project has to switch on."""
    return Stages(find_stages())


def with_switches(found: Sequence[Stage], of_frameworks: Mapping[str, Sequence[Stage]], switches: Mapping[str, bool]) -> Stages:
    """Give the stages that a project has.

    Args:
        found: All that there are.
        of_frameworks: By key, the same as frameworks ask for them.
        switches: By stage, whether it is switched on; those that are not named are as they come.

    Raises:
        StageFault: One is on and made from another one that is off.
    """

    def is_on(stage: Stage) -> bool:
        return switches.get(stage.key, stage.on_by_default)

    on, off = tuple(filter(is_on, found)), tuple(stage for stage in found if not is_on(stage))
    for stage in on:
        for source in stage.sources:
            if any(other.key == source for other in off):
                raise StageFault(f"The stage {stage.key} is made from {source}, which is switched off: enabled under [stages.{source}].")
    return Stages(on, {key: tuple(filter(is_on, stages)) for key, stages in of_frameworks.items()}, off)


def comes_with_caseforge(stage: Stage) -> bool:
    """Tell whether a stage is as it comes, without anything of one's own in it: another process has the very same."""
    return getattr(sys.modules.get(f"{__package__}.{stage.key}"), "STAGE", None) is stage


def _packages(own_stages: Path | None) -> Iterator[tuple[Path, ModuleType]]:
    for module in pkgutil.iter_modules([str(HERE)]):
        if module.ispkg:
            yield HERE / module.name, importlib.import_module(f"{__package__}.{module.name}")
    for module in pkgutil.iter_modules([str(own_stages)] if own_stages else []):
        if own_stages is not None and module.ispkg:
            yield own_stages / module.name, _import_from(own_stages / module.name)


def _check_own_folders(own_stages: Path, own: Collection[str]) -> None:
    """A folder that is not looked into, for want of one file, would be missed without a word."""
    folders = [path for path in sorted(own_stages.iterdir()) if path.is_dir() and not path.name.startswith((".", "_"))]
    for folder in folders:
        if not (folder / "__init__.py").is_file() and any(folder.glob("*.py")):
            raise StageFault(f"{folder}: has no __init__.py, and so is no package")
    if not own:
        raise StageFault(f"{own_stages}: holds no stage; a stage is a folder whose __init__.py has a STAGE or make_stage(templates)")


def _import_from(folder: Path) -> ModuleType:
    """Import a package that lies elsewhere, anew each time; it imports its own modules relatively (`from .record import …`)."""
    name = f"{OWN_PACKAGE}.{folder.name}"
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise StageFault(f"{folder} is not a package that can be imported.")
    for old in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
        del sys.modules[old]
    importlib.invalidate_caches()
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    try:
        spec.loader.exec_module(package)
    except TemplateFault:
        raise
    except Exception as error:  # it is somebody's code
        raise StageFault(f"{_place(error, folder)}: cannot be imported: {type(error).__name__}: {error}") from error
    return package


def _place(error: Exception, folder: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    inside = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    return f"{inside[-1].filename}, line {inside[-1].lineno}" if inside else str(folder)


def _stage_of(folder: Path, package: ModuleType, asking: Asking) -> Stage | None:
    """The package's stage, with templates of one's own where there are some for it, in its language; None for a package without a stage."""
    make, found = getattr(package, "make_stage", None), getattr(package, "STAGE", None)
    replacing = [place for own in asking.templates if (place := own / folder.name).is_dir()]
    if replacing and make is None and found is not None:
        raise TemplateFault(f"{replacing[0]}: the templates of this stage cannot be replaced: its package has no make_stage(templates)")
    language = asking.language_of(found.key if isinstance(found, Stage) else folder.name)
    if make is not None and (found is None or replacing or language):
        templates = Templates(folder, *replacing, language=language)
        found = make(templates)
        if isinstance(found, Stage):
            _check_files(templates, found)
    if found is None:
        return None
    if not isinstance(found, Stage):
        raise StageFault(f"{folder}: its stage is not a Stage, but {type(found).__name__}.")
    found = _in_language(found, language)
    if replacing or folder.parent != HERE:
        _try_out(folder, found)
    return found


def _in_language(stage: Stage, tag: str) -> Stage:
    """The stage with its texts asked for in a language; where none of its templates speaks of that, a last line of the instructions does."""
    if not tag or stage.makes_vectors:  # texts are there already, in whatever language
        return stage
    says = stage.templates is not None and bool(stage.templates.language) and stage.templates.says_language(stage.files)
    line = f"Write all text in {language_name(tag)}, also where these instructions speak of English, and whatever language the process is described in."
    return replace(stage, language=tag, language_line="" if says else f"{line} {stage.language_rules}".strip())


def _check_files(templates: Templates, stage: Stage) -> None:
    """A file whose name means nothing would be left out without a word."""
    strange = [name for name in templates.own_files if name not in stage.files]
    if strange:
        lines = [f"{templates.place(name)}: is not a file of the stage {stage.key}{_near(name, stage.files)}" for name in strange]
        raise TemplateFault("\n".join(lines))


def _try_out(folder: Path, stage: Stage) -> None:
    """Build the messages of a node with indicators and of one without, so that what fails does so now."""
    try:
        first, second = (stage.messages(source) for source in _TRIALS)
        roles = [(message["role"], message["content"].strip()) for message in first]
    except TemplateFault:
        raise
    except Exception as error:  # it is somebody's code
        raise StageFault(f"{_place(error, folder)}: cannot build messages: {type(error).__name__}: {error}") from error
    if first == second:
        raise StageFault(f"{folder}: the messages say nothing of the node: every node would get the same request")
    if not all(text for _, text in roles):
        raise StageFault(f"{folder}: the {next(role for role, text in roles if not text)} message is empty")


def _check_folders(own_templates: Path, stages: Mapping[str, Stage]) -> None:
    for path in sorted(own_templates.iterdir()):
        if path.is_dir() and not path.name.startswith((".", "_")) and path.name not in stages:
            raise TemplateFault(f"{path}: there is no stage of this name{_near(path.name, list(stages))}")
        if path.suffix in (".jinja", ".toml"):
            raise TemplateFault(
                f"{path}: belongs into a folder named like its stage: {', '.join(key for key, stage in stages.items() if stage.files)}"
            )


def _check_names(stages: Sequence[Stage]) -> None:
    taken = dict.fromkeys(OTHER_ASSETS, "CaseForge itself")
    first_with: dict[str, str] = {}
    for stage in stages:
        for name in (stage.key, stage.inputs, stage.outputs, stage.content):
            if not KEY_PATTERN.fullmatch(name):
                raise StageFault(f"The stage {stage.key}: {name!r} is not a name; use lower-case letters, digits and _, at most 30.")
        for name in (stage.inputs, stage.outputs, stage.content):
            if (other := taken.setdefault(name, stage.key)) != stage.key or [stage.inputs, stage.outputs, stage.content].count(name) > 1:
                raise StageFault(f"The stage {stage.key} has an asset {name}, and so has {other}.")
        if stage.items_name and (other := first_with.setdefault(stage.item_uid("1", 1), stage.key)) != stage.key:
            raise StageFault(f"The stages {other} and {stage.key} would name their items alike: give the stage an item_uid of its own.")


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else f" (there are: {', '.join(known) or 'none'})"


def _in_order(stages: Mapping[str, Stage]) -> Iterator[Stage]:
    for key in sorted(stages):
        for source in stages[key].sources:
            if source not in stages:
                raise StageFault(f"The stage {key} reads {source}, which does not exist{_near(source, list(stages))}.")
        if (chosen_from := stages[key].chosen_from) and not stages[chosen_from].is_list:
            raise StageFault(f"The stage {key} is made from chosen items of {chosen_from}, whose content has no items.")
    sorter = TopologicalSorter({key: set(stages[key].sources) for key in sorted(stages)})
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        raise StageFault(f"These stages read each other: {', '.join(error.args[1])}.") from error
    return (stages[key] for key in order)
