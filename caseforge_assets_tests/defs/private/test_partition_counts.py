"""Dagster's count of partitions is right, whoever looked while it changed."""

from __future__ import annotations

from dagster import AssetKey
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue, get_and_update_asset_status_cache_value

from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets_tests.defs.project import DOCUMENTS, FAILED, MATERIALIZED, OpenProject, Project, older
from caseforge_assets_tests.workbench import KEY

ASSET = AssetKey([KEY, DOCUMENTS])
BAD_AT_FIRST = ["truncate:batch=1,match=process_details-1-"]


def with_failed_nodes(project: OpenProject) -> Project:
    opened = project(faults=BAD_AT_FIRST)
    opened.load()
    opened.generate()
    assert sorted(opened.states(DOCUMENTS).values()).count(FAILED) > 1
    return opened


def cached(opened: Project) -> AssetStatusCacheValue:
    status = opened.instance.get_asset_records([ASSET])[0].asset_entry.cached_status
    assert isinstance(status, AssetStatusCacheValue)
    return status


def test_a_page_that_is_loading_while_nodes_turn_green_does_not_leave_them_red(project: OpenProject) -> None:
    opened = with_failed_nodes(project)
    page = LoadingContextForTest(opened.instance)
    AssetRecord.blocking_get(page, ASSET)
    opened.generate()
    get_and_update_asset_status_cache_value(opened.instance, ASSET, node_partitions(KEY), loading_context=page)
    assert set(opened.states(DOCUMENTS).values()) == {MATERIALIZED}


def test_a_count_that_was_left_wrong_is_made_anew_when_the_page_is_long_over(project: OpenProject) -> None:
    opened = with_failed_nodes(project)
    red = cached(opened)
    opened.generate()
    opened.states(DOCUMENTS)
    opened.instance.update_asset_cached_status_data(ASSET, red._replace(latest_storage_id=cached(opened).latest_storage_id))
    assert FAILED in opened.states(DOCUMENTS).values()
    opened.tick("flush_sensor")
    assert FAILED in opened.states(DOCUMENTS).values()  # a page may still be at it
    older(opened, "outbox", "flushed_at", 30)
    opened.tick("flush_sensor")
    assert set(opened.states(DOCUMENTS).values()) == {MATERIALIZED}


def test_each_row_is_looked_at_once(project: OpenProject) -> None:
    opened = with_failed_nodes(project)
    older(opened, "outbox", "flushed_at", 30)
    newest = opened.bench.column("select max(id) from caseforge.outbox where node_id is not null")
    assert [opened.tick("flush_sensor").cursor] == [str(record_id) for record_id in newest]
