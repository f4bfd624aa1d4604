"""Commands that watch or collect do not end with exit code 0 while nodes wait for a batch that does not go on, and say what to do."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import OpenCommandLine

GENERATE = ("generate", "--stage", "process_details", "--yes")
NO_GRACE = "missing_files_grace_s = 0\ncreate_grace_s = 0"
WRONG = "wrong_download:how=half"
NOT_KNOWN = "reply_error:when=before,status=404,match=^GET /v1/batches/"
CASES = pytest.mark.parametrize(
    ("fault", "said"), [(WRONG, "3 answers came"), (NOT_KNOWN, "does not know batch_")], ids=["short", "not known"]
)


@CASES
def test_generate_that_waits_names_the_batch(command_line: OpenCommandLine, fault: str, said: str) -> None:
    cli = command_line(NO_GRACE, faults=[fault])
    cli.load_shop()
    told = cli.run(*GENERATE, "--wait", expected=4)
    assert said in " ".join(told.split())
    assert "nodes wait for it" in told
    assert said in " ".join(cli.run("status").split())
    assert cli.stats()["requests_accepted"] == 6
    assert next(iter(cli.json(*GENERATE, "--wait", expected=4)["waiting"])).startswith("batch_")


@pytest.mark.slow
@CASES
@pytest.mark.parametrize(
    "command",
    [("monitor",), ("monitor", "--once"), ("monitor", "--watch-only"), ("collect",), ("submit", "--wait")],
    ids=" ".join,
)
def test_so_do_the_others(command_line: OpenCommandLine, fault: str, said: str, command: tuple[str, ...]) -> None:
    cli = command_line(NO_GRACE, faults=[fault])
    cli.load_shop()
    cli.run(*GENERATE, "--wait", expected=4)
    assert said in " ".join(cli.run(*command, expected=4).split())


def test_all_is_well_when_it_came(command_line: OpenCommandLine) -> None:
    cli = command_line("missing_files_grace_s = 0", faults=[f"{WRONG},call=1"])
    cli.load_shop()
    cli.run(*GENERATE, "--wait", expected=4)
    assert "Collected process_details" in cli.run("collect", "--again", "1")
    cli.run("monitor")


def test_what_lacks_can_be_given_up(command_line: OpenCommandLine) -> None:
    cli = command_line(NO_GRACE, faults=[WRONG])
    cli.load_shop()
    cli.run(*GENERATE, "--wait", expected=4)
    assert "3 given_up, 3 ok" in cli.run("collect", "--give-up", "1")
    assert "A person gave up" not in cli.run("collect")
    assert "given_up" in cli.run("failed", expected=3)


def test_only_one_thing_is_decided_at_a_time(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "give one of them" in cli.run("collect", "--again", "1", "--give-up", "2", expected=2)
    assert "there is no batch '1'" in cli.run("collect", "--again", "1", expected=2)
