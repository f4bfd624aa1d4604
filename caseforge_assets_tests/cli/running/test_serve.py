"""`caseforge serve`: where it listens, and how the user of the machine gets in."""

from __future__ import annotations

import datetime
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from caseforge_assets.access.listening import is_loopback, refuse_unsafe_listening
from caseforge_assets_tests.cli.conftest import OpenCommandLine


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that has signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return folder / "cert.pem", folder / "key.pem"


def test_what_nobody_guards_stays_on_the_machine_and_passwords_do_not_travel_in_the_clear() -> None:
    for host in ("127.0.0.1", "127.8.8.8", "localhost", "::1"):
        assert is_loopback(host)
        refuse_unsafe_listening(host, knows_people=False, encrypted=False)
    for host in ("0.0.0.0", "::", "192.168.1.7", "cases.example.org"):
        with pytest.raises(ValueError, match="nobody has an account yet"):
            refuse_unsafe_listening(host, knows_people=False, encrypted=True)
        with pytest.raises(ValueError, match="in the clear"):
            refuse_unsafe_listening(host, knows_people=True, encrypted=False)
        refuse_unsafe_listening(host, knows_people=True, encrypted=True)


def test_other_addresses_take_accounts_and_tls(command_line: OpenCommandLine) -> None:
    line = command_line()
    assert "nobody has an account yet" in line.run("serve", "--host", "0.0.0.0", "--behind-tls-proxy", expected=2)
    line.run("users", "add", "anna", "--role", "admin", typed="correct horse battery\n")
    assert "in the clear" in line.run("serve", "--host", "0.0.0.0", expected=2)
    cert, _ = certificate(line.folder)
    assert "belong together" in line.run("serve", "--tls-cert", str(cert), expected=2)
    assert "cannot be listened on" in line.run("serve", "--host", "203.0.113.1", "--behind-tls-proxy", expected=2)
    line.run("users", "disable", "anna")
    assert "nobody has an account yet" in line.run("serve", "--host", "0.0.0.0", "--behind-tls-proxy", expected=2)


@pytest.mark.slow  # a process of its own
def test_one_browser_is_let_in_once_by_each_address_that_is_printed(command_line: OpenCommandLine) -> None:
    line = command_line()
    cert, key = certificate(line.folder)
    command = [sys.executable, "-m", "caseforge_assets.cli", "serve", "--port", "0", "--tls-cert", str(cert), "--tls-key", str(key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            address = re.search(r"https://127\.0\.0\.1:\d+", serving.stdout.readline())[0]  # type: ignore[index]
            printed = re.search(r"https://\S+", serving.stdout.readline())[0]  # type: ignore[index]
            with requests.Session() as browser, requests.Session() as other:
                browser.verify = other.verify = str(cert)
                browser.trust_env = other.trust_env = False
                assert browser.get(f"{address}/api/v1/me").status_code == 401
                assert 'class="who"' in browser.get(printed).text
                assert other.get(printed).status_code == 403  # once
                me = browser.get(f"{address}/api/v1/me").json()
                assert [role["role"] for role in me["roles"]] == ["admin"]
                (cookie,) = [cookie for cookie in browser.cookies if cookie.name == "__Host-caseforge_session"]
                assert cookie.secure
                again = re.search(r"https://\S+", serving.stdout.readline())[0]  # type: ignore[index]
                assert 'class="who"' in other.get(again).text
                assert browser.post(f"{address}/api/v1/users", json={"name": "eve", "password": "correct horse"}).status_code == 403
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.wait(10)
    assert serving.returncode == 0


def children(pid: int) -> list[int]:
    """Those of all its threads."""
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]


def awaited(look: Callable[[], list[int]]) -> list[int]:
    end = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def counted(address: str) -> float:
    """The number of answers to /healthz, by the count of the process that takes this call."""
    told = requests.get(f"{address}/metrics", timeout=60).text
    return float(re.search(r'caseforge_http_requests_total{method="GET",route="/healthz",status="200"} (\S+)', told)[1])  # type: ignore[index]


@pytest.mark.slow  # processes of its own
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="which processes there are is looked up as Linux tells it")
def test_several_processes_answer_count_together_and_come_again(command_line: OpenCommandLine) -> None:
    line = command_line()
    line.run("users", "add", "anna", "--role", "admin", typed="correct horse battery\n")
    command = [sys.executable, "-m", "caseforge_assets.cli", "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", serving.stdout.readline())[0]  # type: ignore[index]
            (other,) = awaited(lambda: children(serving.pid))
            os.kill(serving.pid, signal.SIGSTOP)  # so it is the other one that answers
            try:
                assert requests.get(f"{address}/healthz", timeout=60).status_code == 200
            finally:
                os.kill(serving.pid, signal.SIGCONT)
            for _ in range(20):
                assert requests.get(f"{address}/healthz", timeout=60).status_code == 200
            assert {counted(address) for _ in range(10)} == {21}  # whichever is asked
            os.kill(other, signal.SIGKILL)
            for _ in range(5):
                assert requests.get(f"{address}/healthz", timeout=60).status_code == 200
            assert counted(address) == 26
            assert awaited(lambda: [pid for pid in children(serving.pid) if pid != other])
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.wait(20)
    assert (serving.returncode, children(serving.pid)) == (0, [])
