"""A process that imports everything once and forks a child for each task, because imports cost more than the tasks.

Requests and answers are lines of JSON on its standard input and output. A child's output goes to files; what its task
returns is written beside them. When the process that started it ends, it kills its children and ends, too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
PAUSE_S = 0.004


@dataclass(frozen=True)
class Ended:
    """The end of a child: exit code (negative: the signal that killed it), what it printed, what its task returned."""

    status: int
    output: str
    errors: str
    result: Any

    @property
    def killed(self) -> bool:
        """Tells whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL


class StuckChild(RuntimeError):
    """A child did not end in time and was killed."""


class Forks:
    """The forking process, as seen by the one that started it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._one_at_a_time = threading.Lock()
        self._outputs: dict[int, Path] = {}
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.faults.forks"]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("there is no way to talk to the forking process")
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def start(self, task: str, environment: Mapping[str, str], **arguments: Any) -> int:
        """Starts a task of `tasks` in a child with these variables set; returns its process id."""
        with self._one_at_a_time:
            self._count += 1
            output = self._folder / f"child{self._count}"
            request = {"task": task, "arguments": arguments, "environment": dict(environment), "output": str(output)}
            pid = int(self._ask({"start": request}))
            self._outputs[pid] = output
        return pid

    def wait(self, pid: int, patience_s: float) -> Ended:
        """Waits for a child.

        Raises:
            StuckChild: it was still running after `patience_s`.
        """
        end = time.monotonic() + patience_s
        while (status := self._status(pid)) is None and time.monotonic() < end:
            time.sleep(PAUSE_S)
        if status is None:
            os.kill(pid, signal.SIGKILL)
            while self._status(pid) is None:
                time.sleep(PAUSE_S)
        output = self._outputs.pop(pid)
        said, errors = (output.with_suffix(suffix).read_text(errors="replace") for suffix in (".out", ".err"))
        if status is None:
            raise StuckChild(f"no end after {patience_s:.0f} s: {said[-2000:]}{errors[-2000:]}")
        result = output.with_suffix(".json")
        return Ended(status, said, errors, json.loads(result.read_text()) if result.exists() else None)

    def run(self, task: str, environment: Mapping[str, str], patience_s: float, **arguments: Any) -> Ended:
        """Starts a task and waits for its end."""
        return self.wait(self.start(task, environment, **arguments), patience_s)

    def stop(self, pid: int) -> None:
        """Kills a child that would never end by itself."""
        os.kill(pid, signal.SIGKILL)
        self.wait(pid, 10)

    def close(self) -> None:
        """Ends the forking process and with it every child."""
        self._requests.close()
        self._process.wait(10)
        self._answers.close()

    def _status(self, pid: int) -> int | None:
        with self._one_at_a_time:
            answer = self._ask({"poll": pid})
        return None if answer is None else int(answer)

    def _ask(self, request: dict[str, Any]) -> Any:
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError("the forking process is gone")
        return json.loads(answer)


def main() -> None:
    """Serves requests until standard input ends."""
    from benchmarks.faults import tasks

    tasks.import_all()
    children: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer: int | None = _fork(request["start"], tasks.TASKS)
            children.add(answer or 0)
        else:
            answer = _poll(request["poll"])
            if answer is not None:
                children.discard(request["poll"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _fork(request: dict[str, Any], known: Mapping[str, Callable[..., Any]]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        output = Path(request["output"])
        for number, end in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(output.with_suffix(end), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(request["environment"])
        result = known[request["task"]](**request["arguments"])
        output.with_suffix(".json").write_text(json.dumps(result))
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # noqa: BLE001 whatever it is, the one who waits for this child reads of it
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _poll(pid: int) -> int | None:
    """Exit code of a child, negative for a signal; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


if __name__ == "__main__":
    main()
