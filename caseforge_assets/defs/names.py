"""Names of frameworks and assets in Dagster: groups, partitions, jobs. An asset's key has two parts: the framework's key, and the asset's name."""

from __future__ import annotations

EDITION = "edition"  # the asset above a framework's own, where its nodes are what another asset makes
RUN_REPORT = "run_report"
PROJECT_IDENTITY = "caseforge_project"  # the resource by which a code location says which project it shows
FAILURES_JOB = "failed_nodes"  # its runs are records
REGENERATE_JOB = "regenerate"
EVENTS_JOB = "many_events"  # so are its, like those of FAILURES_JOB
CODE_LOCATION = "caseforge_assets.definitions"  # as workspace.yaml and pyproject.toml call it
OWN_DEFINITIONS = "caseforge_assets.own_defs"  # the module for what `dg scaffold defs` makes, as pyproject.toml calls it
SINGLETON_REPOSITORY = "__repository__"  # as Dagster calls what a code location defines
CONTENTS_MANAGER = "caseforge_contents"  # the input manager by which assets of other people get what CaseForge made
PROVIDER_POOL = "provider"  # of what talks to the provider; dagster.yaml limits it


def tags_of(what: str, **more: str) -> dict[str, str]:
    """Tags by which CaseForge's runs are found in the list of runs: what they do, and for which framework."""
    return {"caseforge/run": what, **{f"caseforge/{name}": value for name, value in more.items()}}


def partitions_name(framework_key: str) -> str:
    """Name of the framework's dynamic partitions: its target nodes."""
    return f"{framework_key}_nodes"


def launchpad_path(job: str) -> str:
    """Path of the form of a job, on any webserver that shows the project."""
    return f"/locations/{CODE_LOCATION}/jobs/{job}/playground"


def group_path(framework_key: str) -> str:
    """Path of the graph of a framework's assets."""
    return f"/locations/{CODE_LOCATION}/asset-groups/{framework_key}"
