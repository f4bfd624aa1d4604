"""Reading result lines, whatever they look like; writing request lines."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseforge_assets.batches.custom_id import make_custom_id
from caseforge_assets.batches.results import lines as lines_module
from caseforge_assets.batches.results.lines import ResultLine, UnreadableLine, read_lines, read_raw_lines, request_line
from caseforge_assets_tests.batches.files import USAGE, body, error_body, line, read_one, real_file, unreadable_one, write

URL = "/v1/chat/completions"


def test_a_good_line() -> None:
    assert read_one(line(body("Hello."))) == ResultLine(
        custom_id="usecases-1-2-4-r7",
        status_code=200,
        request_id="req_1",
        error_code=None,
        error_message=None,
        model="gpt-5-2025-08-07",
        response_id="chatcmpl-1",
        created=1_790_705_881,
        text="Hello.",
        refusal=None,
        finish_reason="stop",
        usage=USAGE,
        line_number=1,
    )


def test_an_error_in_the_body_and_one_in_the_line() -> None:
    in_body = read_one(line(error_body("context_length_exceeded", "Too long."), 400))
    assert (in_body.status_code, in_body.error_code, in_body.error_message, in_body.text) == (
        400,
        "context_length_exceeded",
        "Too long.",
        "",
    )
    in_line = read_one(line(None, None, error={"code": "batch_expired", "message": "Over."}))
    assert (in_line.status_code, in_line.error_code, in_line.error_message) == (None, "batch_expired", "Over.")
    without_response = read_one(b'{"custom_id": "a", "error": {"code": "batch_expired", "message": "Over."}}')
    assert without_response.error_code == "batch_expired"


def test_three_real_files_of_each_stage() -> None:
    counts = {}
    for name in ("process_details_ok", "process_details_truncated", "usecases_mixed"):
        found = list(read_lines([real_file(f"{name}.output.jsonl").read_bytes()]))
        assert all(isinstance(line, ResultLine) and line.usage and line.model == "gpt-5-2025-08-07" and not line.notes for line in found)
        counts[name] = len(found)
    assert counts == {"process_details_ok": 3, "process_details_truncated": 3, "usecases_mixed": 6}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_chunks_may_be_cut_anywhere(size: int) -> None:
    raw = write(line(body("ä😀\n")), line(body("two"))) + b"\n\nnot json\n"
    assert list(read_lines(raw[start : start + size] for start in range(0, len(raw), size))) == list(read_lines([raw]))


def test_crlf_bom_and_blank_lines() -> None:
    good = json.dumps(line(body())).encode()
    raw = b"\xef\xbb\xbf" + good + b"\r\n\r\n  \n" + good + b"\r\n\n"
    found = list(read_lines([raw]))
    assert [line.line_number for line in found] == [1, 4]
    assert all(isinstance(line, ResultLine) and not line.notes for line in found)


def test_line_separators_inside_texts_do_not_end_lines() -> None:
    raw = json.dumps(line(body("a\u2028b\u0085c\x0bd")), ensure_ascii=False).encode() + b"\n"
    assert read_one(raw).text == "a\u2028b\u0085c\x0bd"


def test_the_last_line_needs_no_line_break() -> None:
    assert read_one(write(line(body()))[:-1]).text == "Some text."


def test_a_last_line_that_is_cut_off_says_so() -> None:
    found = unreadable_one(write(line(body()))[:150])
    assert "the file seems to be cut off" in found.reason
    assert found.excerpt.startswith('{"id": "batch_req_1"')


def test_a_line_that_is_not_json_does_not_harm_its_neighbours() -> None:
    found = list(read_lines([write(line(body())) + b"<html>Bad gateway</html>\n" + write(line(body()))]))
    assert [type(line) for line in found] == [ResultLine, UnreadableLine, ResultLine]
    assert isinstance(found[1], UnreadableLine)
    assert (found[1].line_number, found[1].excerpt) == (2, "<html>Bad gateway</html>")
    assert found[1].reason.startswith("not JSON: ")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[1]\n", "not a JSON object"),
        (b'"text"\n', "not a JSON object"),
        (b"{}\n", "no custom_id"),
        (b'{"custom_id": null, "response": null}\n', "no custom_id"),
        (b'{"custom_id": ""}\n', "no custom_id"),
        (b"[" * 200_000 + b"\n", "not JSON: "),
        (b"1" * 5_000 + b"\n", "not a JSON object"),
    ],
)
def test_lines_without_sense(raw: bytes, reason: str) -> None:
    assert unreadable_one(raw).reason.startswith(reason)


def test_a_line_without_end_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINE_BYTES", 1_000)
    found = list(read_lines([b"x" * 600, b"x" * 600, b"x" * 600 + b"\n" + write(line(body()))]))
    assert [type(line) for line in found] == [UnreadableLine, ResultLine]
    assert isinstance(found[0], UnreadableLine)
    assert found[0].reason == "the line is longer than 1,000 bytes"
    assert [line.line_number for line in found] == [1, 2]


def test_a_body_that_is_a_json_string() -> None:
    found = read_one(line(json.dumps(body("Hello."))))
    assert (found.text, found.usage, found.notes) == ("Hello.", USAGE, ("The body came as a JSON string.",))
    broken = read_one(line('{"choices": '))
    assert (broken.text, broken.notes) == ("", ("The body is a string and not JSON.",))


def test_nul_and_lone_surrogates_are_replaced() -> None:
    found = read_one(line(body("a\x00b\ud800c😀")))
    assert found.text == "a\ufffdb\ufffdc😀"
    assert found.notes == ("Characters that cannot be stored were replaced.",)
    assert read_one(line(body(), custom_id="a\x00\udfff")).custom_id == "a\ufffd\ufffd"
    assert read_one(line(body("a\ufffdb"))).notes == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("size", [1, 3, 50, 100_000])
def test_other_encodings_are_read(encoding: str, size: int) -> None:
    plain = write(line(body("ä😀\nzwei"))) + b"\n" + write(line(body("two"), custom_id="b"))
    raw = plain.decode().encode(encoding)
    found = list(read_lines(raw[start : start + size] for start in range(0, len(raw), size)))
    notes = (f"The file is encoded in {encoding[:6].upper()}.",)
    assert [replace(line, notes=()) for line in found if isinstance(line, ResultLine)] == list(read_lines([plain]))
    assert {line.notes for line in found if isinstance(line, ResultLine)} == {notes}


@pytest.mark.parametrize(("raw", "meant"), [(b"\x01", "\x01"), (b"\t", "\t"), (b"\r", "\r"), (b"\x00", "\ufffd"), (b"\x1b[1m", "\x1b[1m")])
def test_control_characters_in_a_whole_line_are_read(raw: bytes, meant: str) -> None:
    found = read_one(write(line(body("before|after"))).replace(b"|", raw))
    assert found.text == f"before{meant}after"
    assert found.notes[0] == "Control characters stood in the line as they are."


def test_control_characters_around_a_line_are_nothing() -> None:
    good = write(line(body()))
    found = list(read_lines([b"\x1e" + good + b"\x00\x00\n\x1e\xef\xbb\xbf" + good[:-1] + b"\x1a\r\n"]))
    assert [line.text for line in found if isinstance(line, ResultLine)] == ["Some text."] * 2


@pytest.mark.parametrize("unseen", ["\ufeff", "\xa0", "\u200b", "\ufeff\ufeff \xa0", "\ufffd"])
def test_what_nobody_can_see_around_a_line_is_nothing(unseen: str) -> None:
    good, mark = write(line(body())).rstrip(b"\n"), unseen.encode()
    found = list(read_lines([mark + good + mark + b"\n" + mark + b"\n" + good]))
    assert [line.text for line in found if isinstance(line, ResultLine)] == ["Some text."] * 2
    assert len(found) == 2


def test_a_number_that_no_computer_counts_with_leaves_a_line_whole() -> None:
    long = json.dumps(line(body()) | {"extra": "LONG"}).replace('"LONG"', "9" * 5_000)
    assert read_one(long.encode()).text == "Some text."


@pytest.mark.parametrize(
    "deep", ["[" * 50_000 + "]" * 50_000, '{"a":' * 3_000 + "1" + "}" * 3_000, '[{"x":"}]"},' * 2_000 + "1" + "]" * 2_000]
)
def test_what_is_nested_too_deeply_leaves_the_rest_of_a_line_whole(deep: str) -> None:
    whole = json.dumps(line(body("Hello. [{") | {"extra": "DEEP"}))
    found = read_one(whole.replace('"DEEP"', deep).encode() + b"\n")
    assert (found.text, found.usage) == ("Hello. [{", USAGE)
    assert found.notes == ("Parts of the line that are nested too deeply were left out.",)
    in_string = json.dumps(json.dumps(body("Hello.") | {"extra": "DEEP"}).replace('"DEEP"', deep))
    from_string = read_one(json.dumps(line("BODY")).replace('"BODY"', in_string).encode() + b"\n")
    assert from_string.text == "Hello."
    assert "Parts of it that are nested too deeply were left out." in from_string.notes


def results(count: int = 3) -> list[dict[str, object]]:
    return [line(body(f"Grüße {number}"), custom_id=f"r{number}") for number in range(count)]


def in_one(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


APART = {
    "line ends of old Macs": "\r".join(map(in_one, results())),
    "line separators": "\u2028".join(map(in_one, results())),
    "next lines": "\x85".join(map(in_one, results())),
    "one after the other": "".join(map(in_one, results())),
    "commas between": ",\n".join(map(in_one, results())),
    "semicolons between": "; ".join(map(in_one, results())),
    "a list": in_one(results()),
    "a list over many lines": in_one(results(), 2),
    "a list with a byte order mark": "\ufeff" + in_one(results(), 2),
    "a list, a line each": "[\n" + ",\n".join(map(in_one, results())) + "\n]\n",
    "a list without end": "[" + ",".join(map(in_one, results())),
    "over many lines": "\n".join(in_one(one, 2) for one in results()),
    "over many lines of Windows": "\r\n".join(in_one(one, 1).replace("\n", "\r\n") for one in results()),
    "over many lines of old Macs": "\r".join(in_one(one, 4).replace("\n", "\r") for one in results()),
    "in an object": in_one({"object": "list", "data": results(), "has_more": False}),
    "in an object over many lines": in_one({"results": results()}, 2),
    "by name": in_one({str(one["custom_id"]): one for one in results()}),
    "strings": "\n".join(in_one(in_one(one)) for one in results()),
    "cells": "\n".join('"' + in_one(one).replace('"', '""') + '"' for one in results()),
    "numbered": "\n".join(f"{number}\t{in_one(one)}" for number, one in enumerate(results(), 1)),
    "events": "\n\n".join(f"data: {in_one(one)}" for one in results()),
    "line breaks in texts": "\n".join(in_one(one).replace("Grüße ", "Grüße\n") for one in results()),
}


@pytest.mark.parametrize("size", [7, 50, 100_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("form", APART)
def test_results_that_stand_on_no_lines_of_their_own_are_read(form: str, encoding: str, size: int) -> None:
    raw = APART[form].encode(encoding)
    found = list(read_raw_lines(raw[start : start + size] for start in range(0, len(raw), size)))
    lines = [one for _, one in found if isinstance(one, ResultLine)]
    assert [one.text.replace("\n", " ") for one in lines] == ["Grüße 0", "Grüße 1", "Grüße 2"]
    assert len(found) == 3
    assert any("The result did not stand on a line of its own." in one.notes for one in lines)
    assert len({one.line_number for one in lines}) == 3
    again = list(read_lines([b"\n".join(raw for raw, _ in found)]))  # each as a line
    assert [one.text for one in again if isinstance(one, ResultLine)] == [one.text for one in lines]


def test_what_is_broken_or_cut_spoils_nothing_around_it() -> None:
    first, second, third = map(in_one, results())
    for broken in (second[:-40], second[:60], in_one(results()[1], 1)[:-90], "[[{", '"{""custom_id"": 1}'):
        found = list(read_lines([f"{first}\n{broken}\n{third}\n".encode()]))
        assert [one.text for one in found if isinstance(one, ResultLine)] == ["Grüße 0", "Grüße 2"], broken
        assert any(isinstance(one, UnreadableLine) and one.line_number == 2 for one in found), broken
    cut = list(read_lines([in_one(results(), 2)[:-200].encode()]))
    assert [type(one) for one in cut] == [ResultLine, ResultLine, UnreadableLine]
    assert isinstance(cut[2], UnreadableLine)
    assert cut[2].is_cut
    with_more = list(read_lines([f"{first} and more\n{second}\n".encode()]))
    assert [type(one) for one in with_more] == [ResultLine, UnreadableLine, ResultLine]


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    found = read_one(write(line(body("Some text."))).replace(b"Some text.", b"Some \xff\xed\xa0\x80text."))
    assert found.text.startswith("Some \ufffd")
    assert found.notes == ("Characters that cannot be stored were replaced.",)


def test_an_answer_of_3_mb() -> None:
    text = "ä😀" * 500_000
    assert read_one(json.dumps(line(body(text)), ensure_ascii=False).encode()).text == text


@pytest.mark.parametrize(
    "response_body",
    [None, 7, [], {}, {"choices": None}, {"choices": []}, {"choices": [None]}, {"choices": [{"message": None}]}, body(None), body(5)],
)
def test_bodies_that_lack_things_have_no_text(response_body: object) -> None:
    assert read_one(line(response_body)).text == ""


JUNK: list[object] = [None, 7, "text", [], {}, [None], [7], ["text"], [{}], [[]]]


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize("field", ["output", "status", "incomplete_details", "error", "usage", "created_at", "id", "model"])
def test_responses_with_anything_anywhere_are_read(field: str, junk: object) -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": "Some text."}]}
    whole = {"object": "response", "id": "r", "created_at": 1, "model": "m", "status": "completed", "output": [message], "error": None}
    found = read_one(line(whole | {field: junk}))
    assert found.text == ("" if field == "output" else "Some text.")


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize("field", ["type", "content", "phase", "role", "status"])
def test_messages_of_a_response_with_anything_in_them_are_read(field: str, junk: object) -> None:
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Some text."}, None, 7, {"text": 5}]}
    found = read_one(line({"object": "response", "status": "completed", "output": [None, message | {field: junk}, "x"]}))
    assert found.text in ("", "Some text.", "text")
    assert found.refusal is None


def test_values_of_other_types_are_tolerated() -> None:
    found = read_one(line(body("x", created=1e300, usage=[], model=5, id={}), "200"))  # type: ignore[arg-type]
    assert (found.status_code, found.created, found.usage, found.model, found.response_id) == (200, None, None, "5", None)
    assert read_one(line(body([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, 3]))).text == "ab"
    assert read_one(line({"error": "plain words"}, 500)).error_message == "plain words"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_a_file_is_read_alike_where_its_first_byte_is_a_blank() -> None:
    """A file that begins with an object is read plainly as long as that does; one that does not, never is."""
    for name in ("process_details_ok", "process_details_truncated", "usecases_mixed"):
        raw = real_file(f"{name}.output.jsonl").read_bytes()
        assert list(read_raw_lines([raw])) == list(read_raw_lines([b" ", raw]))


LINES = st.sampled_from([write(line(body(text))).strip() for text in ("Some text.", "ä\u2028{", "a\x00b\ud800")]) | st.sampled_from(
    [
        b'{"',
        b"{}",
        b" ",
        b"]",
        b"\xef\xbb\xbf",
        b'{"custom_id": 5}\xc2\xa0',
        b'{"custom_id": "a", "response": NaN}',
        b'{"a": [{"custom_id": "b"}]}',
    ]
)


@settings(deadline=None)
@given(st.lists(LINES | st.binary(max_size=20), min_size=1, max_size=6), st.sampled_from([b"\n", b"\r\n", b"\r", b",\n", b""]))
def test_any_lines_are_read_alike_where_the_first_byte_is_a_blank(lines: list[bytes], between: bytes) -> None:
    raw = b'{"custom_id": 1}\n' + between.join(lines)
    assert list(read_raw_lines([raw])) == list(read_raw_lines([b" ", raw]))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=6))
def test_no_bytes_make_the_reader_fail(chunks: list[bytes]) -> None:
    for came in read_lines(chunks):
        assert came.line_number >= 1
        if isinstance(came, UnreadableLine):
            came.excerpt.encode()


@pytest.mark.slow
@settings(deadline=None)
@given(response=JSON, response_body=JSON, choice=JSON, error=JSON, status=JSON)
def test_no_json_makes_the_reader_fail(response: object, response_body: object, choice: object, error: object, status: object) -> None:
    shapes: list[dict[str, object]] = [
        {"custom_id": "a", "response": response, "error": error},
        {"custom_id": "a", "response": {"status_code": status, "body": response_body, "request_id": response}},
        {
            "custom_id": "a",
            "response": {"status_code": 200, "body": {"choices": [choice], "usage": error, "created": status, "error": error}},
        },
        {
            "custom_id": "a",
            "response": {"body": {"choices": [{"message": {"content": choice, "refusal": error}, "finish_reason": status}]}},
        },
    ]
    for came in read_lines([write(*shapes)]):
        assert isinstance(came, ResultLine)
        stored = "".join(
            str(value) for value in (came.text, came.refusal, came.error_code, came.error_message, came.model, came.finish_reason)
        )
        assert "\x00" not in stored
        stored.encode()


def test_a_request_line_is_one_line_of_ascii() -> None:
    request = {"model": "gpt-5", "messages": [{"role": "user", "content": "a\nb\u2028c ä😀"}]}
    raw = request_line("stage-1-r1", URL, request)
    assert raw.isascii()
    assert raw.count(b"\n") == 1
    assert raw.endswith(b"\n")
    assert json.loads(raw) == {"custom_id": "stage-1-r1", "method": "POST", "url": URL, "body": request}
    assert json.loads(request_line("stage-1-r1", URL, json.dumps(request))) == json.loads(raw)


def test_lone_surrogates_do_not_get_into_request_lines() -> None:
    raw = request_line("a", URL, {"text": "a\ud800b 😀"})
    assert json.loads(raw)["body"] == {"text": "a\ufffdb 😀"}


@given(
    stage=st.sampled_from(["process_details", "usecases", "a_stage_with_a_very_long_name_indeed_longer_than_anything_else"]),
    code=st.text(max_size=80),
    request_id=st.integers(0, 2**63 - 1),
)
def test_custom_ids_are_safe_and_end_in_the_number_of_the_request(stage: str, code: str, request_id: int) -> None:
    custom_id = make_custom_id(stage, code, request_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", custom_id)
    assert custom_id.endswith(f"-r{request_id}")


def test_custom_ids_are_readable() -> None:
    assert make_custom_id("usecases", "1.2.4", 1247) == "usecases-1-2-4-r1247"
