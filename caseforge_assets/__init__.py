"""CaseForge: from a process framework to process documents and AI use-case candidates, through OpenAI's Batch API.

The folders are the flow of the data, in this order:

frameworks     a workbook or table becomes nodes
contexts       a node becomes what the model is told about it
stages         what is generated: one folder a stage, with its request, its judge, its record
batches        custom ids, JSONL lines, packing, states, outcomes, what happens next
costs          tokens, prices, estimates, budgets
reports        coverage, costs, exports

The doors lead outside: settings (environment and caseforge.toml), store (PostgreSQL), artifacts (files),
openai_batch (the provider). The verbs, one function a file, are commands. The shells call the commands:
defs (Dagster), cli, batch_server (the local Batch API server).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseforge_assets.defs.component import CaseforgeFramework

__all__ = ["CaseforgeFramework"]


def __dir__() -> list[str]:
    """Names the component, so that `dg list components` finds it."""
    return [*globals(), *__all__]


def __getattr__(name: str) -> object:
    """Loads the component when Dagster asks for it: nothing else that begins here needs Dagster."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from caseforge_assets.defs import component

    return getattr(component, name)
