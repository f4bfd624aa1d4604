"""Dynamic partitions of Dagster's, in the order of the framework."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import DagsterInstance
from dagster._core.definitions.partitions.utils import raise_error_on_invalid_partition_key_substring
from dagster._core.storage.event_log.schema import DynamicPartitionsTable

from caseforge_assets.defs.private.event_storage import event_storage


def set_partitions(instance: DagsterInstance, name: str, keys: Sequence[str]) -> tuple[int, int]:
    """Make the partitions of a dynamic partitions definition exactly these, in this order.

    Dagster keeps them in the order of insertion, so that anything but an addition at the end is written anew, in one transaction.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        name: The definition's name.
        keys: All partition keys.

    Returns:
        How many keys were added and how many removed.

    Raises:
        ValueError: A key is there twice.
        DagsterInvalidDefinitionError: A key has a character, or three dots, that Dagster doesn't allow.
    """
    if len(set(keys)) != len(keys):
        raise ValueError(f"The partitions of {name} hold a key twice.")
    raise_error_on_invalid_partition_key_substring(keys)
    table = DynamicPartitionsTable
    of_definition = table.c.partitions_def_name == name
    with event_storage(instance).index_transaction() as connection:
        connection.exec_driver_sql(f"lock table {table.name} in share row exclusive mode")
        present = list(connection.scalars(table.select().with_only_columns(table.c.partition).where(of_definition).order_by(table.c.id)))
        unchanged = len(present) if list(keys[: len(present)]) == present else 0
        if not unchanged:
            connection.execute(table.delete().where(of_definition))
        rows = [{"partitions_def_name": name, "partition": key} for key in keys[unchanged:]]
        if rows:
            connection.execute(table.insert().returning(table.c.id, sort_by_parameter_order=True), rows)
    return len(set(keys) - set(present)), len(set(present) - set(keys))
