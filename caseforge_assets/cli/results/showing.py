"""show and export: read what was made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.markdown import Markdown

from caseforge_assets.cli.results.history_view import print_history
from caseforge_assets.cli.results.site import SITE, copy_site
from caseforge_assets.cli.shared.console import busy, console, print_json
from caseforge_assets.cli.shared.options import chosen_stages, framework_option, json_option, nodes_option, pass_session, stage_option
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.costs.sums import named, usd
from caseforge_assets.handing_on.kinds import KIND_BY_ENDING, KINDS
from caseforge_assets.safe_text import plain_text
from caseforge_assets.stages.judgement import Item, Outcome
from caseforge_assets.stages.stage import Stage
from caseforge_assets.wording import counted

FILE_ENDING = re.compile(r"\.[a-z][a-z0-9]{0,7}")
SCORE = click.IntRange(0, 100)
_ENDINGS = "\n".join(f"{kind.ending:9} {kind.what}" for kind in KINDS.values() if kind.ending)
_EXPORT_HELP = f"""Write documents and candidates to TARGET: a folder of markdown pages with an index, or a file of the kind that its ending says.

\b
{_ENDINGS}

`export site DIR` copies the portal's pages of a framework into a folder that works without a server.

Each says where it is from: edition, request, batch, file and line of the answer, versions, whether it was reused or edited. Options that
choose go together; what they leave out is counted, by reason.
"""


@click.command()
@click.argument("node")
@framework_option
@stage_option
@click.option("--history", is_flag=True, help="Instead, all that happened to it, from the row of the workbook to the candidates.")
@json_option
@pass_session
def show(session: Session, node: str, key: str | None, stage_keys: tuple[str, ...], history: bool, as_json: bool) -> None:
    """Everything about NODE (a code, partition key, stable id, or a candidate's uid): content, candidates, attempts, tokens, cost."""
    from caseforge_assets.store.figures import node_views

    stages = [stage.key for stage in chosen_stages(session, stage_keys)]
    with session.store.connect() as connection:
        found = node_views.find_nodes(connection, node, key)
        if not found:
            raise LookupError(f"no node is called {node!r} in {key or 'any loaded framework'}")
        if len({row.framework_key for row in found}) > 1:
            raise LookupError(
                f"{node!r} is in several frameworks; say which with --framework: " + ", ".join(row.framework_key for row in found)
            )
        row = found[0]
    if history:
        print_history(session, row, as_json)
        return
    with session.store.connect() as connection:
        contents = [dict(content._mapping) for content in node_views.contents_of_node(connection, row.node_id) if content.stage in stages]
        candidates = [dict(item._mapping) for item in node_views.candidates_of_node(connection, row.node_id) if item.stage in stages]
        attempts = [dict(attempt._mapping) for attempt in node_views.attempts_of_node(connection, row.node_id) if attempt.stage in stages]
    whole = {"node": dict(row._mapping), "contents": contents, "candidates": candidates, "attempts": attempts}
    if as_json:
        print_json(whole)
    else:
        _print_node(session, whole)


def _print_node(session: Session, whole: dict[str, Any]) -> None:
    node = whole["node"]
    console.rule(f"{node['code']} {node['name']} ({node['framework_key']})")
    if node["retired"]:
        console.print(f"Not in the current edition; this is how edition {node['edition']} has it.", style="yellow")
    if node["owner"]:
        console.print(f"Owner: {node['owner']}", style="dim")
    console.print(node["description"] or "(no description)")
    if not node["partition_key"] and not any(content["is_current"] for content in whole["contents"]):
        console.print("It gets no content of its own.", style="dim")
    for content in (content for content in whole["contents"] if content["is_current"]):
        console.rule(content["title"])
        simulated = ", SIMULATED" if content["simulated"] else ""
        reused = f", reused from content {content['reused_from']}" if content["reused_from"] else ""
        batch = f", batch {content['remote_batch_id']}" if content["remote_batch_id"] else ""
        where = f"{content['model'] or 'model unknown'}, {content['generated_by']}{batch}"
        cost = _cost_of_content(content, whole["candidates"])
        spent = f"{_count(content['output_tokens'])} output tokens, {cost}"
        origin = f"{content['generated_by']}, {cost}" if content["edited"] else f"{where}, {spent}"
        console.print(f"{content['answered_at']:%Y-%m-%d %H:%M}, {origin}{simulated}{reused}", style="dim")
        console.print(
            Markdown(plain_text(_body(session.stages, content, whole["candidates"])), hyperlinks=False)
        )  # a link shows where it leads
    table = FittingTable(
        "Attempt", "Stage", "Batch", "Outcome", "Why", "Tokens", "Cost", "File and line", title="Attempts", drop=("Batch", "File and line")
    )
    for attempt in whole["attempts"]:
        tokens = f"{_count(attempt['input_tokens'])} + {_count(attempt['output_tokens'])}" if attempt["output_tokens"] is not None else ""
        file = (attempt["artifacts"].get("output") or {}).get("path", "")
        place = f"{session.folder.describe(file)}:{attempt['line_number']}" if file and attempt["line_number"] else ""
        name = attempt["remote_id"] or f"batch {attempt['batch_id']}"
        table.add_row(
            str(attempt["id"]), attempt["stage"], name, attempt["outcome"] or "under way", attempt["detail"], tokens, _cost(attempt), place
        )
    if whole["attempts"]:
        console.print(table)
    elif node["partition_key"]:
        console.print("No attempt of its own." if whole["contents"] else "No attempt yet.")


def _body(stages: Iterable[Stage], content: dict[str, Any], candidates: list[dict[str, Any]]) -> str:
    """Give what is shown of a content: items as they are shown today, whatever the body was made by, and what is beyond as many as were asked for."""
    stage = next((stage for stage in stages if stage.key == content["stage"]), None)
    items = [Item(candidate["title"], candidate["fields"]) for candidate in candidates if candidate["stage"] == content["stage"]]
    if stage is None or stage.render_items is None or not items:
        return str(content["body"]) if stage is None else stage.shown(content["body"])
    beyond = [Item(item["title"], item["fields"]) for item in content["surplus"]]
    if not beyond:
        return stage.render_items(items)
    return f"{stage.render_items(items)}\n\n---\n\n# Surplus: {len(beyond)} beyond what was asked for\n\n{stage.render_items(beyond)}"


def _cost_of_content(content: dict[str, Any], candidates: list[dict[str, Any]]) -> str:
    """Of a content, and of each of its items the share."""
    shares = [candidate["cost_usd"] for candidate in candidates if candidate["stage"] == content["stage"]]
    cost = named(content["cost_usd"], content["simulated"])
    return f"{cost}, {usd(shares[0])} each of {len(shares):,}" if len(shares) > 1 and content["cost_usd"] else cost


def _count(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"


def _cost(attempt: dict[str, Any]) -> str:
    """Of an attempt; nothing while it is under way, and of one that was never sent."""
    return "" if attempt["outcome"] in (None, Outcome.not_sent) else named(attempt["cost_usd"], attempt["simulated"])


def _kind_by_ending(target: Path) -> str:
    """Give what the end of a name says that it is to be; a folder where it is no ending of a file."""
    ending = target.suffix.lower()
    if ending in KIND_BY_ENDING or target.is_dir() or not FILE_ENDING.fullmatch(ending):
        return KIND_BY_ENDING.get(ending, "markdown")
    nearest = f", such as {target.with_suffix('.jsonl').name}" if ending in (".json", ".ndjson") else ""
    raise click.UsageError(
        f"{target.name}: nothing is written as {ending}. A file ends in {', '.join(KIND_BY_ENDING)}{nearest}; "
        f"a folder of markdown pages is called {target.with_suffix('').name}, or asked for with --format markdown"
    )


@click.command(help=_EXPORT_HELP)
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False))
@framework_option
@nodes_option
@click.option("--owner", help="Only contents of this owner.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="CATEGORY",
    help="Only candidates of this category (may be repeated), and their nodes' documents.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(KINDS)),
    help="markdown makes a folder, the others a file. Without it the end of TARGET says which; no ending is a folder of markdown pages.",
)
@click.option("--min-score", type=SCORE, help="Only contents whose quality score is this or more; a candidate's is that of its node's set.")
@click.option("--max-score", type=SCORE, help="Only contents whose quality score is this or less.")
@click.option(
    "--all-candidates",
    is_flag=True,
    help="Also candidates beyond the ten that were asked for, where an answer held more; a column, or their number, says which.",
)
@click.option("--retired", is_flag=True, help="Instead, what was made for nodes that the current edition does not have.")
@click.option("--comments", is_flag=True, help="With site: also what people said, and the history of decisions.")
@click.option("--costs", is_flag=True, help="With site: also amounts.")
@pass_session
def export(
    session: Session,
    target: Path,
    folder: Path | None,
    key: str | None,
    nodes: str | None,
    owner: str | None,
    categories: tuple[str, ...],
    kind: str | None,
    min_score: int | None,
    max_score: int | None,
    all_candidates: bool,
    retired: bool,
    comments: bool,
    costs: bool,
) -> None:
    """Write documents and candidates to a file or a folder."""
    from caseforge_assets.commands.exporting.export_contents import export_contents
    from caseforge_assets.commands.gathering.choose_contents import Selection, say_selection
    from caseforge_assets.commands.quality.measure_quality import measure_missing

    if folder is not None or comments or costs:
        if folder is None or str(target) != SITE:
            raise click.UsageError(
                f"a static copy of the portal is asked for by `export {SITE} DIR`; other exports take one target, and neither --comments nor --costs"
            )
        copy_site(session, session.framework_key(key), folder, comments=comments, costs=costs)
        return
    key = session.known_key(key) if retired else session.framework_key(key)
    kind = kind or _kind_by_ending(target)
    selection = Selection(owner, nodes, categories or None, min_score, max_score, retired, all_candidates)
    with busy(f"Writing {target}"), session.store.connect() as connection:
        measure_missing(session.store, session.stages, key)
        written = export_contents(connection, session.stages, key, target, kind, selection)
    others = "".join(f", {count:,} {name}" for name, count in written.others.items())
    surplus = f" ({written.surplus:,} of them surplus)" if written.surplus else ""
    console.print(f"{counted(written.documents, 'document')} and {counted(written.candidates, 'candidate')}{surplus}{others} in {target}.")
    for words in (*written.said, *say_selection(selection, written.left_out)):
        console.print(words)
