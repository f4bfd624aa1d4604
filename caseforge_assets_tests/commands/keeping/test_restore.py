"""The database is lost, and everything comes back from the artifacts."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.access.add_account import add_account
from caseforge_assets.commands.access.create_token import create_token
from caseforge_assets.commands.journaling import write_journal as write_journal_module
from caseforge_assets.commands.journaling.fold_journal import fold_journal
from caseforge_assets.commands.journaling.read_journal import JournalBroken, segment_names
from caseforge_assets.commands.journaling.verify_journal import check_journal
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then, write_journal
from caseforge_assets.commands.keeping.restore import Restored, restore
from caseforge_assets.commands.providing.provider import connect_provider
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.store.access.accounts import any_enabled, page
from caseforge_assets.store.access.tokens import digest_of, usable_tokens
from caseforge_assets.store.database.engine import MIGRATIONS, Engine, migrate
from caseforge_assets.store.journaling import journal
from caseforge_assets.store.journaling.restoring import rows_present
from caseforge_assets_tests.commands.worlds import edit, eventful, everything
from caseforge_assets_tests.workbench import CODES, PROCESS, OpenBench, Workbench


def restored(opened: Workbench, empty_store: Engine) -> Restored:
    done = restore(empty_store, opened.folder)
    assert everything(empty_store) == everything(opened.store)
    return done


def generate(opened: Workbench, *codes: str) -> None:
    """Does as a command does: works to the end, and journals."""
    opened.generate(*codes)
    write_journal(opened.store, opened.folder)


def moved(opened: Workbench, empty_store: Engine) -> Workbench:
    """The same project on a restored database."""
    restore(empty_store, opened.folder)
    return replace(opened, store=empty_store, provider=connect_provider(empty_store, opened.provider.client))


def test_every_row_comes_back_as_it_was(bench: OpenBench, empty_store: Engine) -> None:
    opened = eventful(bench)
    happened = set(opened.column("select outcome from caseforge.attempt"))
    assert {"ok", "truncated_reasoning"} <= happened
    for table, condition in (
        ("batch", "duplicate_of is not null"),
        ("content", "reused_from is not null"),
        ("content", "edited_after is not null"),
        ("content", "not is_current"),
        ("request", "retry_of is not null"),
        ("request", "generation > 0"),
        ("framework_version", "not is_current"),
        ("attempt", "cost_usd > 0"),
    ):
        assert opened.column(f"select count(*) from caseforge.{table} where {condition}")[0] > 0, (table, condition)
    done = restored(opened, empty_store)
    assert done.looked_for == done.to_collect == ()
    assert done.rows["content"] == opened.column("select count(*) from caseforge.content")[0]


@pytest.mark.parametrize("lets_in", [True, False])
def test_who_was_let_in_by_a_database_of_others_is_shut_out(bench: OpenBench, empty_store: Engine, lets_in: bool) -> None:
    opened = bench()
    with opened.store.begin() as connection:
        add_account(connection, "anna", by="test", password="correct horse battery", grants=[Grant(Role.admin)])
        secret, _ = create_token(connection, "nightly", Grant(Role.admin), by="test")
    write_journal(opened.store, opened.folder)
    done = restore(empty_store, opened.folder, lets_in=lets_in)
    with empty_store.connect() as connection:
        assert (any_enabled(connection), bool(usable_tokens(connection, [digest_of(secret)]))) == (lets_in, lets_in)
        assert [row.name for row in page(connection)] == ["anna"]
    assert done.shut_out == (0 if lets_in else 2)


def test_work_goes_on_in_the_restored_database(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    asked = opened.stats()["accepted"]["requests"]
    again = moved(opened, empty_store)
    again.generate()
    assert again.stats()["accepted"]["requests"] == asked + 2 * (len(CODES) - 1)
    assert again.stats()["accepted"]["max_multiplicity"] == 1
    assert again.column("select count(*) from caseforge.content where is_current") == [12]


def test_a_database_that_is_not_empty_is_left_alone(bench: OpenBench) -> None:
    opened = bench()
    write_journal(opened.store, opened.folder)
    before = everything(opened.store)
    with pytest.raises(ValueError, match=r"not empty: .*10 rows in node"):
        restore(opened.store, opened.folder)
    assert everything(opened.store) == before


def test_a_restore_that_breaks_off_leaves_an_empty_database(bench: OpenBench, empty_store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    with monkeypatch.context() as patch:
        patch.setattr(journal, "add_segments", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            restore(empty_store, opened.folder)
    assert set(map(len, everything(empty_store).values())) == {0}
    restored(opened, empty_store)


def test_without_a_journal_it_says_where_it_looked(empty_store: Engine, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"no journal in {tmp_path}"):
        restore(empty_store, ArtifactFolder(str(tmp_path)))


def test_a_kill_between_database_and_journal_loses_nothing_that_is_paid_for(bench: OpenBench, empty_store: Engine) -> None:
    """The batch was created after it was journaled, and nobody journaled that."""
    opened = bench()
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    submit_batches(opened.project)
    assert opened.column("select state from caseforge.batch") == ["open"]
    done = restore(empty_store, opened.folder)
    assert len(done.looked_for) == 1
    again = replace(opened, store=empty_store, provider=connect_provider(empty_store, opened.provider.client))
    again.work()
    assert again.stats()["batches_created"] == 1
    assert again.stats()["accepted"]["max_multiplicity"] == 1
    assert again.column("select count(*) from caseforge.content where stage = 'process_details'") == [6]


def test_answers_that_are_here_are_collected_without_their_provider(bench: OpenBench, empty_store: Engine) -> None:
    """The results were fetched and collected, and nobody journaled that."""
    opened = bench()
    opened.approve(stages=[PROCESS])
    opened.round()
    write_journal(opened.store, opened.folder)
    before = segment_names(opened.folder)
    opened.work()
    for name in set(segment_names(opened.folder)) - set(before):
        opened.folder.remove_any(name)
    done = restore(empty_store, opened.folder)
    assert len(done.to_collect) == 1

    class Forgetful(type(opened.provider.client)):  # type: ignore[misc]
        def download(self, file_id: str) -> None:
            raise AssertionError("fetched again")

    client = Forgetful(opened.provider.base_url, "any", timeout_s=10)
    again = replace(opened, store=empty_store, provider=connect_provider(empty_store, client))
    again.round(submit=False)
    assert again.column("select count(*) from caseforge.content where stage = 'process_details'") == [6]
    bodies = "select body, version, cost_usd, input_tokens, output_tokens, answered_at from caseforge.content where stage = 'process_details' order by node_id"
    assert again.query(bodies) == opened.query(bodies)


def test_a_segment_that_is_missing_is_named_and_nothing_is_restored(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    gone = segment_names(opened.folder)[1]
    kept = b"".join(opened.folder.read(gone))
    opened.folder.remove_any(gone)
    with pytest.raises(JournalBroken, match=f"{gone} is missing"):
        restore(empty_store, opened.folder)
    assert set(map(len, everything(empty_store).values())) == {0}
    opened.folder.write(gone, [kept])
    restored(opened, empty_store)


def test_a_segment_that_was_altered_is_named(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    path = segment_names(opened.folder)[0]
    content = b"".join(opened.folder.read(path))
    opened.folder.write_packed(path, [content.replace(b"Advertise", b"Advertisf")])
    with pytest.raises(JournalBroken, match=f"{path} was altered"):
        restore(empty_store, opened.folder)


def test_a_segment_of_a_killed_writer_does_no_harm(bench: OpenBench, empty_store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    edit(opened, "1.1.1")
    with monkeypatch.context() as patch:
        patch.setattr(journal, "forget_marks", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_journal(opened.store, opened.folder)
    left_over = segment_names(opened.folder)[-1]
    opened.change("update caseforge.content set title = 'Newer' where edited_after is not null")
    write_journal(opened.store, opened.folder)
    done = restored(opened, empty_store)
    assert left_over in segment_names(opened.folder)
    assert done.other_branch == ()


@pytest.mark.slow
def test_a_database_that_was_set_back_does_not_overwrite_the_other_history(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    write_journal(opened.store, opened.folder)
    older = moved(opened, empty_store)
    for code in ("1.1.1", "1.1.2"):
        generate(opened, code)
    before = {name: b"".join(opened.folder.read(name)) for name in segment_names(opened.folder)}
    generate(older, "2.1.1")
    assert before.items() <= {name: b"".join(opened.folder.read(name)) for name in segment_names(opened.folder)}.items()
    kept = everything(older.store)
    with older.store.begin() as connection:
        connection.exec_driver_sql(
            "truncate caseforge.framework, caseforge.provider, caseforge.event, caseforge.audit_entry, caseforge.journal_mark, caseforge.journal_segment "
            "cascade"
        )
    done = restore(older.store, older.folder)
    assert everything(older.store) == kept
    assert len(done.other_branch) >= 2


def test_a_folded_journal_is_one_segment_that_holds_everything(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    old = segment_names(opened.folder)
    assert fold_journal(opened.store, opened.folder) == old
    assert len(segment_names(opened.folder)) == 1
    restored(opened, empty_store)


def test_rows_of_an_older_schema_get_the_defaults_of_newer_columns(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    write_journal(opened.store, opened.folder)
    (path,) = segment_names(opened.folder)
    lines = b"".join(opened.folder.read(path))
    assert b'"owner":"",' in lines
    opened.folder.write_packed(path, [lines.replace(b'"owner":"",', b"")])
    restored(opened, empty_store)


@pytest.mark.slow
def test_a_journal_from_before_duplicates_were_called_so_comes_back_whole(
    bench: OpenBench, empty_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = eventful(bench)
    fold_journal(opened.store, opened.folder)
    (path,) = segment_names(opened.folder)
    lines = b"".join(opened.folder.read(path)).replace(b'"duplicate_of":', b'"twin_of":')
    opened.folder.write_packed(path, [re.sub(rb'("schema": ?)"\d+"', rb'\1"0027"', lines, count=1)])
    with monkeypatch.context() as patch:
        patch.setattr(journal, "add_segments", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            restore(empty_store, opened.folder)
    assert set(map(len, everything(empty_store).values())) == {0}
    again = moved(opened, empty_store)
    assert everything(again.store) == everything(opened.store)
    assert again.column("select count(*) from caseforge.batch where duplicate_of is not null") == [1]
    with again.store.connect() as connection:
        assert {finding[0] for finding in check_journal(connection, again.folder)[1]} == {"not journaled"}
    write_journal(again.store, again.folder)
    with again.store.connect() as connection:
        assert check_journal(connection, again.folder)[1] == []


@pytest.mark.slow
def test_a_database_from_before_duplicates_were_called_so_goes_on(bench: OpenBench) -> None:
    opened = eventful(bench)
    for later in ("event", "audit_entry", "portfolio_entry", "portfolio", "use_case_comment", "use_case"):  # that version had none
        opened.change(f"delete from caseforge.{later}")
    write_journal(opened.store, opened.folder)
    kept = everything(opened.store)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with opened.store.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0026")
        assert connection.exec_driver_sql("select count(*) from caseforge.batch where twin_of is not null").scalar() == 1
    migrate(opened.store)
    assert everything(opened.store) == kept
    with opened.store.connect() as connection:
        assert {finding[0] for finding in check_journal(connection, opened.folder)[1]} == {"not journaled"}
    write_journal(opened.store, opened.folder)
    with opened.store.connect() as connection:
        assert check_journal(connection, opened.folder)[1] == []


def test_rows_that_were_removed_do_not_come_back(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    opened.change("delete from caseforge.candidate where position > 2")
    write_journal(opened.store, opened.folder)
    restored(opened, empty_store)


def test_a_body_is_journaled_once_and_found_again_when_only_the_rest_of_its_row_has_changed(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    first = len(segment_names(opened.folder))
    for state in ("parked", "failed"):
        opened.change(f"update caseforge.request set state = '{state}'")
        opened.change("update caseforge.content set is_current = not is_current")
        write_journal(opened.store, opened.folder)
    later = [b"".join(opened.folder.read(path)) for path in segment_names(opened.folder)[first:]]
    assert [(b'"table":"request"' in lines, b'"table":"content"' in lines, b'"body"' in lines) for lines in later] == [
        (True, True, False)
    ] * 2
    restored(opened, empty_store)


@pytest.mark.parametrize(("table", "column"), [("request", "body"), ("content", "body"), ("context", "text")])
def test_what_is_journaled_once_cannot_be_changed(bench: OpenBench, table: str, column: str) -> None:
    opened = bench()
    opened.given("1.1.1")
    with pytest.raises(DBAPIError, match=f"{column} of {table} is written once"):
        opened.change(f"update caseforge.{table} set {column} = {column}")


def test_changes_of_a_row_that_is_not_there_are_a_broken_journal(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    for path in segment_names(opened.folder):
        for artifact in (path, path + ".zst"):
            opened.folder.remove(artifact)
    opened.change("truncate caseforge.journal_segment")
    opened.change("update caseforge.request set state = 'parked'")
    write_journal(opened.store, opened.folder)
    with pytest.raises(JournalBroken, match="changes of 2 rows, the first of them request"):
        restore(empty_store, opened.folder)
    with empty_store.connect() as connection:
        assert not rows_present(connection)


def test_nothing_new_is_written_when_nothing_has_changed(bench: OpenBench) -> None:
    opened = bench()
    assert write_journal(opened.store, opened.folder) > 0
    assert write_journal(opened.store, opened.folder) == 0
    poll_batches(opened.project)
    assert len(segment_names(opened.folder)) == 1


def test_a_look_that_brings_nothing_new_marks_nothing(bench: OpenBench) -> None:
    opened = bench(latency_s=60)
    opened.approve(stages=[PROCESS])
    opened.round()
    poll_batches(opened.project)
    write_journal(opened.store, opened.folder)
    for _ in range(3):
        poll_batches(opened.project)
    opened.change("update caseforge.batch set reason = reason")
    assert opened.column("select table_name from caseforge.journal_mark") == []
    opened.change("update caseforge.batch set reason = 'looked at'")
    assert opened.query("select table_name, cardinality(row_ids), added from caseforge.journal_mark") == [("batch", 1, False)]


def test_what_runs_for_long_journals_when_much_or_old_is_marked(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench()
    write_journal(opened.store, opened.folder)
    opened.approve(stages=[PROCESS])
    assert journal_now_and_then(opened.store, opened.folder) == 0
    opened.change("update caseforge.journal_mark set marked_at = now() - interval '11 minutes'")
    assert journal_now_and_then(opened.store, opened.folder) > 0
    monkeypatch.setattr(write_journal_module, "MOST_MARKS", 3)
    for number in range(12):
        opened.change(f"update caseforge.framework set title = 'Shop {number}'")
        journal_now_and_then(opened.store, opened.folder)
        assert opened.column("select count(*) from caseforge.journal_mark")[0] <= 3


def journal_of(folder: ArtifactFolder, *lines: str, previous: object = None, **head: object) -> ArtifactFolder:
    """A journal of one segment, made by hand."""
    name = "journal/20261124T120000000000Z-0011aabb.journal.jsonl"
    said = {"segment": name, "format": 2, "schema": "x", "written_at": "2026-11-24T12:00:00+00:00", "previous": previous, **head}
    folder.write(name, ["\n".join([json.dumps(said), *lines, json.dumps({"rows": sum('"row":' in line for line in lines)}), ""]).encode()])
    return folder


ROW = '{"table":"framework","row":{"key":"shop","title":%s}}'
STRANGE: dict[str, tuple[list[str], dict[str, object]]] = {
    "round in a circle": ([], {"previous": {"path": "journal/20261124T120000000000Z-0011aabb.journal.jsonl", "sha256": "0" * 64}}),
    "before it nothing that is checked": ([], {"previous": {"path": "journal/a.journal.jsonl", "sha256": None}}),
    "out of the folder": ([], {"previous": {"path": "../../etc/passwd", "sha256": "0" * 64}}),
    "a format in words": ([], {"format": "two"}),
    "no time": ([], {"written_at": "today"}),
    "a time without a zone": ([], {"written_at": "2026-11-24T12:00:00"}),
    "deep": ([ROW % ("[" * 100_000 + "]" * 100_000)], {}),
    "deep, in the end": (["[" * 100_000], {}),
    "another kind of value": (['{"table":"batch","row":{"id":1,"provider_id":"x"}}'], {}),
    "rows of which others are missing": (['{"table":"node","row":{"id":1,"framework_key":"shop","stable_id":"a"}}'], {}),
    "a number that is none": (['{"table":"batch","row":{"id":x,"state":"open"}}'], {}),
    "gone, and not what": (['{"table":"batch","gone":5}'], {}),
    "a tab": (['{"table":"batch",\t"row":{"id":1}}'], {}),
}


@pytest.mark.parametrize("case", STRANGE)
def test_a_journal_that_caseforge_did_not_write_is_refused_as_a_whole(empty_store: Engine, tmp_path: Path, case: str) -> None:
    lines, head = STRANGE[case]
    folder = journal_of(ArtifactFolder(str(tmp_path)), *lines, **head)
    with pytest.raises(ValueError, match="journal"):
        restore(empty_store, folder)
    assert set(map(len, everything(empty_store).values())) == {0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("filler", "said"),
    [(bytes(4 << 20), "a line is longer"), (b'{"table":"gone"}\n' * 60_000, "lines, which no segment")],
)
def test_a_journal_that_is_a_bomb_is_refused_in_no_time(empty_store: Engine, tmp_path: Path, filler: bytes, said: str) -> None:
    folder = ArtifactFolder(str(tmp_path))
    name = "journal/20261124T120000000000Z-0011aabb.journal.jsonl"
    head = {"segment": name, "format": 2, "schema": "x", "written_at": "2026-11-24T12:00:00+00:00", "previous": None}
    folder.write_packed(name, [json.dumps(head).encode() + b"\n", *(filler for _ in range(80))])
    assert folder.stored_bytes(f"{name}.zst") < 200_000
    began = time.monotonic()
    with pytest.raises(JournalBroken, match=said):
        restore(empty_store, folder)
    assert time.monotonic() - began < 60


def test_what_was_restored_is_not_journaled_again(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    generate(opened, "1.1.1")
    again = moved(opened, empty_store)
    assert write_journal(again.store, again.folder) == 0
    edit(again, "1.1.1")
    assert 0 < write_journal(again.store, again.folder) < 20


def test_a_journal_of_the_first_format_is_gone_on_with(bench: OpenBench, empty_store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In it all columns of a row stood as they do in its table, so that others came after the body."""
    opened = bench()
    with monkeypatch.context() as patch:
        patch.setattr(journal, "WRITTEN_ONCE", {})
        patch.setattr(write_journal_module, "FORMAT", 1)
        generate(opened, "1.1.1")
    again = moved(opened, empty_store)
    write_journal(again.store, again.folder)
    with again.store.connect() as connection:
        assert check_journal(connection, again.folder)[1] == []
    again.change("update caseforge.request set state = 'parked'")
    again.change("update caseforge.content set is_current = false")
    write_journal(again.store, again.folder)
    kept = everything(again.store)
    with again.store.begin() as connection:
        connection.exec_driver_sql(
            "truncate caseforge.framework, caseforge.provider, caseforge.event, caseforge.audit_entry, caseforge.journal_mark, caseforge.journal_segment "
            "cascade"
        )
    restore(again.store, again.folder)
    assert everything(again.store) == kept
