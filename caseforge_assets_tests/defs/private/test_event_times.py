"""Times of events: Dagster's pages tell the events of one asset apart by their millisecond, and page through them by it."""

from __future__ import annotations

import time

import pytest
from dagster import AssetKey, DagsterInstance

from caseforge_assets.defs.private.lineage import AssetEvent, PartitionNote, write_materializations, write_observations
from caseforge_assets_tests.defs.assets import FIRST, MIDDLE
from caseforge_assets_tests.defs.graphql import Ui

KEYS = [f"1.{number}_{10_000 + number}" for number in range(1, 1_301)]  # more than one transaction
_PAGE = """query ($key: AssetKeyInput!, $before: String) { assetOrError(assetKey: $key) { ... on Asset {
  assetMaterializations(limit: 100, beforeTimestampMillis: $before) { timestamp partition } } } }"""


def write(instance: DagsterInstance, version: str = "v1") -> None:
    write_materializations(instance, [AssetEvent(asset, key, version) for key in KEYS for asset in (FIRST, MIDDLE)])


def times_ms(instance: DagsterInstance) -> list[int]:
    """Of the first asset's materializations in the order in which they were written, cut off as the pages do."""
    records = instance.fetch_materializations(AssetKey(FIRST), limit=10_000, ascending=True).records
    return [int(record.timestamp * 1000) for record in records]


def test_each_event_of_an_asset_has_a_millisecond_of_its_own_and_none_is_in_the_future(instance: DagsterInstance) -> None:
    write(instance)
    found = times_ms(instance)
    assert found == sorted(set(found))
    assert len(found) == len(KEYS)
    assert found[-1] <= time.time() * 1000


def test_what_is_written_next_is_later(instance: DagsterInstance) -> None:
    for version in ("v1", "v2", "v3"):
        write(instance, version)
    found = times_ms(instance)
    assert found == sorted(set(found))
    assert len(found) == 3 * len(KEYS)
    assert found[-1] <= time.time() * 1000 + 3 * len(KEYS)


def test_notes_have_times_of_their_own_too(instance: DagsterInstance) -> None:
    write_observations(instance, [PartitionNote(FIRST, key, "waits") for key in KEYS[:60]])
    records = instance.fetch_observations(AssetKey(FIRST), limit=100).records
    assert len({int(record.timestamp * 1000) for record in records}) == 60


@pytest.mark.slow
def test_the_pages_of_the_list_of_events_show_every_one(instance: DagsterInstance, ui: Ui) -> None:
    write(instance)
    shown, before = list[str](), None
    while page := ui.ask(_PAGE, key={"path": list(FIRST)}, before=before)["assetMaterializations"]:
        shown += [event["partition"] for event in page]
        before = page[-1]["timestamp"]
    assert shown == KEYS[::-1]
