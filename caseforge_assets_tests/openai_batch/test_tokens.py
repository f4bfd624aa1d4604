"""Tokens instead of a key: sent as they are, renewed before they end and when one is refused, never twice for a creation, never in a text."""

from __future__ import annotations

import base64
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caseforge_assets.openai_batch import tokens as tokens_module
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderStopped, ProviderUnclear
from caseforge_assets.openai_batch.tokens import TokenOrigin, Tokens
from caseforge_assets.redaction import redact
from caseforge_assets_tests.openai_batch.provider import BATCH, FILE, Provider, answering

EARLY = datetime(2026, 1, 1, tzinfo=UTC)
# Prints the first line of a file and takes it away, so that each call gets another token, and counts its calls.
PRINTER = "import sys,pathlib; p=pathlib.Path(sys.argv[1]); a,_,b=p.read_text().partition('\\n'); p.write_text(b or a); print(a)"


def jwt(name: str, ends: float) -> str:
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")  # noqa: E731
    return f"{part({'alg': 'none'})}.{part({'exp': int(ends), 'sub': name})}.{name * 6}"


@pytest.fixture
def printed(tmp_path: Path) -> Callable[..., TokenOrigin]:
    def origin(*texts: str, **more: object) -> TokenOrigin:
        (tmp_path / "tokens").write_text("\n".join(texts))
        return TokenOrigin((sys.executable, "-c", PRINTER, str(tmp_path / "tokens")), folder=tmp_path, **more)  # type: ignore[arg-type]

    return origin


@pytest.fixture
def guarded() -> Iterator[Provider]:
    """Takes the tokens in `takes` alone."""
    with answering() as provider:
        yield provider


def takes(provider: Provider, *values: str, refuses: Callable[[str], bool] = lambda _call: False) -> None:
    def answer(call: str) -> tuple[int, object]:
        if provider.keys[-1] not in [f"Bearer {value}" for value in values] or refuses(call):
            return 401, {"error": {"message": "The token is not valid.", "code": "401"}}
        if call.startswith("GET /v1/batches?") or call == "GET /v1/models":
            return 200, {"data": [BATCH] if "batches" in call else [], "has_more": False}
        return 200, FILE if "/files" in call else BATCH

    provider.answers = answer


def client(provider: Provider, origin: TokenOrigin) -> BatchClient:
    return BatchClient(provider.base_url, Tokens(origin), timeout_s=5)


def test_a_token_is_sent_as_bearer_and_is_a_secret(
    guarded: Provider, printed: Callable[..., TokenOrigin], caplog: pytest.LogCaptureFixture
) -> None:
    token = jwt("first", time.time() + 3600)
    takes(guarded, token)
    with caplog.at_level(logging.DEBUG):
        client(guarded, printed(token, "never")).probe()
    assert guarded.keys == [f"Bearer {token}"]
    assert token not in redact(f"the header was Bearer {token}")
    assert token not in caplog.text


def test_a_token_that_looks_like_none_is_a_secret_too(guarded: Provider, printed: Callable[..., TokenOrigin]) -> None:
    token = "Wholly.Opaque.Words.Of.One.Caller"
    takes(guarded, token)
    assert token in redact(f"before it is known: {token}")
    assert [batch["id"] for batch in client(guarded, printed(token)).list_batches(EARLY)] == [BATCH["id"]]
    assert token not in redact(f"it said {token}")


@pytest.mark.parametrize("form", ["plain", "json", "az", "text"])
def test_what_is_printed_may_be_the_token_or_json_that_has_it(printed: Callable[..., TokenOrigin], form: str) -> None:
    said = {
        "plain": "secret-token-0123456789",
        "json": json.dumps({"access_token": "secret-token-0123456789", "expires_on": int(time.time()) + 900}),
        "az": json.dumps({"accessToken": "secret-token-0123456789", "expiresOn": "2026-11-29 08:00:00.000000", "tokenType": "Bearer"}),
        "text": '"secret-token-0123456789"',
    }
    assert Tokens(printed(said[form], "never")).current() == "secret-token-0123456789"


def test_it_is_renewed_before_it_ends(printed: Callable[..., TokenOrigin]) -> None:
    now = 1_800_000_000.0
    first, second = jwt("first", now + 3600), jwt("second", now + 7200)
    clock = [now]
    tokens = Tokens(printed(first, second, "third"), lambda: clock[0])
    assert tokens.current() == first
    clock[0] = now + 3600 - 301
    assert tokens.current() == first
    clock[0] = now + 3600 - 300
    assert tokens.current() == second


def test_one_that_does_not_say_when_it_ends_is_asked_for_again_soon(printed: Callable[..., TokenOrigin]) -> None:
    clock = [1_800_000_000.0]
    tokens = Tokens(printed("token-one-1", "token-two-2", "three"), lambda: clock[0])
    assert tokens.current() == "token-one-1"
    clock[0] += tokens_module.UNKNOWN_LIFETIME_S
    assert tokens.current() == "token-two-2"
    longer = Tokens(printed("token-one-1", "token-two-2", lifetime_s=86_400), lambda: clock[0])
    assert longer.current() == "token-one-1"
    clock[0] += 80_000
    assert longer.current() == "token-one-1"


def test_a_command_that_fails_leaves_the_token_that_lasts_still(tmp_path: Path) -> None:
    clock, script = [1_800_000_000.0], tmp_path / "script.py"
    token = jwt("first", clock[0] + 3600)
    script.write_text(f"print({token!r})")
    tokens = Tokens(TokenOrigin((sys.executable, str(script))), lambda: clock[0])
    assert tokens.current() == token
    script.write_text("raise SystemExit('no network')")
    clock[0] += 3500
    assert tokens.current() == token
    clock[0] += 200
    with pytest.raises(ProviderUnclear, match=r"token_command .*failed with exit code 1: no network"):
        tokens.current()


@pytest.mark.parametrize("call", ["upload", "list", "download", "retrieve", "cancel"])
def test_a_refused_token_is_renewed_and_the_call_sent_again(
    guarded: Provider, printed: Callable[..., TokenOrigin], tmp_path: Path, call: str
) -> None:
    old, new = jwt("old", time.time() + 3600), jwt("new", time.time() + 3600)
    takes(guarded, new)
    asked = client(guarded, printed(old, new, "never"))
    (tmp_path / "input.jsonl").write_text("{}\n" * 10_000)
    calls: dict[str, Callable[[], object]] = {
        "upload": lambda: asked.upload(tmp_path / "input.jsonl", "caseforge-s.jsonl"),
        "list": lambda: list(asked.list_batches(EARLY)),
        "download": lambda: b"".join(asked.download("file-1")),
        "retrieve": lambda: asked.retrieve("batch_1"),
        "cancel": lambda: asked.cancel("batch_1"),
    }
    assert calls[call]()
    assert guarded.keys == [f"Bearer {old}", f"Bearer {new}"]
    assert len({sent.body for sent in guarded.sent}) == 1


def test_a_token_that_is_refused_and_stays_the_same_is_sent_once(guarded: Provider, printed: Callable[..., TokenOrigin]) -> None:
    token = jwt("old", time.time() + 3600)
    takes(guarded)
    with pytest.raises(ProviderStopped, match="HTTP 401"):
        client(guarded, printed(token)).probe()
    assert len(guarded.calls) == 1


def test_a_creation_is_sent_once_and_unclear_when_its_token_had_ended(guarded: Provider, printed: Callable[..., TokenOrigin]) -> None:
    old, new = jwt("old", time.time() + 3600), jwt("new", time.time() + 3600)
    takes(guarded, new)
    asked = client(guarded, printed(old, new, "never"))
    with pytest.raises(ProviderUnclear, match="the token had ended, and is renewed"):
        asked.create("file-1", "/v1/chat/completions", "s")
    assert [call for call in guarded.calls if call == "POST /v1/batches"] == ["POST /v1/batches"]
    assert asked.create("file-1", "/v1/chat/completions", "s")["id"] == "batch_1"
    assert guarded.keys[-1] == f"Bearer {new}"


def test_a_creation_that_is_refused_with_a_token_that_is_taken_stops(guarded: Provider, printed: Callable[..., TokenOrigin]) -> None:
    old, new = jwt("old", time.time() + 3600), jwt("new", time.time() + 3600)
    takes(guarded, old, new, refuses=lambda call: call.startswith("POST"))
    with pytest.raises(ProviderStopped):
        client(guarded, printed(old, new, "never")).create("file-1", "/v1/chat/completions", "s")
    assert [call for call in guarded.calls if call.startswith("POST")] == ["POST /v1/batches"]


def test_threads_that_are_refused_together_renew_once(guarded: Provider, printed: Callable[..., TokenOrigin]) -> None:
    names = [jwt(f"token{number}", time.time() + 3600) for number in range(6)]
    takes(guarded, *names[1:])
    asked = client(guarded, printed(*names))
    start = threading.Barrier(8)

    def look() -> str:
        start.wait()
        return str(asked.retrieve("batch_1")["id"])

    with ThreadPoolExecutor(8) as pool:
        assert {future.result() for future in [pool.submit(look) for _ in range(8)]} == {"batch_1"}
    assert set(guarded.keys) <= {f"Bearer {name}" for name in names[:2]}


def test_a_file_is_read_again_when_it_changes_and_two_users_of_it_agree(guarded: Provider, tmp_path: Path) -> None:
    file = tmp_path / "token"
    old, new = jwt("old", time.time() + 3600), jwt("new", time.time() + 3600)
    file.write_text(f"{old}\n")
    takes(guarded, old, new)
    clients = [client(guarded, TokenOrigin(file=file)) for _ in range(2)]
    for asking in clients:
        asking.probe()
    file.with_name("next").write_text(new)
    file.with_name("next").replace(file)
    for asking in clients:
        asking.probe()
    assert guarded.keys == [f"Bearer {old}"] * 2 + [f"Bearer {new}"] * 2


def test_a_file_that_is_renewed_late_is_read_again_after_a_refusal(guarded: Provider, tmp_path: Path) -> None:
    file = tmp_path / "token"
    old, new = jwt("old", time.time() - 60), jwt("new", time.time() + 3600)
    file.write_text(old)
    takes(guarded, new)
    asked = client(guarded, TokenOrigin(file=file))
    with pytest.raises(ProviderStopped):
        asked.probe()
    file.write_text(new)
    asked.probe()


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (TokenOrigin(("no-such-command-here",)), r"provider.token_command \(no-such-command-here\) cannot be used"),
        (TokenOrigin(file=Path("/no/such/file")), r"provider.token_file \(/no/such/file\) cannot be used"),
        (TokenOrigin((sys.executable, "-c", "")), "gives no token"),
        (TokenOrigin((sys.executable, "-c", "print('please log in')")), "gives no token"),
        (TokenOrigin((sys.executable, "-c", 'print(\'{"error": "x"}\')')), "gives no token"),
    ],
)
def test_what_gives_no_token_stops_and_says_so(guarded: Provider, origin: TokenOrigin, said: str) -> None:
    with pytest.raises(ProviderStopped, match=said):
        client(guarded, origin).probe()
    assert guarded.calls == []


def test_a_command_that_hangs_is_left(guarded: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "COMMAND_TIMEOUT_S", 0.2)
    with pytest.raises(ProviderUnclear, match="gave no token within"):
        client(guarded, TokenOrigin((sys.executable, "-c", "import time; time.sleep(60)"))).probe()
