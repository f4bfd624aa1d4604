"""Hosts by what runs on each: database and bucket, code server and daemon, webserver and service, two workers, and the provider outside."""

from __future__ import annotations

import json
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

from caseforge_assets_tests.hosts.instance import CELERY, DAGSTER_YAML, PROCESSES, STORAGE, STORAGES, WORKERS, WORKSPACE
from caseforge_assets_tests.hosts.network import Host, Network

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/nowhere"))
PASSWORD = "of-the-database"
LOCATION = "caseforge_assets.definitions"
CODE_PORT, WEB_PORT, S3_PORT, PROVIDER_PORT = 4000, 3000, 9000, 8484

# Python's clock is another one in every process that is started with this on its path. The machine's own is not, so gRPC goes on with that one, whose C part compares
# the times until which it waits with it.
CLOCK = """
import time
from types import SimpleNamespace
import grpc._channel, grpc._server, time_machine
time_machine.travel(time.time() + {ahead_s}, tick=True).start()
grpc._channel.time = grpc._server.time = SimpleNamespace(time=time_machine.escape_hatch.time.time, perf_counter=time.perf_counter)
"""


class Cluster:
    """Five hosts and the provider; or one machine that is daemon, code server, webserver, service and all runs, with database and bucket beside it."""

    def __init__(
        self, network: Network, folder: Path, configuration: str, sources: dict[str, Path], *, code: Path = PROJECT, several: bool = True
    ) -> None:
        """Makes the hosts; nothing runs on them yet.

        Args:
            configuration: text of caseforge.toml.
            sources: files that lie beside it, by name.
            code: the version that runs on them.
            several: else one machine.
        """
        self.network = network
        self._folder = folder
        self.database, self.dagster = network.add("database"), network.add("dagster")
        self.web = network.add("web") if several else self.dagster
        self.workers = (network.add("worker1"), network.add("worker2")) if several else ()
        self.provider = network.add("provider")
        self._launcher = WORKERS if several else PROCESSES
        self._code = {host.name: code for host in network.hosts.values()}
        for host in network.hosts.values():
            self._furnish(host, configuration, sources)

    def _furnish(self, host: Host, configuration: str, sources: dict[str, Path]) -> None:
        places = {"database": self.database.address, "code": self.dagster.address, "location": LOCATION, "folder": host.folder}
        storages = "\n".join(STORAGE.format(kind=kind, module=module, name=name, **places) for kind, module, name in STORAGES)
        files = {
            "dagster.yaml": DAGSTER_YAML.format(storages=storages, launcher=self._launcher.format(**places), **places),
            "workspace.yaml": WORKSPACE.format(**places),
            "celery.yaml": CELERY.format(**places),
            "caseforge.toml": configuration,
        }
        for name, text in files.items():
            (host.folder / name).write_text(text, encoding="utf-8")
        for name, source in sources.items():
            shutil.copy(source, host.folder / name)

    def environment(self, host: Host) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(host.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": f"{host.folder / 'clock'}:{self._code[host.name]}",
            "PYTHONUNBUFFERED": "1",
            "DAGSTER_HOME": str(host.folder),
            "DAGSTER_PG_PASSWORD": PASSWORD,
            "CASEFORGE_PROJECT": str(host.folder),
            "CASEFORGE_HOME": str(host.folder / "var"),
            "CASEFORGE_POSTGRES_URL": f"postgresql://caseforge:{PASSWORD}@{self.database.address}:5432/caseforge",
            "CASEFORGE_ARTIFACTS": "s3://caseforge/artifacts",
            "CASEFORGE_WEBSERVER_URL": f"http://{self.web.address}:{WEB_PORT}",
            "OPENAI_API_KEY": "of-the-provider",
            "OPENAI_BASE_URL": f"http://{self.provider.address}:{PROVIDER_PORT}/v1",
            "AWS_ENDPOINT_URL": f"http://{self.database.address}:{S3_PORT}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def upgrade(self, host: Host, code: Path = PROJECT) -> None:
        """Starts everything on a host anew, with another version of the code; what is at work is given time to end."""
        self._code[host.name] = code
        self._restart(host)

    def set_clock(self, host: Host, ahead_s: float) -> None:
        """Starts everything on a host anew, with a clock that is ahead of the others by so much, or behind."""
        clock = host.folder / "clock"
        clock.mkdir(exist_ok=True)
        (clock / "sitecustomize.py").write_text(CLOCK.format(ahead_s=ahead_s))
        self._restart(host)

    def _restart(self, host: Host) -> None:
        names = list(host.processes)
        for name in names:
            host.stop(name)
        for name in names:
            host.start(name, host.arguments[name], self.environment(host))
        waits = {"code": self._await_code, "webserver": self._await_webserver, "service": self._await_service}
        for name in names:
            waits.get(name, lambda: None)()

    # servers

    def start_servers(self) -> None:
        host, cluster = self.database, self.database.folder / "postgres"
        cluster.mkdir()
        shutil.chown(cluster, "postgres", "postgres")
        password = host.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        options = ["-D", str(cluster), "-U", "caseforge", "-A", "scram-sha-256", "--pwfile", str(password)]
        host.run([*AS_POSTGRES, str(POSTGRES / "initdb"), *options], self.environment(host))
        (cluster / "pg_hba.conf").write_text("host all all 10.87.0.0/24 scram-sha-256\nlocal all all trust\n")
        self.start_database()
        self.await_(lambda: self._connect("postgres").close(), "PostgreSQL")
        connection = self._connect("postgres")
        connection.autocommit = True
        connection.cursor().execute("create database caseforge")
        connection.close()
        host.start("redis", ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""], self.environment(host))
        host.start("s3", [sys.executable, "-m", "moto.server", "-H", "0.0.0.0", "-p", str(S3_PORT)], self.environment(host))
        self.await_(lambda: self.get(f"http://{host.address}:{S3_PORT}/"), "the bucket's server")
        self.run(self.web, "python", "-c", "import s3fs; s3fs.S3FileSystem().makedirs('caseforge', exist_ok=True)")
        self.provider.start(
            "provider",
            [str(BIN / "caseforge"), "batch-server", "--host", "0.0.0.0", "--port", str(PROVIDER_PORT), "--latency", "2"],
            self.environment(self.provider),
        )
        self.await_(self.bill, "the provider")

    def start_database(self) -> None:
        cluster = self.database.folder / "postgres"
        options = ["-c", "listen_addresses=*", "-c", "max_connections=300", "-c", f"unix_socket_directories={cluster}"]
        self.database.start(
            "postgres", [*AS_POSTGRES, str(POSTGRES / "postgres"), "-D", str(cluster), *options], self.environment(self.database)
        )

    def start_code(self) -> None:
        arguments = ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", str(CODE_PORT), "--module-name", LOCATION]
        self.dagster.start("code", self._program(*arguments, "--location-name", LOCATION), self.environment(self.dagster))
        self._await_code()

    def _await_code(self) -> None:
        check = self._program("dagster", "api", "grpc-health-check", "--host", self.dagster.address, "--port", str(CODE_PORT))
        self.await_(lambda: self.dagster.run(check, self.environment(self.dagster)), "the code server")

    def start_daemon(self, host: Host) -> None:
        host.start("daemon", self._program("dagster-daemon", "run", "--workspace", "workspace.yaml"), self.environment(host))

    def start_web(self) -> None:
        web, environment = self.web, self.environment(self.web)
        web.start(
            "webserver",
            self._program("dagster-webserver", "--host", "0.0.0.0", "--port", str(WEB_PORT), "--workspace", "workspace.yaml"),
            environment,
        )
        web.run(self._program("caseforge", "users", "add", "admin", "--role", "admin"), environment, stdin="a password of twelve\n")
        web.start("service", self._program("caseforge", "serve", "--host", "0.0.0.0", "--behind-tls-proxy", "--workers", "1"), environment)
        self._await_webserver()
        self._await_service()

    def _await_webserver(self) -> None:
        self.await_(lambda: self.get(f"http://{self.web.address}:{WEB_PORT}/server_info"), "the webserver")

    def _await_service(self) -> None:
        self.await_(lambda: self.get(f"http://{self.web.address}:8321/readyz"), "the service")

    def start_worker(self, host: Host) -> None:
        arguments = self._program("dagster-celery", "worker", "start", "-A", "dagster_celery.app", "-y", "celery.yaml", "-n", host.name)
        host.start("worker", arguments, self.environment(host))

    # questions and commands

    def run(self, host: Host, *arguments: str) -> str:
        return host.run(self._program(*arguments), self.environment(host))

    def caseforge(self, *arguments: str) -> str:
        """Runs a command as a person at the second webserver's host would."""
        return self.run(self.web, "caseforge", *arguments)

    def _program(self, name: str, *arguments: str) -> list[str]:
        return [str(BIN / name), *arguments]

    def get(self, url: str) -> Any:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read()

    def bill(self) -> dict[str, Any]:
        """Asks the provider for what it has answered, and would be paid for."""
        found: dict[str, Any] = json.loads(self.get(f"http://{self.provider.address}:{PROVIDER_PORT}/v1/_caseforge/stats"))
        return found

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"http://{self.web.address}:{WEB_PORT}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        assert "errors" not in found, found
        data: dict[str, Any] = found["data"]
        return data

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = self._connect("caseforge")
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def _connect(self, name: str) -> Any:
        return psycopg2.connect(host=self.database.address, user="caseforge", password=PASSWORD, dbname=name, connect_timeout=5)

    def await_(self, ask: Callable[[], object], what: str, patience_s: float = 120, every_s: float = 0.5) -> Any:
        """Asks until there is an answer that is not false.

        Raises:
            TimeoutError: there was none; the text says what was asked for.
        """
        until, last = time.monotonic() + patience_s, ""
        while time.monotonic() < until:
            try:
                found = ask()
            except (OSError, urllib.error.URLError, psycopg2.Error, RuntimeError, AssertionError) as error:
                last = f"{type(error).__name__}: {error}"
            else:
                if found is not False:
                    return found
            time.sleep(every_s)
        raise TimeoutError(f"{what}: nothing within {patience_s:.0f} s. {last[-1500:]}")


AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
