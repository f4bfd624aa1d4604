"""A creation whose answer is lost, at a provider that brings no metadata back and shows files under ids of its own: file names tell, or nothing is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from caseforge_assets.batch_server import serve_in_thread
from caseforge_assets.batches.provider_objects import RemoteFile
from caseforge_assets.batches.states import NOT_TO_BE_FOUND
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderNotFound
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets_tests.commands.submissions import Dying, Killed, assert_sent_once, plan
from caseforge_assets_tests.workbench import Workbench, open_workbench

Opening = Callable[..., Workbench]


@pytest.fixture
def like(store: Engine, tmp_path: Path) -> Iterator[Opening]:
    """Opens a workbench at a server that is like a kind of provider."""
    with ExitStack() as stack:

        def start(kind: str, **options: Any) -> Workbench:
            server = stack.enter_context(serve_in_thread(tmp_path / "server", like=kind, **options))
            opened = open_workbench(store, tmp_path, server.base_url, provider=ProviderSettings(kind=kind), create_grace_s=0.3)
            opened.load()
            return opened

        yield start


def interrupted(opened: Workbench, *, after: bool) -> None:
    client = Dying(opened.provider.base_url, "create", after=after, kind=opened.provider.kind)
    with pytest.raises(Killed):
        submit_batches(replace(plan(opened).project, provider=replace(opened.provider, client=client)))


class Renaming(BatchClient):
    """A provider that brings no metadata back and shows files under ids of its own; what is in `nameless` is not to be had by its id, or has none."""

    nameless = ""

    def list_batches(self, created_after: datetime) -> Iterator[dict[str, Any]]:
        for remote in super().list_batches(created_after):
            shown = None if self.nameless == "null" else f"shown-{remote['input_file_id']}"
            yield {**remote, "metadata": None, "input_file_id": shown}

    def file(self, file_id: str) -> RemoteFile:
        if self.nameless == "gone":
            raise ProviderNotFound("no such file")
        return super().file(file_id.removeprefix("shown-"))


def renaming(opened: Workbench, nameless: str = "") -> Workbench:
    client = Renaming(opened.provider.base_url, "any", timeout_s=10, kind=opened.provider.kind)
    client.nameless = nameless
    return replace(opened, provider=replace(opened.provider, client=client))


def test_a_batch_is_recognized_by_its_file_s_name_when_nothing_else_says_it(like: Opening) -> None:
    opened = like("azure")
    interrupted(opened, after=True)
    renaming(opened).work()
    assert_sent_once(opened)


def test_batches_of_others_are_told_by_the_names_of_their_files(like: Opening) -> None:
    opened = like("azure")
    theirs = renaming(opened)
    file = opened.path / "theirs.jsonl"
    file.write_text('{"custom_id": "x", "method": "POST", "url": "/chat/completions", "body": {"model": "gpt-5", "messages": []}}\n')
    made = theirs.provider.client.create(theirs.provider.client.upload(file, "theirs.jsonl"), "/chat/completions", "theirs")
    interrupted(opened, after=False)
    theirs.work()
    assert opened.column("select remote_id from caseforge.batch where state = 'collected'") != [made["id"]]
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 6)]


@pytest.mark.parametrize("nameless", ["null", "gone"])
def test_what_cannot_be_told_apart_is_not_created_again(like: Opening, nameless: str) -> None:
    opened = like("azure")
    interrupted(opened, after=True)
    blind = renaming(opened, nameless).configured(create_grace_s=0.0)
    blind.round()
    blind.round()
    (state, reason) = opened.query("select state, reason from caseforge.batch")[0]
    assert (state, reason.startswith(NOT_TO_BE_FOUND)) == ("creating", True)
    assert "cannot be told whose they are" in reason
    assert opened.stats()["batches_created"] == 1
