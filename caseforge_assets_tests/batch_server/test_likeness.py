"""The server imitates other providers than OpenAI, each with its own ways."""

from __future__ import annotations

import base64
import codecs
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types import Batch

from caseforge_assets.batch_server import LIKENESSES, serve_in_thread
from caseforge_assets.batch_server.likeness import window_s
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets.cli.running.services import LIKE
from caseforge_assets_tests.batch_server.requests_and_results import FINAL, PATIENCE_S, jsonl, read_lines, request_line

DAY_S = 86_400
DAYS_14 = {"anchor": "created_at", "seconds": 14 * DAY_S}
CHAT_URL = {name: next(iter(likeness.endpoints)) for name, likeness in LIKENESSES.items()}
WHOLE = {"total": 2, "completed": 2, "failed": 0}
OPEN = dict.fromkeys(WHOLE)


@contextmanager
def serving(tmp_path: Path, like: str, **options: Any) -> Iterator[OpenAI]:
    with (
        serve_in_thread(tmp_path, like=like, **{"latency_s": 0.1, **options}) as server,
        OpenAI(base_url=server.base_url, api_key="any", max_retries=0) as client,
    ):
        yield client


def lines_for(like: str, *custom_ids: str, **body: Any) -> list[dict[str, Any]]:
    return [request_line(custom_id, **body) | {"url": CHAT_URL[like]} for custom_id in custom_ids or ("a", "b")]


def created(client: OpenAI, like: str, lines: list[dict[str, Any]] | None = None, window: str = "24h", **options: Any) -> Batch:
    content = jsonl(lines or lines_for(like))
    file_id = client.files.create(file=("requests.jsonl", content), purpose="batch").id
    return client.batches.create(input_file_id=file_id, endpoint=CHAT_URL[like], completion_window=window, **options)  # type: ignore[call-overload, no-any-return]


def ended(client: OpenAI, batch_id: str) -> Batch:
    end = time.monotonic() + PATIENCE_S
    while (batch := client.batches.retrieve(batch_id)).status not in FINAL:
        assert time.monotonic() < end, f"{batch_id} is {batch.status}"
        time.sleep(0.01)
    return batch


def raw(client: OpenAI, path: str) -> dict[str, Any]:
    return httpx2.get(f"{client.base_url}{path}", headers={"Authorization": "Bearer any"}).json()  # type: ignore[no-any-return]


def token(claims: Mapping[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, claims)]
    return ".".join([*parts, "signature"])


@pytest.mark.parametrize("like", LIKENESSES)
def test_each_answers_a_batch(tmp_path: Path, like: str) -> None:
    with serving(tmp_path, like) as client:
        batch = ended(client, created(client, like, metadata={"k": "v"}).id)
        assert batch.status == "completed", batch.errors
        assert {line["custom_id"] for line in read_lines(client, batch.output_file_id)} == {"a", "b"}


def test_the_command_line_knows_all_of_them() -> None:
    assert tuple(LIKENESSES) == LIKE


def test_one_that_is_unknown_is_refused_by_name(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match=r"no likeness of 'mistral'.*azure, groq, litellm, doubleword"),
        serve_in_thread(tmp_path, like="mistral"),
    ):
        pass


@pytest.mark.parametrize("like", LIKENESSES)
def test_each_is_found_below_its_own_base_path_and_v1(tmp_path: Path, like: str) -> None:
    with serve_in_thread(tmp_path, like=like) as server:
        for base in {*LIKENESSES[like].base_paths, "/v1"}:
            response = httpx2.get(f"http://127.0.0.1:{server.port}{base}/files", headers={"Authorization": "Bearer any"})
            assert response.status_code == 200, base
            assert response.headers["x-caseforge-simulated"] == "true"


def test_faults_go_by_the_usual_names_below_any_base_path(tmp_path: Path) -> None:
    with serving(tmp_path, "azure", faults=["reply_error:when=before,status=503,call=1"]) as client:
        assert str(client.base_url).endswith("/openai/v1/")
        with pytest.raises(openai.InternalServerError):
            created(client, "azure")
        assert ended(client, created(client, "azure").id).status == "completed"


# Azure OpenAI


def test_azure_tells_no_endpoint_and_no_metadata_and_counts_at_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, "azure", latency_s=1.0) as client:
        batch = created(client, "azure", metadata={"k": "v"})
        first = raw(client, f"batches/{batch.id}")
        assert (first["endpoint"], first["metadata"], first["request_counts"]) == (None, None, OPEN)
        assert not {"model", "usage"} & first.keys()
        ended(client, batch.id)
        last = raw(client, f"batches/{batch.id}")
        assert (last["status"], last["endpoint"], last["metadata"], last["request_counts"]) == ("completed", None, None, WHOLE)


def test_azure_gives_a_clean_batch_an_error_file_without_bytes(tmp_path: Path) -> None:
    with serving(tmp_path, "azure") as client:
        batch = ended(client, created(client, "azure").id)
        assert batch.error_file_id is not None
        assert client.files.retrieve(batch.error_file_id).bytes == 0
        assert client.files.content(batch.error_file_id).read() == b""


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([request_line("a")], "url_mismatch"),
        ([*lines_for("azure", "a"), *lines_for("azure", "b", model="other")], "model_mismatch"),
        (lines_for("azure", "a", messages=[]), "invalid_request"),
        (lines_for("azure", "a", "a"), "duplicate_custom_id"),
        (lines_for("azure", "a", model="gpt-5"), "model_not_found"),
    ],
)
def test_azure_refuses_files_with_codes_of_its_own(tmp_path: Path, lines: list[dict[str, Any]], code: str) -> None:
    models = ("other",) if code == "model_not_found" else ()
    with serving(tmp_path, "azure", models=models) as client:
        batch = ended(client, created(client, "azure", lines).id)
        assert batch.errors is not None
        assert batch.errors.data is not None
        assert (batch.status, batch.errors.data[0].code) == ("failed", code)
        assert (batch.failed_at, raw(client, f"batches/{batch.id}")["request_counts"]) == (None, OPEN)
        assert batch.completed_at is not None


def test_azure_takes_no_other_endpoint(tmp_path: Path) -> None:
    with serving(tmp_path, "azure") as client:
        file_id = client.files.create(file=("a.jsonl", jsonl(lines_for("azure"))), purpose="batch").id
        with pytest.raises(openai.BadRequestError, match="'/chat/completions', '/responses' only"):
            client.batches.create(input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h")


def test_azure_refuses_a_byte_order_mark(tmp_path: Path) -> None:
    with serving(tmp_path, "azure") as client:
        content = codecs.BOM_UTF8 + jsonl(lines_for("azure"))
        file_id = client.files.create(file=("a.jsonl", content), purpose="batch").id
        batch = client.batches.create(input_file_id=file_id, endpoint="/chat/completions", completion_window="24h")  # type: ignore[arg-type]
        errors = ended(client, batch.id).errors
        assert errors is not None
        assert errors.data is not None
        assert "A valid model deployment name couldn't be extracted" in str(errors.data[0].message)


def test_azure_knows_deployments_by_name_and_answers_as_the_model_behind(tmp_path: Path) -> None:
    with serving(tmp_path, "azure", models=["writer=gpt-5", "gpt-6.1-sol"]) as client:
        assert [model.id for model in client.models.list()] == ["gpt-6.1-sol", "writer"]
        batch = ended(client, created(client, "azure", lines_for("azure", model="writer")).id)
        [answer, _] = read_lines(client, batch.output_file_id)
        assert answer["response"]["body"]["model"] == "gpt-5-2025-08-07"
        completion = client.chat.completions.create(model="writer", messages=[{"role": "user", "content": "Process: Buy"}])
        assert completion.model == "gpt-5-2025-08-07"


def test_azure_counts_files_that_expire_apart_from_those_that_do_not(tmp_path: Path) -> None:
    with serving(tmp_path, "azure", limits=Limits(files_without_expiry=2, files_with_expiry=3)) as client:

        def upload(**options: Any) -> Any:
            return client.files.create(file=("a.jsonl", jsonl(lines_for("azure"))), purpose="batch", **options)

        assert [upload().expires_at for _ in range(2)] == [None, None]
        for _ in range(3):
            file = upload(expires_after=DAYS_14)
            assert file.expires_at == file.created_at + 14 * DAY_S
        with pytest.raises(openai.BadRequestError, match=r"files without expiry is reached. The maximum is 2") as refused:
            upload()
        assert refused.value.code == "quotaExceeded"
        with pytest.raises(openai.BadRequestError, match=r"files with expiry is reached. The maximum is 3"):
            upload(expires_after=DAYS_14)
        client.files.delete(file.id)
        upload(expires_after=DAYS_14)
        for seconds in (13 * DAY_S, 30 * DAY_S + 1):
            with pytest.raises(openai.BadRequestError, match="1209600 to 2592000"):
                upload(expires_after=DAYS_14 | {"seconds": seconds})


def test_azure_keeps_results_for_ever_unless_told(tmp_path: Path) -> None:
    with serving(tmp_path, "azure") as client:
        for options, expected in (({}, None), ({"output_expires_after": DAYS_14}, 14 * DAY_S)):
            batch = ended(client, created(client, "azure", **options).id)
            file = client.files.retrieve(str(batch.output_file_id))
            assert (file.expires_at and file.expires_at - file.created_at) == expected


def test_azure_lets_no_batch_expire(tmp_path: Path) -> None:
    with serving(tmp_path, "azure", time_scale=1_000_000) as client:
        batch = created(client, "azure")
        assert batch.expires_at == batch.created_at + DAY_S
        time.sleep(0.3)  # some three days
        assert ended(client, batch.id).status == "completed"


@pytest.mark.parametrize(("limit", "words"), [(30_000, "limit of 30K for"), (1_500_000, "limit of 1.5M for")])
def test_azure_words_the_limit_of_tokens_in_its_own_way(tmp_path: Path, limit: int, words: str) -> None:
    lines = lines_for("azure", messages=[{"role": "user", "content": "x" * 4 * limit}])
    with serving(tmp_path, "azure", faults=[f"token_limit_exceeded:limit={limit}"]) as client:
        errors = ended(client, created(client, "azure", lines).id).errors
        assert errors is not None
        assert errors.data is not None
        assert (errors.data[0].code, errors.data[0].line) == ("token_limit_exceeded", None)
        assert f"surpassed the configured {words} the deployment 'gpt-5'" in str(errors.data[0].message)


def test_azure_takes_a_key_in_its_own_header_and_no_token_whose_time_is_over(tmp_path: Path) -> None:
    now = time.time()
    with serve_in_thread(tmp_path, like="azure") as server:

        def status(**headers: str) -> int:
            return httpx2.get(
                f"{server.base_url}/files", headers={name.replace("_", "-"): value for name, value in headers.items()}
            ).status_code

        assert status() == 401
        assert status(api_key="") == 401
        assert status(api_key="k") == 200
        for bearer in ("k", "a.b.c", token({}), token({"exp": now + 60}), token({"exp": "soon"})):
            assert status(authorization=f"Bearer {bearer}") == 200, bearer
        assert status(authorization=f"Bearer {token({'exp': now - 1})}") == 401
        over = httpx2.get(f"{server.base_url}/files", headers={"authorization": f"Bearer {token({'exp': int(now) - 1})}"}).json()
        assert over["statusCode"] == 401
        assert "or have expired" in over["message"]


def test_azure_takes_100_000_requests_a_file_and_groq_100_megabytes() -> None:
    assert LIKENESSES["azure"].limits.batch_requests == 100_000
    assert LIKENESSES["groq"].limits.batch_file_bytes == LIKENESSES["doubleword"].limits.batch_file_bytes == 100_000_000


def test_only_openai_minds_how_models_are_called(tmp_path: Path) -> None:
    for like in LIKENESSES:
        with serving(tmp_path / like, like) as client:
            batch = ended(client, created(client, like, lines_for(like, model="openai/gpt-oss-120b")).id)
            assert batch.status == ("failed" if like == "openai" else "completed"), like


# Groq


def test_groq_lists_all_files_whatever_is_asked(tmp_path: Path) -> None:
    with serving(tmp_path, "groq") as client:
        batch = ended(client, created(client, "groq").id)
        listed = raw(client, f"files?purpose=vision&limit=1&after={batch.output_file_id}&order=none")
        assert listed.keys() == {"object", "data"}
        assert [file["id"] for file in listed["data"]] == [batch.output_file_id, batch.input_file_id]
        assert not {"expires_at", "status"} & listed["data"][0].keys()
        assert batch.input_file_id.startswith("file_")


def test_groq_lists_all_batches_whatever_is_asked(tmp_path: Path) -> None:
    with serving(tmp_path, "groq") as client:
        ids = [created(client, "groq").id for _ in range(3)]
        listed = raw(client, f"batches?limit=1&after={ids[-1]}")
        assert listed.keys() == {"object", "data"}
        assert [batch["id"] for batch in listed["data"]] == ids[::-1]


def test_groq_overlooks_when_a_file_is_to_expire(tmp_path: Path) -> None:
    with serving(tmp_path, "groq") as client:
        file = client.files.create(
            file=("a.jsonl", jsonl(lines_for("groq"))), purpose="batch", expires_after={"anchor": "created_at", "seconds": 5}
        )
        assert client.files.retrieve(file.id).expires_at is None


@pytest.mark.parametrize(
    ("like", "taken", "refused"),
    [
        ("openai", ("24h",), ("1h", "7d", "")),
        ("azure", ("24h",), ("1h", "7d")),
        ("groq", ("24h", "48h", "1d", "7d", "168h"), ("1h", "12h", "8d", "192h")),
        ("litellm", ("24h",), ("1h", "7d")),
        ("doubleword", ("1h", "24h"), ("2h", "7d")),
    ],
)
def test_windows(tmp_path: Path, like: str, taken: tuple[str, ...], refused: tuple[str, ...]) -> None:
    with serving(tmp_path, like) as client:
        for window in taken:
            batch = created(client, like, window=window)
            assert (batch.completion_window, batch.expires_at) == (window, batch.created_at + window_s(window))
        for window in refused:
            with pytest.raises(openai.BadRequestError, match="Value must be '"):
                created(client, like, window=window)


def test_a_batch_expires_when_its_own_window_is_over(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path, like="doubleword", latency_s=3 * 3_600, time_scale=7_200) as server:
        client = OpenAI(base_url=server.base_url, api_key="any", max_retries=0)
        batches = {window: created(client, "doubleword", window=window) for window in ("1h", "24h")}
        assert {window: ended(client, batch.id).status for window, batch in batches.items()} == {"1h": "expired", "24h": "completed"}


# LiteLLM's proxy


def test_litellm_has_long_ids_that_hold_others_and_counts_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, "litellm") as client:
        batch = ended(client, created(client, "litellm", metadata={"k": "v"}).id)
        for given_id in (batch.id, batch.input_file_id, batch.output_file_id):
            assert re.fullmatch(r"[A-Za-z0-9_-]{101,}", str(given_id))
            assert base64.urlsafe_b64decode(f"{given_id}==").startswith(b"litellm_proxy")
        assert raw(client, f"batches/{batch.id}")["request_counts"] is None
        assert batch.metadata == {"k": "v"}


def test_litellms_list_of_batches_never_advances(tmp_path: Path) -> None:
    with serving(tmp_path, "litellm") as client:
        assert client.batches.list().has_more is True
        ids = [created(client, "litellm").id for _ in range(3)]
        for after in ({}, {"after": ids[1]}, {"after": "unknown"}):
            page = client.batches.list(limit=2, **after)  # type: ignore[arg-type]
            assert ([batch.id for batch in page.data], page.has_more) == (ids[:0:-1], True)


def test_litellms_list_of_files_has_no_results(tmp_path: Path) -> None:
    with serving(tmp_path, "litellm") as client:
        batch = ended(client, created(client, "litellm").id)
        assert [file.id for file in client.files.list()] == [batch.input_file_id]
        assert client.files.content(str(batch.output_file_id)).read()


@pytest.mark.parametrize("body", ["json", "page", "none"])
def test_litellm_makes_500_of_429(tmp_path: Path, body: str) -> None:
    with serving(tmp_path, "litellm", faults=[f"reply_error:when=before,status=429,code=rate_limit_exceeded,body={body}"]) as client:
        with pytest.raises(openai.InternalServerError) as failed:
            created(client, "litellm")
        assert (failed.value.status_code, failed.value.code) == (500, "500")


def test_litellm_passes_on_other_errors_and_dropped_connections(tmp_path: Path) -> None:
    with serving(tmp_path, "litellm", faults=["reply_error:status=403,call=1", "reply_reset:call=1"]) as client:
        with pytest.raises(openai.PermissionDeniedError):
            created(client, "litellm")
        with pytest.raises(openai.APIConnectionError):
            created(client, "litellm")
        assert len(client.batches.list().data) == 2


def test_litellms_managed_files_want_to_know_for_which_models(tmp_path: Path) -> None:
    with serving(tmp_path, "litellm", managed_files=True) as client:
        content = jsonl(lines_for("litellm"))
        with pytest.raises(openai.InternalServerError, match="target_model_names"):
            client.files.create(file=("a.jsonl", content), purpose="batch")
        assert client.files.create(file=("a.jsonl", content), purpose="batch", extra_body={"target_model_names": "gpt-5"}).id
    with pytest.raises(ValueError, match="Managed files are LiteLLM's"), serve_in_thread(tmp_path, like="groq", managed_files=True):
        pass
