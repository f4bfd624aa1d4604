"""A server that is stopped or killed in the middle goes on where it was, and starts and ends cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from openai import OpenAI

from caseforge_assets.batch_server import PortTakenError, StateDirInUseError, run_server, serve_in_thread
from caseforge_assets_tests.batch_server.requests_and_results import create, custom_ids, errors, output, request_line, stats, wait_for

ASKED = [f"r{number}" for number in range(60)]
LINES = [request_line(custom_id) for custom_id in ASKED]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server_process(port: int, state_dir: Path, *options: str) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "caseforge_assets.batch_server", "--port", str(port), "--state-dir", str(state_dir), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        while process.poll() is None:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/v1/_caseforge/stats")
                break
            except httpx2.ConnectError:
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_killed_server_goes_on_where_it_was(tmp_path: Path) -> None:
    port = free_port()
    with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0) as client:
        with server_process(port, tmp_path, "--latency", "1.2") as process:
            batch_id = create(client, LINES, metadata={"k": "v"}).id
            before = wait_for(client, batch_id, "in_progress", completed=3)
            process.send_signal(signal.SIGKILL)
            process.wait()
        with server_process(port, tmp_path, "--latency", "1.2"):
            batch = wait_for(client, batch_id, "completed")
            assert (batch.created_at, batch.in_progress_at, batch.metadata) == (before.created_at, before.in_progress_at, {"k": "v"})
            assert sorted(custom_ids(output(client, batch))) == sorted(ASKED)
            assert errors(client, batch) == []
            assert stats(f"http://127.0.0.1:{port}/v1")["answered"] == {"requests": 60, "distinct_bodies": 60, "max_multiplicity": 1}


@pytest.mark.slow
def test_a_killed_server_asks_its_upstream_only_for_what_it_has_no_answer_to(tmp_path: Path) -> None:
    port, concurrency = free_port(), 2
    slow = ["reply_delay:seconds=0.02,match=POST /v1/chat"]
    with (
        serve_in_thread(tmp_path / "upstream", faults=slow) as upstream,
        OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", max_retries=0) as client,
    ):
        options = ("--latency", "0.1", "--upstream", upstream.base_url, "--upstream-concurrency", str(concurrency))
        with server_process(port, tmp_path / "server", *options) as process:
            batch_id = create(client, LINES).id
            wait_for(client, batch_id, "in_progress", completed=10)
            process.send_signal(signal.SIGKILL)
            process.wait()
        with server_process(port, tmp_path / "server", *options):
            batch = wait_for(client, batch_id, "completed")
            assert sorted(custom_ids(output(client, batch))) == sorted(ASKED)
        learning = 2 * concurrency  # refused: by which name it takes the budget is tried anew after each start
        assert 60 <= stats(upstream.base_url)["completions_since_start"] <= 60 + concurrency + learning


def test_a_stopped_server_goes_on_where_it_was_in_every_state(tmp_path: Path) -> None:
    ids: dict[str, str] = {}
    with serve_in_thread(tmp_path, latency_s=1) as server, OpenAI(base_url=server.base_url, api_key="any") as client:
        ids["in_progress"] = create(client, LINES).id
        ids["cancelled"] = create(client, LINES).id
        wait_for(client, ids["cancelled"], "in_progress", completed=1)
        client.batches.cancel(ids["cancelled"])
        ids["validating"] = create(client, LINES).id
    with serve_in_thread(tmp_path, latency_s=1) as server, OpenAI(base_url=server.base_url, api_key="any") as client:
        for name, batch_id in ids.items():
            batch = wait_for(client, batch_id, "cancelled" if name == "cancelled" else "completed")
            found = custom_ids(output(client, batch)) + custom_ids(errors(client, batch))
            assert sorted(found) == sorted(ASKED), name
        assert stats(server.base_url)["requests_accepted"] == 3 * len(ASKED)


def test_a_torn_last_answer_is_made_again(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path, latency_s=0.8) as server, OpenAI(base_url=server.base_url, api_key="any") as client:
        batch_id = create(client, LINES).id
        wait_for(client, batch_id, "in_progress", completed=1)
    journal = tmp_path / "open_batches" / batch_id / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    with serve_in_thread(tmp_path, latency_s=0.8) as server, OpenAI(base_url=server.base_url, api_key="any") as client:
        assert sorted(custom_ids(output(client, wait_for(client, batch_id, "completed")))) == sorted(ASKED)
        assert not list((tmp_path / "open_batches").iterdir())


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    times = []
    for scale in (86_400, 1, 1_000):
        with serve_in_thread(tmp_path, time_scale=scale) as server:
            times += [stats(server.base_url)["server_time"], stats(server.base_url)["server_time"]]
    assert times == sorted(times)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly_while_a_batch_is_open(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with server_process(port, tmp_path, "--latency", "60") as process:
        with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="any") as client:
            create(client, LINES)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_a_taken_port_is_said_clearly(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path / "one") as server:
        with pytest.raises(PortTakenError, match=f"127.0.0.1:{server.port}.*--port"):
            run_server(port=server.port, state_dir=tmp_path / "two")
        with server_process(server.port, tmp_path / "three") as process:
            pass
    assert not (tmp_path / "two").exists()
    assert process.returncode in (2, -signal.SIGKILL)


def test_a_state_folder_has_one_server(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path), pytest.raises(StateDirInUseError, match="--state-dir"):
        run_server(port=0, state_dir=tmp_path)


@pytest.mark.slow
def test_bad_settings_are_refused_by_the_command(tmp_path: Path) -> None:
    for options in (("--fault", "nothing"), ("--latency", "-1"), ("--time-scale", "0"), ("--upstream-concurrency", "0")):
        command = [sys.executable, "-m", "caseforge_assets.batch_server", "--port", "0", "--state-dir", str(tmp_path), *options]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert ended.returncode == 2, options
        assert "Traceback" not in ended.stderr


def test_it_starts_without_heavy_imports() -> None:
    code = "import sys, caseforge_assets.batch_server.__main__; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)).stdout.split()
    assert {"starlette", "uvicorn"} <= set(loaded)
    assert not {"pandas", "dagster", "openai", "sqlalchemy", "pydantic"} & set(loaded)
