"""Connections to PostgreSQL: the engine, the last look for secrets in what it is given, the schema's migrations, and locks that die with their process."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine as Engine
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DataError, DisconnectionError, OperationalError, ProgrammingError

from caseforge_assets.redaction import know_secrets, mask_parts
from caseforge_assets.settings.secrets import DATABASE, secrets_in
from caseforge_assets.store.database.plain_reads import PlainReads
from caseforge_assets.store.database.prepared import plan_once
from caseforge_assets.store.database.revisions import MIGRATIONS, Fit, SchemaNotUsable, behind, fit_of, refuse_unless_usable
from caseforge_assets.store.schema.columns import SCHEMA, VERSION_TABLE

HEAD = "0045"
RESTS_S = 1.0  # a connection that was used within that is taken to be there

StoreUnavailable = OperationalError
ValueRefused = DataError  # a value of the right type that PostgreSQL cannot hold, such as a time zone of +16:00


def mask_parameters() -> None:
    """The last look for secrets: from now on what is bound to any statement of this process is masked before PostgreSQL gets it, whoever's tables it is for.

    Dagster's own engines are meant, too: what a run or a tick raised or logged is stored by them.
    """
    if not event.contains(Engine, "before_cursor_execute", _masked):
        event.listen(Engine, "before_cursor_execute", _masked, retval=True)


def _masked(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _executemany: bool) -> tuple[str, Any]:
    return statement, mask_parts(parameters)


def open_store(url: str, revive: Callable[[], object] | None = None, *, for_many_calls: bool = False, migrates: bool = True) -> Engine:
    """An engine on a database whose schema this version works with; pending migrations are applied under a lock.

    Args:
        url: SQLAlchemy URL with the psycopg2 driver.
        revive: called when a connection is refused, before it is tried once more: starts the server where it has ended.
        for_many_calls: for a service, whose queries are short and many: more connections stay open, because opening one takes longer than most queries; whether one
            is still there is asked only after it rested; queries are not compiled, which takes longer than they do, and those that say so are planned once.
        migrates: whether pending migrations are applied; else a schema that is not there is made, and one that does not fit is refused.

    Raises:
        StoreUnavailable: no server answers at the URL.
        SchemaNotUsable: the schema is that of a newer version, or of an older one and is not to be migrated.
    """
    engine = _engine(url, revive, for_many_calls=for_many_calls)
    revision = _revision(engine)
    if revision != HEAD:
        _fit(engine, revision, migrates=migrates)
    return engine


def open_for_reading(url: str, revive: Callable[[], object] | None = None) -> Engine:
    """An engine for the many calls that only read, on a database whose schema is up to date: each statement is on its own, without the calls that a transaction takes.

    It has connections of its own, which stay so: to make one of another engine so and back again takes more calls than most answers.
    """
    return _engine(url, revive, for_many_calls=True, kind=PlainReads, isolation_level="AUTOCOMMIT")


def _engine(url: str, revive: Callable[[], object] | None, *, for_many_calls: bool, kind: type[Engine] = Engine, **options: Any) -> Engine:
    know_secrets(secrets_in({DATABASE: url}))
    mask_parameters()
    engine = create_engine(
        url,
        pool_pre_ping=not for_many_calls,
        pool_size=20 if for_many_calls else 5,
        insertmanyvalues_page_size=2_000,
        connect_args={"application_name": "caseforge"},
        **options,
    )
    engine = kind(engine.pool, engine.dialect, engine.url) if kind is not Engine else engine
    if for_many_calls:
        event.listen(engine, "connect", _compile_nothing)
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", partial(_ping_after_rest, engine))
        plan_once(engine)
    if revive is not None:
        event.listen(engine, "do_connect", partial(_connect, revive))
    return engine


def _fit(engine: Engine, revision: str | None, *, migrates: bool) -> None:
    try:
        if revision is None or (migrates and fit_of(revision) is not Fit.newer):
            migrate(engine)
        else:
            refuse_unless_usable(revision)
    except SchemaNotUsable:
        engine.dispose()
        raise


def _connect(revive: Callable[[], object], dialect: Any, _record: object, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
    """Connects as the dialect does, once more after the server was started again."""
    try:
        return dialect.connect(*arguments, **options)
    except dialect.loaded_dbapi.OperationalError:
        revive()
        return dialect.connect(*arguments, **options)


def _compile_nothing(connection: Any, _record: object) -> None:
    """Switches PostgreSQL's just-in-time compilation off for a new connection."""
    with connection.cursor() as cursor:
        cursor.execute("set jit = off")
    connection.commit()


def _note_rest(_connection: object, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _ping_after_rest(engine: Engine, connection: Any, record: Any, _proxy: object) -> None:
    """Refuses a connection whose server has gone, so that the pool opens another one."""
    if time.monotonic() - record.info.get("rests_since", time.monotonic()) < RESTS_S:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def find_revision(url: str) -> str | None:
    """The revision of the schema at a URL; None where there is none. Nothing is changed.

    Raises:
        StoreUnavailable: no server answers at the URL.
    """
    engine = create_engine(url, connect_args={"application_name": "caseforge", "connect_timeout": 10})
    try:
        return _revision(engine)
    finally:
        engine.dispose()


def refuse_other_schema(engine: Engine) -> None:
    """Looks whether this version works with the schema as it is now.

    Raises:
        SchemaNotUsable: it does not.
        StoreUnavailable: the server does not answer.
    """
    if (revision := _revision(engine)) != HEAD:
        refuse_unless_usable(revision)


def refuse_schema_before(engine: Engine, what: str) -> None:
    """Looks whether the schema is the newest one, for what reads every table.

    Raises:
        SchemaNotUsable: it is another one.
        StoreUnavailable: the server does not answer.
    """
    if (revision := _revision(engine)) != HEAD:
        refuse_unless_usable(revision)
        raise behind(what)


def migrate_database(url: str) -> tuple[str | None, str]:
    """Brings the schema of a database to the newest revision; returns what it was, and what it is.

    Raises:
        SchemaNotUsable: it is that of a newer version.
        StoreUnavailable: no server answers at the URL.
    """
    before = find_revision(url)
    open_store(url).dispose()
    return before, HEAD


def migrate(engine: Engine) -> None:
    """Brings the schema to the newest revision; several processes at once do it one after the other."""
    from alembic import command
    from alembic.config import Config

    from caseforge_assets.store.schema import journal_marks

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": lock_key("migrate")})
        connection.execute(text(f"create schema if not exists {SCHEMA}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        journal_marks.attach(connection)


def lock_key(name: str) -> int:
    """The number of a named advisory lock of CaseForge; the high half keeps clear of other applications' small numbers."""
    return (0x0CA5EF << 32) | zlib.crc32(name.encode())


@contextmanager
def try_lock(engine: Engine, name: str) -> Iterator[bool]:
    """Holds a named lock for the block if nobody else does. A killed process loses it with its connection."""
    with engine.connect() as connection:
        held = bool(connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": lock_key(name)}))
        connection.commit()
        try:
            yield held
        finally:
            if held:
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": lock_key(name)})
                connection.commit()


@contextmanager
def wait_for_lock(engine: Engine, name: str) -> Iterator[None]:
    """Waits for a named lock and holds it for the block. A killed process loses it with its connection."""
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": lock_key(name)})
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": lock_key(name)})
            connection.commit()


def lock_in_transaction(connection: Connection, name: str) -> None:
    """Waits for a named lock and holds it until the transaction ends."""
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": lock_key(name)})


def try_lock_in_transaction(connection: Connection, name: str) -> bool:
    """Takes a named lock until the transaction ends, if nobody else has it; returns whether it did."""
    return bool(connection.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": lock_key(name)}))


def after_commit(connection: Connection, call: Callable[[], None]) -> None:
    """Calls once the connection's transaction is committed, unless it, or the savepoint that is open now, is rolled back before."""
    within, undone = connection.get_nested_transaction(), []

    def rolled_back(at: Connection, *_: object) -> None:
        if at.get_nested_transaction() is within:
            undone.append(within)

    def committed(_: Connection) -> None:
        if not undone:
            call()

    if within is not None:
        event.listen(connection, "rollback_savepoint", rolled_back)
    event.listen(connection, "commit", committed, once=True)


def _revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return cast("str | None", connection.scalar(text(f"select version_num from {SCHEMA}.{VERSION_TABLE}")))
    except ProgrammingError:
        return None
