"""db and batch-server: what runs beside the commands."""

from __future__ import annotations

from pathlib import Path

import click

from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError, Settings, load_places

# The names of `batch_server.LIKENESSES`, which is not imported for the sake of a help text.
LIKE = ("openai", "azure", "groq", "litellm", "doubleword")


@click.group()
def db() -> None:
    """The database: its tables brought up to date; the embedded one started, stopped, looked at."""


@db.command()
@pass_session
def start(session: Session) -> None:
    """Start the embedded database and bring its tables up to date."""
    _embedded()
    console.print(f"The database is running: {session.store.url.render_as_string(hide_password=True)}")


@db.command()
def stop() -> None:
    """Stop the embedded database. The next command that needs it starts it again."""
    from caseforge_assets.store.database.embedded_postgres import stop as stop_server

    places = _embedded()
    console.print("Stopped." if stop_server(places.home) else "It was not running.")


@db.command("status")
@json_option
def db_status(as_json: bool) -> None:
    """Tell whether the embedded database runs, where its files are, and how large they are."""
    from caseforge_assets.store.database.embedded_postgres import status

    found = status(_embedded().home)
    if as_json:
        print_json({name: getattr(found, name) for name in found.__dataclass_fields__})
        return
    state = f"running (process {found.pid})" if found.running else "not running"
    size = f", {found.size_bytes / 1e6:,.0f} MB" if found.size_bytes else ""
    console.print(f"PostgreSQL {found.version or ''} in {found.data_dir}: {state}{size}")


@db.command("migrate")
@json_option
def db_migrate(as_json: bool) -> None:
    """Bring the tables of the database up to date, after a backup and when no older version works with it any more. Several at once do no harm.

    The embedded database is brought up to date by every command. One of your own is not, so that a new version can be rolled out beside the old one: until
    then the new one works with the tables of the version before, where it says so, and refuses others.
    """
    from caseforge_assets.store.database.engine import migrate_database
    from caseforge_assets.store.database.location import database_url

    before, now = migrate_database(database_url(load_places()))
    if as_json:
        print_json({"before": before, "now": now})
    elif before == now:
        console.print(f"The tables are up to date (revision {now}).")
    else:
        console.print(f"The tables are at revision {now} now; before, {f'at {before}' if before else 'there were none'}.")


def _embedded() -> Settings:
    """Gives the place of the embedded database; a broken caseforge.toml does not matter for it."""
    places = load_places()
    if places.postgres_url is not None:
        raise ConfigurationError(
            "CASEFORGE_POSTGRES_URL is set: the database is not the embedded one, and is started and stopped elsewhere"
        )
    return places


@click.command("batch-server")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8484, show_default=True, help="Port to listen on.")
@click.option("--latency", default=2.0, show_default=True, help="Seconds that a batch takes.")
@click.option("--time-scale", default=1.0, show_default=True, help="How much faster time passes, e.g. 1440 for a day a minute.")
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="A fault to inject (may be repeated), e.g. truncate:rate=0.05.")
@click.option("--like", type=click.Choice(LIKE), default="openai", show_default=True, help="The provider whose peculiarities are imitated.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[=MODEL]",
    help="A model (at Azure: a deployment) that is taken, and the model behind it (may be repeated); any without it.",
)
@click.option("--managed-files", is_flag=True, help="With --like litellm: uploads have to name target_model_names.")
@click.option("--upstream", metavar="URL", help="Answer from this OpenAI-compatible endpoint instead of the built-in writer.")
@click.option("--upstream-concurrency", default=8, show_default=True, help="Requests to the upstream at a time.")
@click.option("--webhook", metavar="URL", help="Tell this address when a batch has ended, as OpenAI does.")
@click.option("--secret", metavar="WHSEC", help="What these messages are signed with: whsec_ and base64.")
@click.option("--state-dir", type=click.Path(path_type=Path), help="Where its files are kept; by default in the project's data folder.")
@pass_session
def batch_server(
    session: Session,
    host: str,
    port: int,
    latency: float,
    time_scale: float,
    faults: tuple[str, ...],
    like: str,
    models: tuple[str, ...],
    managed_files: bool,
    upstream: str | None,
    upstream_concurrency: int,
    webhook: str | None,
    secret: str | None,
    state_dir: Path | None,
) -> None:
    """Run a local Batch API server: free, deterministic, plainly labelled as simulated. Ctrl-C stops it; batches go on next time."""
    from caseforge_assets.batch_server import LIKENESSES, run_server

    folder = state_dir or session.settings.home / "batch-server"

    def say(port: int) -> None:
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}{LIKENESSES[like].base_paths[0]}"
        console.print(f"Batch API on {url} (files in {folder}). Use it with:")
        console.print(f"  export OPENAI_BASE_URL={url} OPENAI_API_KEY=local")

    run_server(
        host=host,
        port=port,
        state_dir=folder,
        latency_s=latency,
        time_scale=time_scale,
        faults=faults,
        like=like,
        models=models,
        managed_files=managed_files,
        upstream=upstream,
        upstream_concurrency=upstream_concurrency,
        webhook=webhook,
        webhook_secret=secret,
        on_listening=say,
    )
