"""Options that several commands share."""

from __future__ import annotations

from typing import Any

import click

framework_option = click.option(
    "--framework", "key", metavar="KEY", help="Framework key from caseforge.toml; may be left out when there is only one."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
nodes_option = click.option(
    "--nodes",
    metavar="CODES",
    help="Only these nodes: codes or partition keys separated by commas, or branches such as '8.*'.",
)
stage_option = click.option(
    "--stage", "stage_keys", multiple=True, metavar="STAGE", help="Only this stage (may be repeated): process_details, usecases."
)
pass_session = click.pass_obj


def chosen_stages(keys: tuple[str, ...]) -> list[Any]:
    """The stages that are named, or all, in the order in which they read each other.

    Raises:
        click.BadParameter: there is no such stage; the text names those there are.
    """
    from caseforge_assets.stages.stage import all_stages

    known = {stage.key: stage for stage in all_stages()}
    for key in keys:
        if key not in known:
            raise click.BadParameter(f"there is no stage {key!r}; there are: {', '.join(known)}", param_hint="--stage")
    return [stage for stage in known.values() if not keys or stage.key in keys]
