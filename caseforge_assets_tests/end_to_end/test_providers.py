"""The whole way at a server that imitates each kind of provider: load, generate, collect, retry, status, costs, verify; and what is unclear on it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from caseforge_assets.batch_server import LIKENESSES
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine

pytestmark = pytest.mark.slow

GENERATE = ("generate", "--yes", "--wait")
RETRY = ("retry", "--yes", "--wait")
# The creation reached the server, or did not; nobody was told.
LOST = "reply_reset:call=1"
NEVER_CAME = {
    "reset": "reply_reset:when=before,call=1",
    "error": "reply_error:when=before,status=503,call=1",
    "too many": "reply_error:when=before,status=429,code=rate_limit_exceeded,call=1",
}
NODES = 6
DAY_S = 86_400
ASKS = re.compile(
    r"cannot be looked up at its provider: .* Nothing of it is sent again by itself.* `caseforge adopt 1 ID` .* `caseforge cancel 1` gives it up"
)

TOKEN_FOR_2_S = """
import base64, json, time
open({asked!r}, "a").write("x")
part = lambda claims: base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
print(part(dict(alg="none")) + "." + part(dict(exp=time.time() + 2)) + ".signature")
"""

At = Callable[..., CommandLine]


@pytest.fixture
def at(command_line: OpenCommandLine) -> At:
    """A project with a small framework at a server like a provider: `at("azure", faults=[…])`; `provider` are lines of its table."""

    def start(like: str, toml: str = "", provider: str = "", **options: Any) -> CommandLine:
        cli = command_line(f'create_grace_s = 0.3\n{toml}\n[provider]\nkind = "{like}"\n{provider}', like=like, **options)
        cli.load_shop()
        return cli

    return start


def sdk(cli: CommandLine) -> OpenAI:
    return OpenAI(base_url=cli.base_url, api_key="any", max_retries=0)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def assert_all_is_done(cli: CommandLine, *, asked: int = 2 * NODES, again: int = 0, unknown: int = 0) -> None:
    """Both contents of every node are there, nothing was asked twice but what was asked again on purpose, and what it cost is what the server counted."""
    [framework] = cli.json("status")["frameworks"]
    assert framework["stages"] == {"process_details": {"done": NODES}, "usecases": {"done": NODES}}
    stats, costs = cli.stats(), cli.json("costs")
    assert stats["accepted"]["requests"] == stats["answered"]["requests"] == asked + again
    assert stats["accepted"]["distinct_bodies"] == asked
    assert sum(stage["unknown_costs"] for stage in costs) == unknown
    [tokens] = stats["usage"].values()
    assert sum(stage["input_tokens"] for stage in costs) == tokens["input"]
    assert sum(stage["output_tokens"] for stage in costs) == tokens["output"]
    assert all(stage["cost_usd"] > 0 for stage in costs)
    assert "Everything is there and as it was written" in cli.run("verify")
    assert "0 failed nodes would be sent again" in cli.run("retry")


@pytest.mark.parametrize("like", LIKENESSES)
def test_the_whole_way(at: At, like: str) -> None:
    cli = at(like, faults=["refusal:batch=1,match=-1-1-1-"])
    assert "1 node failed" in cli.run(*GENERATE, expected=3)
    [failed] = cli.json("failed", expected=3)
    assert (failed["code"], failed["outcome"]) == ("1.1.1", "refused")
    assert "1 ok" in cli.run(*RETRY)
    assert_all_is_done(cli, again=1)
    assert cli.stats()["batches_created"] == 4
    assert "6 done" in cli.run("status")
    assert re.search(r"Together, simulated: \$0\.\d{4} for 13 attempts", cli.run("costs"))


@pytest.mark.parametrize("like", ["azure", "groq", "litellm", "doubleword"])
def test_what_cannot_be_known_of_a_creation_is_found_in_the_list(at: At, like: str) -> None:
    cli = at(like, faults=[LOST])
    cli.run(*GENERATE)
    assert_all_is_done(cli)
    assert cli.stats()["batches_created"] == 2
    shown = sdk(cli).batches.list().data[-1].metadata
    assert (shown is not None) is LIKENESSES[like].shows_metadata, "without it, a batch is known by its input file"


@pytest.mark.parametrize("like", ["azure", "groq", "doubleword"])
def test_a_creation_that_never_came_is_made_again_when_the_list_shows_none(at: At, like: str) -> None:
    cli = at(like, faults=[NEVER_CAME["reset"]])
    cli.run(*GENERATE)
    assert_all_is_done(cli)
    assert cli.stats()["batches_created"] == 2


@pytest.mark.parametrize("how", NEVER_CAME)
def test_where_no_list_can_tell_a_person_is_asked_and_nothing_is_made_again(at: At, how: str) -> None:
    cli = at("litellm", faults=[NEVER_CAME[how]])
    assert ASKS.search(in_one_line(cli.run(*GENERATE, expected=4)))
    for command in (("monitor", "--once"), ("submit", "--wait"), GENERATE, RETRY):
        assert ASKS.search(in_one_line(cli.run(*command, expected=4))), command
    assert ASKS.search(in_one_line(cli.run("status")))
    assert "unknown_batch" in cli.run("alerts", expected=3)
    assert cli.stats()["batches_created"] == 0
    cli.run("cancel", "1")
    cli.run(*RETRY)
    assert_all_is_done(cli, unknown=NODES)


def test_a_batch_beyond_the_page_that_comes_again_and_again_is_taken_over_by_a_person(at: At) -> None:
    cli = at("litellm", faults=[LOST, "list_late:newest=1,call=1-6"])
    cli.run("generate", "--yes", "--stage", "process_details")
    with sdk(cli) as client:
        while not (seen := client.batches.list().data):
            pass  # the list is late
        [lost] = seen
        another = client.files.create(file=("another.jsonl", b"{}\n"), purpose="batch")
        for _ in range(100):
            client.batches.create(input_file_id=another.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert ASKS.search(in_one_line(cli.run("monitor", expected=4)))
    assert cli.stats()["batches_created"] == 101
    assert lost.id in cli.run("adopt", "1", lost.id)
    cli.run("monitor")
    [framework] = cli.json("status")["frameworks"]
    assert framework["stages"]["process_details"] == {"done": NODES}
    assert cli.stats()["batches_created"] == 101


@pytest.mark.parametrize(
    ("like", "provider", "window"), [("groq", 'completion_window = "7d"', "7d"), ("doubleword", 'completion_window = "1h"', "1h")]
)
def test_another_window(at: At, like: str, provider: str, window: str) -> None:
    cli = at(like, provider=provider)
    cli.run(*GENERATE)
    assert {batch.completion_window for batch in sdk(cli).batches.list().data} == {window}
    assert_all_is_done(cli)


def test_files_at_azure_expire(at: At) -> None:
    cli = at("azure")
    cli.run(*GENERATE)
    files = sdk(cli).files.list().data
    lived = {file.purpose: file.expires_at - file.created_at for file in files if file.expires_at}
    assert lived == {"batch": 14 * DAY_S, "batch_output": 30 * DAY_S}
    assert all(file.expires_at for file in files)
    assert 0 in {file.bytes for file in files}, "a clean batch has an error file without bytes"


def test_where_azure_has_no_room_for_a_file_nothing_more_is_sent_until_a_person_asks(at: At) -> None:
    cli = at("azure", limits=Limits(files_with_expiry=1))
    assert "The quota for files with expiry is reached" in in_one_line(cli.run(*GENERATE, expected=4))
    before = len(cli.json("status")["batches"])
    cli.run("monitor", "--once")
    assert len(cli.json("status")["batches"]) == before, "no batch is made at every look"
    with sdk(cli) as client:
        for file in client.files.list().data:
            client.files.delete(file.id)
    cli.run(*GENERATE)
    assert_all_is_done(cli)


def test_a_batch_that_azure_refuses_is_sent_again_without_the_line(at: At) -> None:
    cli = at("azure", faults=["reject:batch=1"])
    assert "1 node failed" in cli.run(*GENERATE, expected=3)
    cli.run(*RETRY)
    assert_all_is_done(cli)


def test_what_a_deployment_answers_is_priced_as_its_model(at: At) -> None:
    cli = at("azure", provider='[provider.models]\n"our-sol" = "gpt-6.1-sol"', models=["our-sol=gpt-6.1-sol"])
    cli.run(*GENERATE)
    assert_all_is_done(cli)
    assert list(cli.stats()["usage"]) == ["our-sol"]
    assert [stage["name"] for stage in cli.json("costs", "--by", "model")] == ["gpt-6.1-sol"]


def test_a_deployment_that_is_not_there_fails_by_name_and_nothing_is_paid(at: At) -> None:
    cli = at("azure", models=["other"])
    said = in_one_line(cli.run(*GENERATE, expected=5))
    assert "6 model_not_found" in said
    assert "nothing more is sent" in said
    assert cli.stats()["requests_answered"] == 0


def test_a_token_at_azure_is_renewed_before_the_server_refuses_it(at: At, tmp_path: Path) -> None:
    script, asked = tmp_path / "token.py", tmp_path / "asked"
    script.write_text(TOKEN_FOR_2_S.format(asked=str(asked)))
    cli = at("azure", "", f'token_renew_before_s = 0.5\ntoken_command = ["{sys.executable}", "{script}"]', latency_s=3.0)
    cli.run(*GENERATE)
    assert_all_is_done(cli)
    assert len(asked.read_text()) > 1, "a batch takes longer than a token lasts"


def test_litellms_managed_files_are_told_their_model(at: At) -> None:
    cli = at("litellm", provider='upload_fields = { target_model_names = "{model}" }', managed_files=True)
    cli.run(*GENERATE)
    assert_all_is_done(cli)


BY_RESPONSES = '[stages.process_details]\nendpoint = "responses"\n'


@pytest.mark.parametrize("like", LIKENESSES)
@pytest.mark.parametrize("stages", [BY_RESPONSES, f'{BY_RESPONSES}[stages.usecases]\nendpoint = "responses"'], ids=["documents", "both"])
def test_the_whole_way_over_responses(at: At, like: str, stages: str) -> None:
    cli = at(like, toml=stages, faults=["truncate:batch=1,match=-1-1-1-", "refusal:batch=1,match=-1-1-2-", LOST])
    assert "2 nodes failed" in cli.run(*GENERATE, expected=3)
    assert {(failure["code"], failure["outcome"]) for failure in cli.json("failed", expected=3)} == {
        ("1.1.1", "truncated_reasoning"),
        ("1.1.2", "refused"),
    }
    assert "2 ok" in cli.run(*RETRY)
    assert_all_is_done(cli, asked=2 * NODES + 1, again=1)


def test_a_deployment_of_a_model_that_has_only_responses_is_asked_there_by_itself(at: At) -> None:
    cli = at("azure", toml='openai_model = "ours"', provider='models = { ours = "gpt-5.5-pro" }')
    assert [part["endpoint"] for part in cli.json("plan")["stages"]] == ["responses", "responses"]
    cli.run(*GENERATE)
    assert_all_is_done(cli)
    files = sorted((cli.folder / "var" / "artifacts").rglob("*input.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert {(line["url"], line["body"]["model"], "input" in line["body"]) for line in lines} == {("/responses", "ours", True)}
