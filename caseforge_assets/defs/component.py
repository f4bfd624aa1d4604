"""A framework as a component: declared in a `defs.yaml`, its assets stand beside other people's own in their Dagster project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from caseforge_assets.commands.configuring.read_settings import read_settings
from caseforge_assets.defs.contents import CaseforgeContents
from caseforge_assets.defs.graph.assets import framework_assets
from caseforge_assets.defs.location import location_defs
from caseforge_assets.defs.names import CONTENTS_MANAGER, OWN_DEFINITIONS
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.settings import ConfigurationError, find_project

_OF_PROJECT = {"key", "project", "stages"}


class FrameworkScaffolder(dg.Scaffolder):
    """Writes for `dg scaffold defs caseforge_assets.CaseforgeFramework NAME` a framework called like its folder, to be filled in."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Writes `defs.yaml`; the table that it names is still to be put there."""
        name = request.target_path.name
        dg.scaffold_component(request, {"key": name, "title": name.replace("_", " ").capitalize(), "source": f"{name}.csv"})


@dg.scaffold_with(FrameworkScaffolder)
class CaseforgeFramework(dg.Component, dg.Model, dg.Resolvable):
    """The assets of a framework: its nodes, the steps of every stage, its reports. The first one of a Dagster project brings jobs, sensors and resources, too.

    Attributes:
        key: Of the framework; prefix and group of its assets.
        project: Folder of caseforge.toml, where there is one, and of what `source` and `templates` are relative to: the Dagster project's by default.
        stages: As `[stages.KEY]` in caseforge.toml: for all frameworks of the project.

    The others are keys of `[frameworks.KEY]` in caseforge.toml. Where the file has the framework, none of them is needed.
    """

    key: str
    title: str | None = None
    source: str | None = None
    targets: str | list[str] | None = None
    owner: str | None = None
    budget_usd: float | str | None = None
    hierarchy: str | None = None
    map: dict[str, str] | None = None
    language: str | dict[str, str] | None = None
    templates: str | None = None
    table: str | None = None
    automation: bool | None = None
    stages: dict[str, dict[str, Any]] | None = None
    project: str | None = None

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The framework's definitions; in CaseForge's own code location none, because that one has them all already."""
        if context.defs_module_name == OWN_DEFINITIONS:
            return dg.Definitions()
        components = _all_of(self, context.component_tree)
        folder = _project_folder(components, context.project_root)
        declared = declared_by(components)
        settings = read_settings(folder, declared=declared)
        if self is not components[0]:
            return dg.Definitions(framework_assets(self.key, settings.framework(self.key), settings.project))
        of_project: dict[str, Any] = {"project_folder": str(folder), "declared": declared}
        resources = {"caseforge": Caseforge(**of_project), CONTENTS_MANAGER: CaseforgeContents(**of_project)}
        return location_defs(
            settings, resources, keys=[component.key for component in components], assets_of=[self.key], beside_others=True
        )

    def entry(self) -> dict[str, Any]:
        """Gives what it says of the framework, as in caseforge.toml."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name not in _OF_PROJECT}
        return {name: value for name, value in given.items() if value is not None}


def declared_by(components: Sequence[CaseforgeFramework]) -> dict[str, Any]:
    """Tables as in caseforge.toml of what components declare together.

    Raises:
        ConfigurationError: a framework is declared twice, or one says of a stage what another one denies.
    """
    frameworks: dict[str, dict[str, Any]] = {}
    stages: dict[str, dict[str, Any]] = {}
    for component in components:
        if component.key in frameworks:
            raise ConfigurationError(
                f"framework {component.key!r} is declared by two components. Give each a key of its own, or take one out"
            )
        frameworks[component.key] = component.entry()
        for stage, said in (component.stages or {}).items():
            _add(stages.setdefault(stage, {}), said, f"stages.{stage}", component.key)
    return {"frameworks": frameworks, "stages": stages}


def _add(known: dict[str, Any], said: Mapping[str, Any], path: str, key: str) -> None:
    for name, value in said.items():
        if known.setdefault(name, value) != value:
            raise ConfigurationError(
                f"{path}.{name}: the component of {key!r} says {value!r}, another one {known[name]!r}. Stages are the same for all frameworks "
                "of a project: say it once"
            )


def _all_of(component: CaseforgeFramework, tree: dg.ComponentTree) -> list[CaseforgeFramework]:
    """All components of the Dagster project, itself among them, in the order of their keys: what they share is made once, by the first."""
    found = tree.get_all_components(of_type=CaseforgeFramework)
    others = found if any(other is component for other in found) else [component]
    return sorted(others, key=lambda other: other.key)


def _project_folder(components: Sequence[CaseforgeFramework], root: Path) -> Path:
    named = {(root / component.project).resolve() for component in components if component.project}
    if len(named) > 1:
        folders = ", ".join(sorted(map(str, named)))
        raise ConfigurationError(
            f"the frameworks of a Dagster project belong to one CaseForge project; their components name several: {folders}"
        )
    return named.pop() if named else find_project(root, new=True)
