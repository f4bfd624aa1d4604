"""import-results: answers that were paid for elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from caseforge_assets.cli.console import console, print_json
from caseforge_assets.cli.options import chosen_stages, json_option, pass_session
from caseforge_assets.cli.session import Session


@click.command("import-results")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--framework", "key", metavar="KEY", required=True, help="Framework that the answers belong to.")
@click.option("--stage", "stage_key", metavar="STAGE", required=True, help="process_details, usecases, or one of your own.")
@click.option(
    "--custom-id", "pattern", metavar="REGEX", required=True, help=r"Finds the node's code in a custom_id, e.g. '^node_\d+_(?P<code>.+)$'."
)
@json_option
@pass_session
def import_results(session: Session, file: Path, key: str, stage_key: str, pattern: str, as_json: bool) -> None:
    """Take over FILE, an output file of OpenAI's Batch API. Its answers are judged and stored like collected ones.

    Exit code 3 when some of them were not good.
    """
    from caseforge_assets.commands.import_results import import_results as run

    session.settings.framework(key)
    result = run(session.store, session.folder, session.settings.configuration, file, key, chosen_stages((stage_key,))[0], pattern)
    session.mirror()
    bad = sum(count for outcome, count in result.outcomes.items() if outcome not in ("ok", "salvaged"))
    if as_json:
        print_json({"batch": result.batch_id, "already_imported": result.already, "outcomes": result.outcomes, "left_out": result.left_out})
    else:
        said = "was imported before; nothing has changed" if result.already else "imported"
        console.print(f"{file.name} {said}: " + ", ".join(f"{count:,} {outcome}" for outcome, count in result.outcomes.items()) + ".")
        for text in result.left_out[:10]:
            console.print(f"  left out: {text}", style="yellow")
        if bad:
            console.print(f"`caseforge failed --framework {key}` says why {bad:,} of them were not good.")
    sys.exit(3 if bad else 0)
