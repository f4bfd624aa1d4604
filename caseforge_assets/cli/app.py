"""The `caseforge` command: its groups of commands, and how errors reach a person.

Exit codes: 0 done; 1 something unexpected; 2 bad input, configuration or usage; 3 done, but some nodes failed or are stale;
4 the provider refused or cannot be reached, or nodes wait for a batch that does not go on; 5 declined, or no approval or budget; 6 the database cannot be
reached or is that of another version, or the artifacts' folder not written; 7 Dagster's webserver does not answer, refused, or could not load the code; 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import logging
import sys

import click

from caseforge_assets.cli.shared.console import errors
from caseforge_assets.event_log import EventFormatter
from caseforge_assets.redaction import RedactingFilter, redact

UNEXPECTED, BAD_INPUT, NODES_FAILED, PROVIDER, NOT_APPROVED, DATABASE, WEBSERVER, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 130

_COMMANDS = {
    "load": "setting_up.loading",
    "frameworks": "setting_up.frameworks",
    "plan": "planning.generation",
    "generate": "planning.generation",
    "models": "setting_up.models",
    "approve": "planning.money",
    "plans": "planning.plans",
    "pairs": "planning.pairs",
    "submit": "planning.generation",
    "retry": "planning.retrying",
    "monitor": "watching.watching",
    "collect": "watching.watching",
    "cancel": "watching.watching",
    "adopt": "watching.adopting",
    "status": "watching.watching",
    "failed": "watching.watching",
    "costs": "planning.money",
    "report": "results.report",
    "alerts": "running.alerts",
    "stale": "results.stale",
    "quality": "results.quality_command",
    "search": "results.searching",
    "similar": "results.similar",
    "show": "results.showing",
    "edit": "results.editing",
    "decide": "curating.deciding",
    "portfolio": "curating.handing",
    "export": "results.showing",
    "import-results": "results.importing",
    "flush": "watching.watching",
    "verify": "keeping.verifying",
    "restore": "keeping.backups",
    "archive": "keeping.verifying",
    "unarchive": "keeping.verifying",
    "backup": "keeping.backups",
    "sensors": "running.sensors",
    "dagster": "keeping.pruning",
    "config": "setting_up.configuring",
    "preview": "planning.previewing",
    "db": "running.services",
    "batch-server": "running.services",
    "demo": "running.demo",
    "ui": "running.ui",
    "serve": "running.serve",
    "work": "running.working",
    "webhooks": "running.webhooks",
    "users": "access.users",
    "tokens": "access.tokens",
    "audit": "access.audit",
}


class Commands(click.Group):
    """Imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, from the module that holds it."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"caseforge_assets.cli.{_COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; turns known errors into a text and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort) as stopped:
            if isinstance(stopped.__context__, EOFError):  # a question, and nobody there to answer it
                errors.print("\nNobody answered, which is no consent. --yes, where a command has it, consents without being asked.")
                sys.exit(NOT_APPROVED)
            errors.print("\nStopped. Nothing is lost: the same command goes on where this one stopped.")
            sys.exit(INTERRUPTED)
        except Exception as error:
            code = exit_code(error)
            if code == UNEXPECTED:
                logging.getLogger(__name__).debug("unexpected", exc_info=True)
                errors.print(f"Unexpected error ({type(error).__name__}); -v shows where it came from:", style="bold red")
            errors.print(redact(str(error)), style="red")
            if code == PROVIDER and "store" in vars(ctx.obj):
                ctx.obj.look_for_alerts()
            sys.exit(code)
        finally:
            if ctx.obj is not None:
                ctx.obj.keep()


def exit_code(error: Exception) -> int:
    """The exit code of an error that reached the top."""
    from caseforge_assets.artifacts import ArtifactsUnavailable
    from caseforge_assets.batch_server import PortTakenError, StateDirInUseError
    from caseforge_assets.cli.shared.webserver import WebserverError
    from caseforge_assets.commands.approving.approve_plan import LimitTooLow
    from caseforge_assets.openai_batch.errors import ProviderError
    from caseforge_assets.store.database.cluster_location import EmbeddedPostgresError
    from caseforge_assets.store.database.engine import StoreUnavailable
    from caseforge_assets.store.database.revisions import SchemaNotUsable

    if isinstance(error, LimitTooLow):
        return NOT_APPROVED
    if isinstance(error, (LookupError, ValueError, PortTakenError, StateDirInUseError)):
        return BAD_INPUT
    if isinstance(error, (EmbeddedPostgresError, StoreUnavailable, SchemaNotUsable, ArtifactsUnavailable)):
        return DATABASE
    if isinstance(error, WebserverError):
        return WEBSERVER
    return PROVIDER if isinstance(error, ProviderError) else UNEXPECTED


_HELP = """Turn a process framework into process documents and AI use-case candidates through OpenAI's Batch API.

\b
A first run, free of charge:
  caseforge demo                                the whole way on the bundled sample
With a framework of your own:
  caseforge load FILE.xlsx --framework my_key   read a workbook or table
  caseforge plan --framework my_key             what would be sent, why, at what cost
  caseforge generate --framework my_key --wait  send it, watch, collect
  caseforge show 1.2.4                          read what was made
"""


@click.group(cls=Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("-v", "--verbose", is_flag=True, help="Log every event, one line each, on standard error.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How those lines look.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Let a key of caseforge.toml have this value, once, e.g. stages.usecases.model=gpt-6.1-terra.",
)
@click.version_option(package_name="caseforge-assets", prog_name="caseforge")
@click.pass_context
def caseforge(ctx: click.Context, verbose: bool, log_format: str, assignments: tuple[str, ...]) -> None:
    """Sets up logging; the commands do the rest."""
    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.settings.environment import read_environment

    read_environment()  # from here on secrets are masked, also in commands that need no settings
    to_people = logging.StreamHandler()
    to_people.setFormatter(EventFormatter(as_json=log_format == "json"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, handlers=[to_people])
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactingFilter())
    for noisy in ("httpx", "httpcore", "httpx2", "httpcore2", "openai", "alembic", "asyncio", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if wrong := [assignment for assignment in assignments if not assignment.partition("=")[0].strip() or "=" not in assignment]:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form KEY=VALUE", param_hint="--set")
    options = [
        *(["-v"] if verbose else []),
        "--log-format",
        log_format,
        *(part for assignment in assignments for part in ("--set", assignment)),
    ]
    ctx.obj = Session({key.strip(): value for key, _, value in (assignment.partition("=") for assignment in assignments)}, options)
