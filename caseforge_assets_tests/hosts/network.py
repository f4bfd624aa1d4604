"""Hosts on one machine: each has an address, a name and processes of its own (namespaces of the kernel), and a cable that can be pulled.

The test itself runs in a network without a way out (`unshare --net`), so that nothing of this can reach anything else.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

SWITCH = "caseforge0"
PREFIX = "10.87.0"


def command(*arguments: str) -> str:
    """Runs a program that has to succeed, and gives what it printed."""
    ended = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    return ended.stdout


def has_way_out() -> bool:
    """Tells whether this process is in a network that leads anywhere."""
    return bool(command("ip", "route", "show", "default").strip()) or not command("ip", "-brief", "link").startswith("lo ")


@dataclass
class Host:
    """A host: its name, its address, its folder, and what runs on it."""

    name: str
    number: int
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    arguments: dict[str, Sequence[str]] = field(default_factory=dict)
    logs: list[IO[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{PREFIX}.{self.number}"

    @property
    def _cable(self) -> str:
        return f"cf{self.number}"

    def plug_in(self) -> None:
        command("ip", "netns", "add", self._space)
        command("ip", "link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._space)
        command("ip", "link", "set", self._cable, "master", SWITCH, "up")
        for line in (f"address add {self.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            command("ip", "-netns", self._space, *line.split())

    def cut_off(self) -> None:
        """Nothing reaches it any more, and what runs on it goes on."""
        command("ip", "link", "set", self._cable, "down")

    def let_back(self) -> None:
        command("ip", "link", "set", self._cable, "up")

    def wrapped(self, arguments: Sequence[str]) -> list[str]:
        """The command that runs another one on this host: in its network, with its name, and no process of others in sight."""
        inside = f'hostname {self.name} && mount -t proc proc /proc && exec "$@"'
        return [
            "ip", "netns", "exec", self._space,
            "unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "sh", "-c", inside, "sh", *arguments,
        ]  # fmt: skip

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts what runs until it is stopped; its output goes to a file."""
        self.arguments[name] = arguments
        log = (self.folder / f"{name}.log").open("ab")
        self.logs.append(log)
        self.processes[name] = subprocess.Popen(
            self.wrapped(arguments),
            env=dict(environment),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], timeout_s: float = 300, stdin: str = "") -> str:
        """Runs a command to its end.

        Raises:
            RuntimeError: it failed; the text is what it said.
        """
        ended = subprocess.run(
            self.wrapped(arguments),
            env=dict(environment),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(
                f"{' '.join(arguments)} on {self.name} ended with {ended.returncode}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
            )
        return ended.stdout

    def kill(self, name: str) -> None:
        """Kills it with everything that it has started, as a machine does that loses its power."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str, patience_s: float = 90) -> None:
        """Asks it to end, as an upgrade does, and kills it when it takes too long."""
        process = self.processes[name]
        for pid in _descendants(process.pid, deep=2):
            os.kill(pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
        self.kill(name)

    def freeze(self, name: str, seconds: float) -> None:
        """Has it answer nobody for a while, and keeps its connections."""
        members = _descendants(self.processes[name].pid)
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in reversed(members):
            os.kill(pid, signal.SIGCONT)

    def is_running(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def unplug(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        for log in self.logs:
            log.close()
        # The space goes when its last process has: the cable, whose name the next host of this number takes, is gone at once.
        subprocess.run(["ip", "link", "del", self._cable], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", self._space], capture_output=True, check=False)

    @property
    def _space(self) -> str:
        return f"caseforge-{os.getpid()}-{self.name}"


def _descendants(pid: int, deep: int = 99) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(below for child in children if deep > 1 for below in _descendants(child, deep - 1))]


class Network:
    """A switch, and hosts on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.hosts: dict[str, Host] = {}
        command("ip", "link", "set", "lo", "up")
        command("ip", "link", "add", SWITCH, "type", "bridge")
        command("ip", "address", "add", f"{PREFIX}.254/24", "dev", SWITCH)
        command("ip", "link", "set", SWITCH, "up")

    def add(self, name: str) -> Host:
        folder = self._folder / name
        folder.mkdir()
        folder.chmod(0o755)
        host = self.hosts[name] = Host(name, len(self.hosts) + 1, folder)
        host.plug_in()
        return host

    def close(self) -> None:
        for host in self.hosts.values():
            host.unplug()
        command("ip", "link", "del", SWITCH)


def missing_programs(*names: str) -> list[str]:
    """Lists those of these programs that are not there."""
    return [name for name in names if shutil.which(name) is None]
