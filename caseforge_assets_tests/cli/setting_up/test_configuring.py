"""config and preview: what holds and why, what is wrong before money is spent, what a node would be asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine

SECRET = "sk-test-Ab12Cd34Ef56"


def levels(found: dict[str, Any], level: str) -> list[str]:
    return [f"{finding['place']}: {finding['says']}" for finding in found["findings"] if finding["level"] == level]


def test_show_says_where_each_value_comes_from_and_no_secret(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line('openai_model = "gpt-5.2"\n[stages.usecases]\nreasoning_effort = "low"')
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://anna:hidden@db/caseforge")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://user:concealed@example.org/v1")
    monkeypatch.setenv("CASEFORGE_MAX_ATTEMPTS", "5")
    found = cli.json("--set", "budget_usd=12", "config", "show")
    origins = {row["key"]: (row["value"], row["origin"]) for row in found["values"]}
    assert origins["openai_model"] == ("gpt-5.2", "caseforge.toml, line 3")
    assert origins["max_attempts"] == (5, "environment (CASEFORGE_MAX_ATTEMPTS)")
    assert origins["budget_usd"] == (12.0, "command line (--set)")
    assert origins["reuse"] == ("identity", "default")
    assert [stage["reasoning_effort"] for stage in found["stages"]] == [None, "low"]
    for text in (str(found), cli.run("config", "show"), str(cli.json("config", "check"))):
        assert not [word for word in ("hidden", "concealed", SECRET) if word in text]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("host=db user=anna password=zq-zq", "not shown"),
        ("host=db user=anna password='zq zq'", "not shown"),
        ("postgresql://db/x?user=anna&password=zq", "postgresql://db/x?user=anna&password=[secret]"),
        ("postgresql://db/x?%70assword=zq%20zq", "postgresql://db/x?%70assword=[secret]"),
        ("postgresql://anna%3Azq-zq@db/x", "postgresql://anna:[secret]@db/x"),
        ("postgresql://anna:zq@/zq@db:5432/x", "postgresql://anna:[secret]@db:5432/x"),
    ],
    ids=["keywords", "quoted", "in the query", "escaped there", "colon escaped", "odd characters"],  # a test's name is in its environment
)
def test_show_knows_every_way_of_writing_a_password(
    command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch, url: str, shown: str
) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", url)
    for text in (cli.run("config", "show"), str(cli.json("config", "show"))):
        assert shown in text
        assert "zq" not in text


def test_check_warns_of_passwords_that_cannot_be_masked_everywhere(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://anna:secret12@db/caseforge")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://anna:sesame@example.org/v1")
    (warned,) = [finding for finding in levels(cli.json("config", "check"), "warning") if "masked" in finding]
    assert warned.startswith("OPENAI_BASE_URL: its password is so short")


def test_check_finds_what_is_wrong_without_database_and_network(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line(
        """openai_temperature = 0.3
        [max_enqueued_tokens]
        "gpt-5.4-mni" = 1000
        [stages.usecases]
        model = "gpt-5.4-mini"
        reasoning_effort = "extreme"
        [frameworks.retail]
        title = "Retail"
        source = "retail.csv"
        [frameworks.shop]
        title = "Shop"
        source = "shop.csv"
        targets = "9.*"
        """
    )
    (cli.folder / "shop.csv").write_text("code,id,name,description\n1,a,Sell,Finds customers.\n1.1,b,Advertise,Places advertisements.\n")
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://nobody@127.0.0.1:9/nowhere")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("CASEFORGE_MAX_ATEMPTS", "5")
    found = cli.json("config", "check", expected=2)
    errors = levels(found, "error")
    for beginning in (
        "caseforge.toml, line 3: openai_temperature: gpt-6.1-sol is to be sent none, not 0.3; leave it out",
        "caseforge.toml, line 3: openai_temperature: gpt-5.4-mini accepts 1 only with reasoning_effort 'extreme', not 0.3",
        "caseforge.toml, line 8: stages.usecases.reasoning_effort: gpt-5.4-mini does not know 'extreme'",
        "caseforge.toml, line 11: frameworks.retail.source: there is no file retail.csv",
        'caseforge.toml, line 15: frameworks.shop.targets: There is no node "9"',
    ):
        assert any(error.startswith(beginning) for error in errors), (beginning, errors)
    assert len(errors) == 5  # the temperature is wrong for both stages
    warnings = levels(found, "warning")
    assert any("max_enqueued_tokens: no stage uses gpt-5.4-mni (did you mean gpt-5.4-mini?)" in finding for finding in warnings)
    assert any(finding.startswith("CASEFORGE_MAX_ATEMPTS: ") and "CASEFORGE_MAX_ATTEMPTS" in finding for finding in warnings)
    assert not found["in_order"]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('openai_modle = "x"', "caseforge.toml, line 3: openai_modle: is not a known key (did you mean openai_model?)"),
        ("openai_model = ", "cannot be read as TOML"),
        ('templates = "nowhere"', "nowhere: there is no such folder of templates"),
        ("[stages.usecase]\nmodel = 'x'", "caseforge.toml, line 3: stages.usecase: there is no such stage (did you mean usecases?)"),
    ],
)
def test_check_and_every_other_command_say_the_same_of_what_cannot_be_used(command_line: OpenCommandLine, toml: str, said: str) -> None:
    cli = command_line(toml)
    assert said in " ".join(cli.run("config", "check", expected=2).split())
    assert said in " ".join(cli.run("plan", expected=2).split())
    assert said in " ".join(cli.run("config", "show", expected=2).split())


def test_what_is_not_known_is_a_note_and_no_error(command_line: OpenCommandLine) -> None:
    cli = command_line('openai_model = "our-own-model"\nallow_unknown_cost = true')
    found = cli.json("config", "check")
    assert found["in_order"]
    assert any("the rules of 'our-own-model' are not known" in finding for finding in levels(found, "note"))
    assert any("our-own-model has no known batch price; its costs stay unknown" in finding for finding in levels(found, "note"))


def test_connect_asks_database_and_provider(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    notes = levels(cli.json("config", "check", "--connect"), "note")
    assert any("reached; its tables are up to date" in note for note in notes)
    assert any("answers (simulated, free of charge)" in note for note in notes)
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://nobody:hidden@127.0.0.1:9/nowhere")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    found = cli.json("config", "check", "--connect", expected=2)
    assert [finding.partition(":")[0] for finding in levels(found, "error")] == ["CASEFORGE_POSTGRES_URL", "OPENAI_BASE_URL"]
    assert "hidden" not in str(found)


def test_connect_says_when_a_provider_that_bills_would_get_nothing(command_line: OpenCommandLine) -> None:
    cli = command_line(bills=True)
    assert "budget_usd: is not set, and this provider bills: it gets nothing" in levels(
        cli.json("config", "check", "--connect", expected=2), "error"
    )


def stored(cli: CommandLine) -> Any:
    found = cli.json("status")
    return [framework["stages"] for framework in found["frameworks"]], found["batches"]


def test_preview_shows_the_request_that_is_sent_and_stores_nothing(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    before = stored(cli)
    shown = cli.json("preview", "1.1.1")
    assert stored(cli) == before
    assert cli.stats()["requests_accepted"] == 0
    assert "Process: Advertise" in shown["body"]["messages"][1]["content"]
    assert shown["expected_cost_usd"] > 0
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", "--stage", "process_details")
    (sent,) = (cli.folder / "var" / "artifacts").rglob("*input.jsonl")
    assert json.loads(sent.read_text())["body"] == shown["body"]
    assert shown["node"] == "1.1.1 Advertise"


ELSEWHERE = '[stages.process_details]\nendpoint = "responses"'


def test_preview_shows_a_request_to_another_endpoint_as_it_is_sent(command_line: OpenCommandLine) -> None:
    cli = command_line(ELSEWHERE)
    cli.load_shop()
    shown = cli.json("preview", "1.1.1")
    assert shown["endpoint"] == "responses"
    said = cli.run("preview", "1.1.1")
    for part in ("instructions", "user message", "Process: Advertise", "/v1/responses", "max_output_tokens", "store"):
        assert part in said
    assert "JSON schema use_cases (--json shows it)" in cli.run("preview", "1.1.1", "--stage", "usecases")
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", "--stage", "process_details")
    (sent,) = (cli.folder / "var" / "artifacts").rglob("*input.jsonl")
    assert json.loads(sent.read_text())["body"] == shown["body"]
    assert json.loads(sent.read_text())["url"] == "/v1/responses"


def test_preview_names_the_deployment_that_is_sent(command_line: OpenCommandLine) -> None:
    cli = command_line('[provider.models]\n"our-sol" = "gpt-6.1-sol"')
    cli.load_shop()
    shown = cli.json("preview", "1.1.1")
    assert (shown["model"], shown["body"]["model"]) == ("gpt-6.1-sol", "our-sol")
    assert shown["expected_cost_usd"] > 0
    assert "our-sol, the provider's name for gpt-6.1-sol" in " ".join(cli.run("preview", "1.1.1").split())
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", "--stage", "process_details", expected=5)  # this server has none
    (sent,) = (cli.folder / "var" / "artifacts").rglob("*input.jsonl")
    assert json.loads(sent.read_text())["body"] == shown["body"]


def test_where_requests_go_is_said_where_it_matters(command_line: OpenCommandLine) -> None:
    cli = command_line(f'openai_model = "gpt-5.5-pro"\n{ELSEWHERE}\n[stages.usecases]\nmodel = "gpt-6.1-terra"')
    cli.load_shop()
    assert "gpt-5.5-pro at /v1/responses" in " ".join(cli.run("plan").split())
    assert [part["endpoint"] for part in cli.json("plan")["stages"]] == ["responses", "chat/completions"]
    listed = {model["model"]: model for model in cli.json("models", "--offline")}
    assert listed["gpt-5.5-pro"]["endpoints_used"] == {"process_details": "responses"}
    assert listed["gpt-6.1-terra"]["endpoints_used"] == {"usecases": "chat/completions"}
    assert [stage["endpoint"] for stage in cli.json("config", "show")["stages"]] == ["responses", "chat/completions"]
    noted = "gpt-5.5-pro answers at /v1/responses only; the requests of the stage process_details go there"
    assert f"caseforge.toml, line 3: openai_model: {noted}" in levels(cli.json("config", "check"), "note")


def test_a_choice_that_contradicts_the_model_names_the_line_to_change(command_line: OpenCommandLine) -> None:
    cli = command_line('openai_model = "gpt-5.5-pro"\n[stages.process_details]\nendpoint = "chat/completions"')
    cli.load_shop()
    wanted = """gpt-5.5-pro answers at /v1/responses only, not at /v1/chat/completions; write endpoint = "responses", or leave it out"""
    found = cli.json("config", "check", expected=2)
    (place,) = [finding["place"] for finding in found["findings"] if wanted in finding["says"]]
    assert place == "caseforge.toml, line 5"
    for command in (("plan",), ("generate", "--yes"), ("plan", "--keep")):
        assert f"stages.process_details.endpoint: {wanted}" in " ".join(cli.run(*command, expected=2).split())
    assert cli.stats()["batches_created"] == 0
    assert f"Would be refused: stages.process_details.endpoint: {wanted}" in " ".join(cli.run("preview", "1.1.1").split())


def test_an_endpoint_that_there_is_not_is_refused_with_those_that_there_are(command_line: OpenCommandLine) -> None:
    cli = command_line('[stages.process_details]\nendpoint = "embeddings"')
    said = " ".join(cli.run("config", "check", expected=2).split())
    assert "stages.process_details.endpoint" in said
    assert "'chat/completions' or 'responses'" in said


def test_preview_of_a_stage_whose_document_is_not_there_says_so(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    said = cli.run("preview", "1.1.1", "--stage", "usecases")
    assert "There is no content of process_details for this node yet" in said
    assert "4,500 (typical)" in said
    assert cli.json("preview", "1.1.1", "--stage", "usecases")["source_missing"]
    assert "name one" in cli.run("preview", "1.*", expected=2)
    assert "there is no stage 'poems'" in cli.run("preview", "1.1.1", "--stage", "poems", expected=2)


def test_preview_says_what_would_be_refused(command_line: OpenCommandLine) -> None:
    cli = command_line("openai_temperature = 0.2")
    cli.load_shop()
    assert "Would be refused: openai_temperature: gpt-6.1-sol is to be sent none" in cli.run("preview", "1.1.1")
    assert "openai_temperature: gpt-6.1-sol is to be sent none" in cli.run("generate", "--yes", expected=2)


def test_templates_are_written_to_begin_with_and_what_is_there_is_kept(command_line: OpenCommandLine) -> None:
    cli = command_line('templates = "ours"')
    folder = cli.folder / "ours"  # not there yet: docs/templates.md names it first, and has it written then
    cli.run("config", "templates", str(folder), "--stage", "usecases")
    assert sorted(path.name for path in (folder / "usecases").iterdir()) == ["system.jinja", "user.jinja"]
    (folder / "usecases" / "user.jinja").write_text("Ours: {{ document }}")
    said = cli.run("config", "templates", str(folder))
    assert "process_details/sections.toml" in said
    assert "usecases" not in said
    assert "already, and were left as they are." in " ".join(cli.run("config", "templates", str(folder)).split())
    assert (folder / "usecases" / "user.jinja").read_text() == "Ours: {{ document }}"
    assert [stage["own_files"] for stage in cli.json("config", "show")["stages"]][1] == ["system.jinja", "user.jinja"]


@pytest.mark.slow
def test_a_changed_template_makes_its_stage_stale_and_is_what_is_asked_then(command_line: OpenCommandLine) -> None:
    cli = command_line('templates = "ours"')
    folder = cli.folder / "ours" / "process_details"
    folder.mkdir(parents=True)
    cli.load_shop()
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1")
    (folder / "user.jinja").write_text("Write in plain words about:\n{{ context }}")
    states = [part["states"] for part in cli.json("plan", "--nodes", "1.1.1")["stages"]]
    assert states == [{"stale": 1}, {"done": 1}]
    assert "+Write in plain words about:" in cli.run("plan", "--why", "1.1.1")
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1")
    assert [part["states"] for part in cli.json("plan", "--nodes", "1.1.1")["stages"]] == [{"done": 1}, {"done": 1}]


def test_set_holds_for_one_command_and_has_a_form(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert {part["model"] for part in cli.json("--set", "openai_model=gpt-6-luna", "plan")["stages"]} == {"gpt-6-luna"}
    assert {part["model"] for part in cli.json("plan")["stages"]} == {"gpt-6.1-sol"}
    assert "not of the form KEY=VALUE" in cli.run("--set", "openai_model", "plan", expected=2)
    assert "command line (--set): openai_modle: is not a known key" in cli.run("--set", "openai_modle=x", "plan", expected=2)


def test_the_database_is_looked_after_also_where_the_configuration_is_broken(
    command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line("openai_model = ")
    assert "CASEFORGE_POSTGRES_URL is set" in cli.run("db", "stop", expected=2)
    monkeypatch.delenv("CASEFORGE_POSTGRES_URL")
    assert not cli.json("db", "status")["running"]
    assert "It was not running" in cli.run("db", "stop")


OWN_PRICE = """
openai_model = "gpt-6.2-sol"

[prices."gpt-6.2-sol"]
input = 1.2
output = 6
source = "our contract"

[prices."gpt-6.1-sol"]
input = 0.9
cached_input = 0.05
output = 4
valid_from = 2999-01-01

[prices."gpt-6-luna"]
input = 0.04
output = 0.2
"""


def test_a_price_of_ones_own_is_a_known_price(command_line: OpenCommandLine) -> None:
    cli = command_line(OWN_PRICE)
    found = cli.json("config", "check")
    assert not any("no known batch price" in finding for finding in levels(found, "warning"))
    notes = levels(found, "note")
    assert any(note.startswith("caseforge.toml, line 12: ") and "counts from 2999-01-01 on" in note for note in notes)
    assert any('prices."gpt-6-luna": is your own and counts before the price table' in note for note in notes)
    assert any('prices."gpt-6.1-sol": no stage uses gpt-6.1-sol (did you mean gpt-6.2-sol?)' in note for note in notes)
    values = {row["key"]: (row["value"], row["origin"]) for row in cli.json("config", "show")["values"]}
    assert values["prices.gpt-6.2-sol.input"] == (1.2, "caseforge.toml, line 7")
    assert "prices.gpt-6.2-sol.cached_input" not in values
    listed = {model["model"]: model for model in cli.json("models", "--offline")}
    prices = {"input": 1.2, "cached_input": 1.2, "cache_write": 1.2, "output": 6}
    assert (listed["gpt-6.2-sol"]["usd_per_million_tokens"], listed["gpt-6.2-sol"]["price_from"]) == (
        prices,
        "caseforge.toml, our contract",
    )
    assert (listed["gpt-6.1-sol"]["usd_per_million_tokens"]["input"], listed["gpt-6.1-sol"]["price_from"]) == (1, "price table")
    cli.load_shop()
    assert cli.json("plan")["expected_cost_usd"] > 0


def test_without_one_the_check_says_how_to_give_it(command_line: OpenCommandLine) -> None:
    found = command_line('openai_model = "gpt-6.2-sol"').json("config", "check")
    assert any('A price of your own, [prices."gpt-6.2-sol"], makes it known' in finding for finding in levels(found, "warning"))


def test_prices_come_from_variables_and_the_command_line_too(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_PRICES", '{"gpt-6.2-sol" = {input = 1.20, output = 6}}')
    for arguments in ((), ("--set", 'prices={"gpt-6.2-sol" = {input = 1.20, output = 6}}')):
        listed = {model["model"]: model for model in cli.json(*arguments, "models", "--offline")}
        assert listed["gpt-6.2-sol"]["usd_per_million_tokens"]["output"] == 6


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("input = 1", "Field required"),
        ("input = 1\noutput = 2\ncached = 1", "is not a known key (did you mean cached_input?)"),
        ("input = -1\noutput = 2", "greater than or equal to 0"),
        ("input = 1\noutput = 2\nvalid_from = 'soon'", "valid_from"),
    ],
)
def test_a_price_that_is_none_is_refused_with_its_place(command_line: OpenCommandLine, wrong: str, said: str) -> None:
    found = command_line(f'[prices."gpt-6.2-sol"]\n{wrong}').json("config", "check", expected=2)
    (error,) = levels(found, "error")
    assert error.startswith("caseforge.toml, line ")
    assert said in error
