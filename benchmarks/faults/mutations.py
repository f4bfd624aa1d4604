"""Mutations of the product by `mutants`, in the process of a command or a job: each breaks one rule by replacing a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from typing import Any

from benchmarks.faults.layers import LAYERS, UNIQUE_INDEX
from benchmarks.faults.patches import replace

RECORDED_AT_COLLECT = "caseforge_assets.commands.collecting.collect_batch:record_answers"
CONTENTS = ("process_documents", "usecase_candidates")


def _double_create() -> None:
    def twice(create: Any) -> Any:
        def created(*arguments: Any, **options: Any) -> Any:
            create(*arguments, **options)
            return create(*arguments, **options)

        return created

    replace("caseforge_assets.openai_batch.client:BatchClient.create", twice)


def _sdk_retries_on_create() -> None:
    replace("openai:OpenAI.with_options", lambda options: lambda sdk, **given: options(sdk, **(given | {"max_retries": 2})))


def _intent_not_committed() -> None:
    def moved(move: Any) -> Any:
        return lambda *arguments, **values: values.get("state") == "creating" or move(*arguments, **values)

    replace("caseforge_assets.store.submitting.batches:move", moved)


def _created_again_unseen() -> None:
    def unseen(_look_up: Any) -> Any:
        def looked_up(_provider: Any, wanted: Sequence[Any], *_: Any) -> Any:
            from caseforge_assets.commands.submitting.reconcile_batches import Listing

            return Listing({batch.id: () for batch in wanted})

        return looked_up

    replace("caseforge_assets.commands.submitting.reconcile_batches:_look_up", unseen)


def _redirects_followed() -> None:
    replace("caseforge_assets.openai_batch.connection:_keep_at_home", lambda _: lambda _answer: None)


def _known_by_metadata_only() -> None:
    def without_files(sort_out: Any) -> Any:
        return lambda remotes, wanted: sort_out([remote | {"input_file_id": None} for remote in remotes], wanted)

    replace("caseforge_assets.commands.submitting.reconcile_batches:sort_out", without_files)


def _anothers_adopted() -> None:
    replace("caseforge_assets.commands.submitting.submit_batches:doubt_of_creation", lambda _: lambda *_: None)
    replace("caseforge_assets.commands.rounds.poll_batches:is_anothers", lambda _: lambda *_: False)


def _stop_not_heeded() -> None:
    replace("caseforge_assets.openai_batch.errors:says_stop", lambda _: lambda *_: False)


def _wrong_download_taken() -> None:
    replace("caseforge_assets.commands.collecting.fetch_results:can_be_taken", lambda _: lambda *_, **__: True)


def _unknown_at_once() -> None:
    replace(
        "caseforge_assets.commands.rounds.work:poll_batches",
        lambda poll: lambda *given, **options: poll(*given, **(options | {"grace_s": 0.0})),
    )
    replace("caseforge_assets.store.submitting.looks:note_lost", lambda note: lambda *given: (99, note(*given)[1]))


def _key_shown() -> None:
    replace("caseforge_assets.redaction.masks:_mask", lambda _: lambda text, _patterns: text)


def _reconcile_skipped() -> None:
    replace("caseforge_assets.commands.rounds.work:reconcile_batches", lambda _: lambda *_, **__: 0)


def _no_grace() -> None:
    replace(
        "caseforge_assets.commands.rounds.work:reconcile_batches",
        lambda settle: lambda *given, **options: settle(*given, **(options | {"grace_s": 0.0})),
    )


def _duplicate_overlooked() -> None:
    replace("caseforge_assets.commands.submitting.reconcile_batches:_note_duplicates", lambda _: lambda *_, **__: None)


def _dropped_answer() -> None:
    replace(RECORDED_AT_COLLECT, lambda record: lambda connection, reception, judged: record(connection, reception, list(judged)[:-1]))


def _swapped_answers() -> None:
    def swapped(judged: Sequence[Any]) -> list[Any]:
        if len(judged) < 2:
            return list(judged)
        first, second, *rest = judged
        return [changed(first, judgement=second.judgement), changed(second, judgement=first.judgement), *rest]

    replace(RECORDED_AT_COLLECT, lambda record: lambda connection, reception, judged: record(connection, reception, swapped(judged)))


def _recorded_twice() -> None:
    replace("caseforge_assets.commands.collecting.record_answers:_is_news", lambda _: lambda _one: True)


def _cost_twice() -> None:
    replace(
        "caseforge_assets.commands.collecting.record_answers:_cost",
        lambda cost: lambda *given: None if (one := cost(*given)) is None else 2 * one,
    )


def _cost_forgotten() -> None:
    replace("caseforge_assets.commands.collecting.record_answers:_cost", lambda _: lambda *_: None)


def _forgotten_event() -> None:
    def forgetful(add: Any) -> Any:
        def added(connection: Any, rows: Sequence[Any]) -> Any:
            from sqlalchemy import text

            ids = add(connection, rows)
            if rows and rows[-1].asset in CONTENTS:
                connection.execute(text("delete from caseforge.outbox where id = :id"), {"id": ids[-1]})
            return ids

        return added

    replace("caseforge_assets.store.mirroring.outbox:add", forgetful)


def _journal_skipped() -> None:
    replace("caseforge_assets.commands.journaling.write_journal:write_segment", lambda _: lambda *_, **__: 0)


MUTATIONS: dict[str, Callable[[], None]] = {
    "double create": _double_create,
    "SDK retries on create": _sdk_retries_on_create,
    "intent not committed": _intent_not_committed,
    "created again unseen": _created_again_unseen,
    "redirects followed": _redirects_followed,
    "known by metadata only": _known_by_metadata_only,
    "another's batch adopted": _anothers_adopted,
    "stop not heeded": _stop_not_heeded,
    "key shown": _key_shown,
    "wrong download taken": _wrong_download_taken,
    "unknown at once": _unknown_at_once,
    "reconcile skipped": _reconcile_skipped,
    "no grace": _no_grace,
    "duplicate overlooked": _duplicate_overlooked,
    "dropped answer": _dropped_answer,
    "swapped answers": _swapped_answers,
    "recorded twice": _recorded_twice,
    "cost × 2": _cost_twice,
    "cost forgotten": _cost_forgotten,
    "forgotten event": _forgotten_event,
    "journal skipped": _journal_skipped,
    **{f"no {layer}": without for layer, without in LAYERS.items()},
    f"no {UNIQUE_INDEX}": lambda: None,  # it stands in the database
}
