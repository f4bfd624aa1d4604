"""Events packed here must be, to the letter, what Dagster's own serializer writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import pytest
from dagster import AssetKey, AssetMaterialization, MetadataValue, TableColumn, TableRecord, TableSchema
from dagster._core.definitions.metadata import DagsterInvalidMetadata
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._serdes import deserialize_value, serialize_value
from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.defs.private.lineage import EventPacker

PLAIN = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.booleans())
TABLE = MetadataValue.table([TableRecord({"id": "1.1-UC01", "risk": 3})], TableSchema([TableColumn("id"), TableColumn("risk", "int")]))
SPECIAL: dict[str, Any] = {
    "markdown": MetadataValue.md("# Größe\n\n| a |\n|---|\n"),
    "link": MetadataValue.url("https://example.com/batches/batch_1"),
    "file": MetadataValue.path("/artifacts/a.jsonl"),
    "raw_path": PurePosixPath("/artifacts/b.jsonl"),
    "asset": MetadataValue.asset(AssetKey(["shop", "run_report"])),
    "table": TABLE,
    "json": {"limits": [1, None, "x"]},
    "nothing": None,
}


def entry(partition: str | None, tags: Mapping[str, str], metadata: Mapping[str, Any], at: float) -> EventLogEntry:
    materialization = AssetMaterialization(AssetKey(["shop", "documents"]), metadata=metadata, partition=partition, tags=tags)
    event = DagsterEvent(
        DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name="collect",
        event_specific_data=StepMaterializationData(materialization),
        message="Materialized.",
        step_key="collect_finished",
    )
    return EventLogEntry(None, 10, "", "run", at, "collect_finished", "collect", event)  # type: ignore[no-untyped-call]


FORM = entry("9.9_99", {"caseforge/batch": "1"}, {"of_the_form": "does not stay"}, 1.5)


@given(partition=st.sampled_from([None, "1.1_10001"]), metadata=st.dictionaries(st.text(min_size=1), PLAIN))
def test_plain_values_are_written_as_dagster_writes_them(partition: str | None, metadata: dict[str, Any]) -> None:
    tags = {"dagster/data_version": "v1", "caseforge/batch": "7"}
    assert EventPacker(FORM).pack(partition, tags, metadata, 1795932000.0005) == serialize_value(
        entry(partition, tags, metadata, 1795932000.0005)
    )


@pytest.mark.parametrize("label", SPECIAL)
def test_other_values_are_packed_by_dagster(label: str) -> None:
    metadata = {"tokens": 4_000, label: SPECIAL[label]}
    assert EventPacker(FORM).pack("1.1_10001", {}, metadata, 2.5) == serialize_value(entry("1.1_10001", {}, metadata, 2.5))


def test_nothing_of_one_event_stays_in_the_next() -> None:
    packer = EventPacker(FORM)
    packer.pack("1.1_10001", {"caseforge/batch": "7"}, SPECIAL, 2.5)
    after = packer.pack(None, {"caseforge/batch": "8"}, {}, 3.5)
    assert deserialize_value(after, EventLogEntry) == entry(None, {"caseforge/batch": "8"}, {}, 3.5)


def test_what_dagster_cannot_show_is_refused() -> None:
    with pytest.raises(DagsterInvalidMetadata):
        EventPacker(FORM).pack("1.1_10001", {}, {"set": {1, 2}}, 2.5)
