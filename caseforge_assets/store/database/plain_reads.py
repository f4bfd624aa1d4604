"""Connections that read for answers of which there are some hundred a second: without what SQLAlchemy does around each query, which takes longer than most of them do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.engine import IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import OperationalError

from caseforge_assets.redaction import mask_parts
from caseforge_assets.store.database.prepared import is_planned_once, planned

_NUMBERS = {int}
_READS = ("select", "with")
_DIALECT = psycopg2.dialect()  # type: ignore[no-untyped-call]


class PlainReads(Engine):
    """An engine whose connections hand queries on to the driver. Each statement is on its own there, so that no transaction is to be known of."""

    def connect(self) -> Connection:
        """Gives a connection."""
        return PlainConnection(self)


class PlainConnection(Connection):
    """Queries that are written as texts go to the driver as they are; everything else goes its usual way.

    So does what has failed, once more: what went wrong with it is said, and done about it, as ever.
    """

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Gives what comes of a statement."""
        if execution_options is None and isinstance(statement, TextClause) and (parameters is None or isinstance(parameters, dict)):
            written = _written(statement.text)
            if written is not None and not self.get_execution_options():
                try:
                    return self.ask(written, parameters or {}, once=is_planned_once(statement))
                except self.dialect.loaded_dbapi.Error as error:
                    self._end_if_gone(written, error)
        return super().execute(statement, parameters, execution_options=execution_options)

    def scalar(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Gives the first value of what comes of it; None: nothing comes."""
        return self.execute(statement, parameters, execution_options=execution_options).scalar()

    def scalars(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Gives the first value of each row that comes of it."""
        return self.execute(statement, parameters, execution_options=execution_options).scalars()

    def _end_if_gone(self, written: str, error: Exception) -> None:
        """Lets go of a connection whose server has gone.

        Raises:
            OperationalError: it has.
        """
        if self.connection.closed:
            self.invalidate(error)
            raise OperationalError(written, {}, error, connection_invalidated=True) from error

    def ask(self, written: str, values: Mapping[str, Any], *, once: bool) -> Result[Any]:
        """Hands a query on.

        Args:
            written: it, as the driver takes it.
            once: whether it is planned once.
        """
        with closing(self.connection.cursor()) as cursor:
            if once:  # what is planned knows the types of its parameters
                cursor.execute(planned(self.info, cursor, written), {name: _in_short(value) for name, value in mask_parts(values).items()})
            else:
                cursor.execute(written, mask_parts(values))
            return IteratorResult(_metadata(tuple([column[0] for column in cursor.description])), iter(cursor.fetchall()))


def _in_short(value: Any) -> Any:
    """Some hundred ids as one text, which PostgreSQL reads faster than so many numbers."""
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, list) and value and set(map(type, value)) == _NUMBERS else value


@lru_cache(maxsize=1_000)
def _written(query: str) -> str | None:
    """A query as the driver takes it; None: it may be something else than a query."""
    return str(text(query).compile(dialect=_DIALECT)) if query.split(None, 1)[0].lower() in _READS else None


@lru_cache(maxsize=1_000)
def _metadata(names: tuple[str, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData(names)
