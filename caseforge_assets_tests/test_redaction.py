"""Secrets are masked wherever a text may be kept or shown."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from urllib.parse import quote

import pytest

from caseforge_assets.redaction import (
    MASK,
    RedactingFilter,
    guard_process,
    know_secrets,
    mask_bytes,
    mask_stream,
    mask_values,
    masks,
    redact,
    redact_file,
    redact_object,
    shown_database,
    without_login,
)
from caseforge_assets.settings.secrets import secrets_in

KEY = "sk-proj-Ab12_Cd34-Ef56"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Incorrect API key provided: {KEY}.", KEY),
        (f"Authorization: Bearer {KEY}", KEY),
        ("{'Authorization': 'Bearer abc.def.ghi'}", "abc.def.ghi"),
        ('{"authorization": "Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
        ("headers: bearer hidden-token", "hidden-token"),
        ("api_key=hidden123 was refused", "hidden123"),
        ('"api-key": "hidden123"', "hidden123"),
        ("postgresql+psycopg2://anna:hidden123@db.example.org:5432/caseforge", "hidden123"),
        ("postgresql://anna:hid/den123@db.example.org/caseforge", "hid/den123"),
        ("postgresql://anna:hid:den123@db.example.org/caseforge", "hid:den123"),
        ("host=db user=anna password=hidden123 dbname=x", "hidden123"),
        ("host=db password='hid den\\'123' dbname=x", "den"),
        ("postgresql://db/x?user=anna&password=hidden123", "hidden123"),
        ('{"password": "hidden123"}', "hidden123"),
        ("https://host/v1?access_token=hidden123&x=1", "hidden123"),
        ("Groq says: gsk_hidden1234567890", "gsk_hidden"),
        ("Google says: AIzaSyHidden-1234567890_abc", "AIzaSyHidden"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.hiddensignature", "hiddensignature"),
        ("Basic dXNlcjpoaWRkZW4x was refused", "dXNlcjpoaWRkZW4x"),
        ("Incorrect API key provided: abcd****wxyz.", "wxyz"),
        ("postgresql://:hidden123@db.example.org/caseforge", "hidden123"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    cleaned = redact(text)
    assert secret not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "HTTP 500: The server had an error",
        "task-force of 12",
        "a basic understanding of tokens",
        "8000 max_completion_tokens=8000",
        "**bold** text",
        "password: at least 12 characters",
        "http://127.0.0.1:8484/v1",
        "ask-1234",
        "Bear with us",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_what_is_not_secret_in_a_line_stays_readable() -> None:
    assert redact(f"creating the batch: HTTP 401: key {KEY} is wrong") == f"creating the batch: HTTP 401: key {MASK} is wrong"
    assert redact("postgresql://anna:hidden@db:5432/x") == f"postgresql://anna:{MASK}@db:5432/x"


def test_log_records_are_masked_with_their_arguments(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RedactingFilter())
    logging.getLogger("test").error("refused %s with %d", KEY, 401)
    assert caplog.messages == [f"refused {MASK} with 401"]


def test_a_logged_exception_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RedactingFilter())
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        logging.getLogger("test").exception("it failed")
    assert KEY not in caplog.text
    assert "ValueError" in caplog.text


@pytest.fixture
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets what earlier tests made known, and afterwards what this one makes known as well."""
    monkeypatch.setattr(masks, "_known", masks._Known())


VALUE = 'Gh78+Ij/90=kl m&n"ö'


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        VALUE.replace("Gh78+Ij", "GH78+iJ"),
        quote(VALUE),
        quote(VALUE, safe=""),
        quote(quote(VALUE, safe=""), safe=""),
        quote(VALUE, safe="").lower(),
        json.dumps(VALUE)[1:-1],
        json.dumps(json.dumps(VALUE))[1:-1],
        "".join(f"\\u{ord(character):04X}" for character in VALUE),
        "".join(f"%{byte:02X}" for byte in VALUE.encode()),
        VALUE.encode().hex(),
        *(base64.b64encode(f"{before}{VALUE}{after}".encode()).decode() for before in ("", "a", "ab", "abc") for after in ("", "z", "zz")),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
    ],
)
def test_a_known_value_is_masked_in_every_form(form: str) -> None:
    know_secrets([VALUE])
    for cleaned in (
        redact(f"before {form} after"),
        mask_values(f"before {form} after"),
        mask_bytes(f"before {form} after".encode()).decode(),
    ):
        assert MASK in cleaned
        assert form not in cleaned
        assert (cleaned[:7], cleaned[-6:]) == ("before ", " after")
    assert redact_object({"errors": [{form: form}], "file_id": form, "n": 1}).keys() == {"errors", "file_id", "n"}
    assert form not in str(redact_object({"errors": [{form: form}], "file_id": form}))


def test_a_program_or_template_stays_what_it_is_but_for_keys() -> None:
    program = 'connect(password=password, token=self.token)  # {"token": "x"} a****b'
    assert redact_file(program) == program
    assert redact_file(f"key = '{KEY}'") == f"key = '{MASK}'"


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("shown", ["Gh78***m&nx", "Gh7…", "Gh78+I....", "key Gh78XXXXXXXX", '****m&n"ö.'])
def test_what_a_provider_shows_of_a_known_key_is_masked(shown: str) -> None:
    know_secrets([VALUE])
    assert MASK in redact(f"Incorrect API key provided: {shown}")


@pytest.mark.usefixtures("nothing_known")
def test_a_short_value_or_a_plain_word_is_masked_as_a_word_in_messages_and_nowhere_else() -> None:
    know_secrets(["hunter2", "geheimnis", "local", "caseforge", "pw"])
    said = "hunter2, %3Dhunter2, hunter22, Geheimnis, geheimnisse, local, caseforge plan, pw"
    assert redact(said) == f"{MASK}, %3D{MASK}, hunter22, {MASK}, geheimnisse, local, caseforge plan, pw"
    assert mask_values(said) == said
    assert mask_bytes(said.encode()) == said.encode()


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_value_divided_between_chunks_is_masked_with_as_many_characters(cut: int) -> None:
    know_secrets(["abcdef-123456"])
    text = b"x" * 10 + b"abcdef-123456" + b"y" * 300
    masked = b"".join(mask_stream([text[:cut], text[cut : cut + 1], text[cut + 1 :]]))
    assert masked == b"x" * 10 + b"[secret]*****" + b"y" * 300


@pytest.mark.usefixtures("nothing_known")
def test_without_secrets_chunks_pass_as_they_are() -> None:
    assert list(mask_stream([b"one", b"two", b""])) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://anna:pw@host:8080/v1", "http://host:8080/v1"),
        ("https://token@host/v1", "https://host/v1"),
        ("http://anna:p@ss/w@rd@host/v1", "http://host/v1"),
        ("http://anna:p/w@host:8/v1", "http://host:8/v1"),
        ("http://host:80/v1/@me", "http://host:80/v1/@me"),
        ("http://[::1]:8080/v1/@x", "http://[::1]:8080/v1/@x"),
        ("https://host/v1?api-version=3&api-key=abc", f"https://host/v1?api-version=3&api-key={MASK}"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
    ],
)
def test_addresses_are_shown_without_user_information(url: str, shown: str) -> None:
    assert without_login(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://anna:hidden@db:5432/x", f"postgresql://anna:{MASK}@db:5432/x"),
        ("postgresql://anna:hid/d@en@db/x?sslmode=require", f"postgresql://anna:{MASK}@db/x?sslmode=require"),
        ("postgresql://anna:hid?den@db/x", f"postgresql://anna:{MASK}@db/x"),
        ("postgresql://anna%3Ahidden@db/x", f"postgresql://anna:{MASK}@db/x"),
        ("postgresql://anna:hid%40den@db/x", f"postgresql://anna:{MASK}@db/x"),
        ("postgresql://db/x?user=anna&password=hidden", f"postgresql://db/x?user=anna&password={MASK}"),
        ("postgresql://db/x?%70assword=hidden&sslpassword=hidden", f"postgresql://db/x?%70assword={MASK}&sslpassword={MASK}"),
        ("postgresql://anna@/x?host=/run/postgresql", "postgresql://anna@/x?host=/run/postgresql"),
        ("host=db password=hidden", "(set; not shown, because it does not begin with postgresql://)"),
    ],
)
def test_a_database_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_database(url) == shown
    if MASK in shown or "not shown" in shown:
        assert {"hidden", "hid/d@en", "hid?den", "hid@den"} & secrets_in({"CASEFORGE_POSTGRES_URL": url})


def test_what_the_environment_holds_as_secrets() -> None:
    found = secrets_in(
        {
            "OPENAI_API_KEY": "key-value-1",
            "OPENAI_BASE_URL": "https://user-4711:base%20value@host/v1?code=query-value",
            "CASEFORGE_ALERT_URLS": "slack://TokenA12345/TokenB12345/#ops mailtos://ada:mail-value@example.org?to=ops@example.org",
            "AWS_SECRET_ACCESS_KEY": "aws-value-1",
            "HTTPS_PROXY": "http://ada:proxy-value@proxy:3128",
            "SSH_PRIVATE_KEY": "/home/ada/.ssh/id",
            "OPENAI_ORG_ID": "org-4711",
            "PWD": "/home/ada",
            "CASEFORGE_MAX_ATTEMPTS": "3",
        }
    )
    assert found >= {"key-value-1", "user-4711", "base value", "query-value", "TokenA12345", "mail-value", "aws-value-1", "proxy-value"}
    assert not found & {"/home/ada/.ssh/id", "org-4711", "/home/ada", "3", "example.org", "ops@example.org", "ops", "host", "#ops"}


@pytest.mark.usefixtures("nothing_known")
def test_any_librarys_log_is_masked_when_it_is_made(caplog: pytest.LogCaptureFixture) -> None:
    know_secrets(["abcdef-123456"])
    guard_process()
    try:
        raise ValueError("abcdef-123456")
    except ValueError:
        logging.getLogger("another.library").exception("it failed with %s", {"key": "abcdef-123456"})
    assert "abcdef" not in caplog.text
    assert caplog.text.count(MASK) >= 2


def test_the_traceback_that_ends_a_process_is_masked() -> None:
    program = "from caseforge_assets.settings.environment import read_environment; read_environment(); raise ValueError('abcdef-123456')"
    ended = subprocess.run([sys.executable, "-c", program], env={"OPENAI_API_KEY": "abcdef-123456"}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert f"ValueError: {MASK}" in ended.stderr
    assert "abcdef" not in ended.stderr.splitlines()[-1]
