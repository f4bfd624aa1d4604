"""The job `regenerate`: nodes from all over a framework in one run, which no backfill can do, chosen by a form with defaults."""

import dagster as dg
from pydantic import Field

from caseforge_assets.commands.materializing.regenerate_nodes import Regenerated
from caseforge_assets.commands.materializing.regenerate_nodes import regenerate as regenerate_nodes
from caseforge_assets.commands.surveying.select_nodes import Selection
from caseforge_assets.defs.mirroring.mirror import fail_unsent, mirror, say_unfinished
from caseforge_assets.defs.mirroring.run_tags import tag_batches
from caseforge_assets.defs.names import PROVIDER_POOL, tags_of
from caseforge_assets.defs.resources import Caseforge

ALL_STAGES = "all"


class RegenerateForm(dg.Config):
    """The form of the job; as it stands, it brings to its end whatever is not finished in the only framework."""

    framework: str = Field(default="", description="Key of the framework; may stay empty where only one is declared.")
    nodes: list[str] = Field(
        default=[], description="Codes, partition keys or names, such as 1.2.4, 1.2.4_10040 or Conduct customer interviews."
    )
    branch: str = Field(default="", description="A branch with all below it, such as 8.2. Without nodes and branch: the whole framework.")
    selection: Selection = Field(
        default=Selection.unfinished,
        description="unfinished (failed, missing or stale), failed, missing, or stale. What is good is never asked for again.",
    )
    stage: str = Field(
        default=ALL_STAGES, description=f"{ALL_STAGES}, or the key of one: process_details, usecases, or a stage of your own."
    )
    limit: int = Field(default=0, ge=0, description="Only the first so many nodes. 0: no limit.")
    wait_s: float | None = Field(
        default=None,
        description="Seconds to wait for answers, per stage. Empty: 120 with a simulated provider, 0 with one that bills, where nothing is sent "
        "before it is approved (job submit).",
    )

    @property
    def named(self) -> str | None:
        """Nodes and branch as commands take them."""
        parts = [*self.nodes, *([f"{self.branch.removesuffix('.*')}.*"] if self.branch else [])]
        return ",".join(parts) or None


@dg.op(pool=PROVIDER_POOL, out=dg.Out(dg.Nothing))
def regenerate_selected(context: dg.OpExecutionContext, config: RegenerateForm, caseforge: Caseforge) -> None:
    """Asks again for what is not finished, and shows its nodes at every step that they passed."""
    key = caseforge.settings.framework_key(config.framework or None)
    context.instance.add_run_tags(context.run_id, tags_of("regenerate", framework=key))
    done = _regenerated(config, caseforge, key)
    tag_batches(context, caseforge.store, done.batch_ids)
    mirror(context, caseforge)
    were, through = "s were" if done.nodes != 1 else " was", "not all are" if done.unfinished else "all are"
    context.log.info(f"{done.nodes:,} node{were} meant: {through} through.")
    say_unfinished(context.log, done.unfinished)
    fail_unsent(done.unsent)


def _regenerated(config: RegenerateForm, caseforge: Caseforge, key: str) -> Regenerated:
    stages = list(caseforge.settings.stages) if config.stage == ALL_STAGES else [caseforge.settings.stages[config.stage]]
    project, waiting = caseforge.stored_project, caseforge.waiting(config.wait_s)
    return regenerate_nodes(project, key, stages, config.selection, waiting, named=config.named, limit=config.limit or None)


@dg.config_mapping
def regenerate_form(form: RegenerateForm) -> dg.RunConfig:
    """A flat form in the launchpad."""
    return dg.RunConfig(ops={regenerate_selected.name: form})


@dg.job(config=regenerate_form, executor_def=dg.in_process_executor, tags=tags_of("regenerate"))
def regenerate() -> None:
    """Ask again for nodes that failed, are missing or stale, wherever in the framework they are, in one run. Every field has a default."""
    regenerate_selected()
