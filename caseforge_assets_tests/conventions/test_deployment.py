"""The files in deploy/ fit together: image, compose file, Dagster's configuration, charts, pins. That they run is for `make test-hosts`."""

from __future__ import annotations

import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from caseforge_assets.cli.app import caseforge
from caseforge_assets.defs.names import CODE_LOCATION
from caseforge_assets.settings.environment import FROM_FILES

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DAGSTER: dict[str, Any] = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
CHART = DEPLOY / "helm" / "caseforge"
VALUES: dict[str, Any] = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "CASEFORGE_IMAGE" in service["image"]}
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return dict(PIN.findall(path.read_text(encoding="utf-8")))


def is_command(words: list[str]) -> bool:
    """Tells whether these words call a command of the command line."""
    found: click.Command | None = caseforge
    for word in words:
        if not isinstance(found, click.Group):
            break
        if word.startswith("-"):
            return False
        found = found.get_command(click.Context(found), word)
    return found is not None and not isinstance(found, click.Group)


def test_the_image_has_the_pins_of_the_project_and_no_database() -> None:
    own, image = pins(PROJECT / "requirements.txt"), pins(DEPLOY / "requirements.txt")
    assert {name: own[name] for name in own.keys() & image.keys()} == {name: image[name] for name in own.keys() & image.keys()}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed, embedded = (
        {re.split(r"[<>=]", requirement)[0] for requirement in stated}
        for stated in (project["dependencies"], project["optional-dependencies"]["embedded"])
    )
    assert needed <= image.keys()
    assert embedded <= own.keys() - image.keys()
    assert {"dagster-docker", "dagster-k8s", "dagster-celery", "dagster-aws", "s3fs"} <= image.keys()
    lines = (DEPLOY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line, next_one in pairwise(lines) if PIN.match(line) and "--hash=sha256:" not in next_one] == []


def test_the_image_is_made_from_what_the_build_is_given() -> None:
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}
    assert all((PROJECT / name).exists() for name in copied)
    assert re.search(r"^USER \d+:\d+$", DOCKERFILE, re.MULTILINE)
    assert not re.search(r"(?i)\b(gcc|build-essential|apt-get)\b", DOCKERFILE)


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_container_is_confined_and_looked_after(name: str) -> None:
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    program, *words = service["command"]
    assert program in ("caseforge", "dagster", "dagster-daemon", "dagster-webserver", "sh")
    assert program != "caseforge" or is_command(words)
    assert "healthcheck" in service or words[0] == "serve"  # whose health check is the image's
    assert "HEALTHCHECK" in DOCKERFILE


def test_no_secret_stands_in_a_file_that_is_committed() -> None:
    for name, service in COMPOSE["services"].items():
        given = service.get("environment", {})
        secret = {variable for variable in given if re.search(r"KEY|SECRET|PASSWORD|POSTGRES_URL|CREDENTIALS", variable)}
        wrong = {variable for variable in secret if not (variable.endswith("_FILE") or str(given[variable]).startswith("${"))}
        assert wrong == set(), name
    assert {line.strip() for line in (DEPLOY / ".gitignore").read_text(encoding="utf-8").splitlines()} >= {".env", "secrets/"}
    files = {given for service in OURS.values() for given in service["environment"] if given.endswith("_FILE")}
    assert files - {"AWS_SHARED_CREDENTIALS_FILE"} <= {f"{variable}_FILE" for variable in FROM_FILES}


def test_runs_get_what_the_other_containers_have() -> None:
    launcher = DAGSTER["run_launcher"]["config"]
    daemon = OURS["daemon"]
    assert set(launcher["env_vars"]) <= set(daemon["environment"])
    assert set(launcher["container_kwargs"]["volumes"]) == set(daemon["volumes"])
    assert {volume.split(":")[0] for volume in daemon["volumes"]} <= {
        volume.get("name") for volume in COMPOSE["volumes"].values() if volume
    }
    assert launcher["networks"] == [COMPOSE["networks"]["inside"]["name"]]


def test_dagster_finds_its_code_server() -> None:
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"][0]["grpc_server"]
    command = OURS[workspace["host"]]["command"]
    assert command[command.index("--port") + 1] == str(workspace["port"])
    assert workspace["location_name"] == command[command.index("--location-name") + 1] == CODE_LOCATION
    server = VALUES["dagsterWebserver"]["workspace"]["servers"][0]
    deployment = VALUES["dagster-user-deployments"]["deployments"][0]
    assert (server["host"], server["port"], server["name"]) == (deployment["name"], deployment["port"], CODE_LOCATION)


def test_dagsters_chart_is_told_the_same_as_dagster_yaml() -> None:
    concurrency = VALUES["concurrency"]
    assert concurrency["enabled"]  # else the chart writes none of it
    assert concurrency["pools"] == {"defaultLimit": DAGSTER["concurrency"]["pools"]["default_limit"], "granularity": "run"}
    assert not VALUES["dagsterDaemon"]["runRetries"][
        "enabled"
    ]  # the chart cannot say that runs which failed with a reason are not started anew
    assert VALUES["additionalInstanceConfig"]["run_retries"] == DAGSTER["run_retries"]
    assert VALUES["additionalInstanceConfig"]["local_artifact_storage"] == DAGSTER["local_artifact_storage"]


def test_the_charts_know_each_other() -> None:
    made = "".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").glob("*.yaml"))
    for part in ("dagsterWebserver", "dagsterDaemon"):
        assert {source["name"] for source in VALUES[part]["envConfigMaps"]} == {"caseforge-env"}
        assert {volume["configMap"]["name"] for volume in VALUES[part]["volumes"] if "configMap" in volume} == {"caseforge-project"}
    assert "name: caseforge-env" in made
    assert "name: caseforge-project" in made
    assert VALUES["dagster-user-deployments"]["deployments"][0]["name"] in made
    own = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    tomllib.loads(own["project"])
    assert own["secretName"] == next(volume["secret"]["secretName"] for volume in VALUES["dagsterDaemon"]["volumes"] if "secret" in volume)


def test_what_is_called_in_scripts_and_charts_exists() -> None:
    texts = [
        (DEPLOY / "bootstrap.sh").read_text(encoding="utf-8"),
        *(path.read_text(encoding="utf-8") for path in CHART.glob("templates/*")),
    ]
    called = [
        shlex.split(line.split("caseforge ", 1)[1]) for text in texts for line in text.splitlines() if re.match(r"\s*caseforge ", line)
    ]
    called += [re.findall(r'"([^"]+)"', listed) for text in texts for listed in re.findall(r'command: \["caseforge", ([^\]]+)\]', text)]
    assert len(called) >= 3
    assert [words for words in called if not is_command([word for word in words[:2] if not word.startswith("-")])] == []
