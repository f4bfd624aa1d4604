"""CaseForge against a Batch API server that is not its own: aimock (`npm install @copilotkit/aimock`), found on the PATH or in node_modules.

It answers every request of a batch with the same few words, so that each node fails by name: what is looked at is the way there and back.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from caseforge_assets.store.database.engine import Engine
from caseforge_assets_tests.workbench import PROCESS, open_workbench

ROOT = Path(__file__).parents[2]
LLMOCK = shutil.which("llmock") or shutil.which("llmock", path=str(ROOT / "node_modules" / ".bin"))
PATIENCE_S = 20.0

pytestmark = pytest.mark.skipif(LLMOCK is None, reason="aimock is not installed: npm install @copilotkit/aimock")


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "none.json").write_text('{"fixtures": []}')
    command = [str(LLMOCK), "--port", str(port), "--fixtures", str(tmp_path / "fixtures"), "--log-level", "silent"]
    with subprocess.Popen(command, cwd=tmp_path) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail("aimock does not start")


def test_a_batch_goes_there_and_back_and_every_answer_has_its_outcome(base_url: str, store: Engine, tmp_path: Path) -> None:
    bench = open_workbench(store, tmp_path, base_url, budget_usd=5, max_attempts=1)
    bench.load()
    assert not bench.provider.simulated, "it does not say that it is, so it counts as one that bills"
    bench.generate(stages=[PROCESS])
    assert bench.query("select state, remote_status, request_count from caseforge.batch") == [("collected", "completed", 6)]
    assert bench.query("select outcome, count(*), min(input_tokens), min(output_tokens) from caseforge.attempt group by 1") == [
        ("sections_missing", 6, 1, 1)
    ]
    assert all(cost > 0 for cost in bench.column("select cost_usd from caseforge.attempt"))
    remote = list(openai.OpenAI(base_url=base_url, api_key="any").batches.list())
    assert [batch.id for batch in remote] == bench.column("select remote_id from caseforge.batch")
