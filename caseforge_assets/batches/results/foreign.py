"""Result files as other programs write them: in other encodings than UTF-8, and with lines that are no results.

An encoding is told by the first bytes; of other lines it is said in words for people what they are.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

# UTF-32 first: its little-endian mark begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Without a mark: which of the first four bytes are NUL, where the text begins with two ASCII characters (RFC 4627, section 3).
_NULS = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
_ZSTD = b"\x28\xb5\x2f\xfd"
_BINARY = {
    b"\x1f\x8b": "it is compressed with gzip: unpack it first (gunzip)",
    b"PK\x03\x04": "it is a zip archive or an Excel workbook: unpack it first, and give the .jsonl file",
    b"BZh": "it is compressed with bzip2: unpack it first (bunzip2)",
    b"\xfd7zXZ": "it is compressed with xz: unpack it first (unxz)",
    _ZSTD: "it is compressed with zstd: unpack it first (zstd -d)",
    b"%PDF": "it is a PDF",
    b"PAR1": "it is a Parquet file",
}
_REQUEST = "a request, as it is sent (of a batch's input file); the answers are in its output file"
_BY_KEYS = (
    ({"modelInput"}, "a record of Amazon Bedrock's batch inference"),
    ({"modelOutput"}, "a record of Amazon Bedrock's batch inference"),
    ({"framework_key", "fingerprint"}, "a line of a manifest of CaseForge"),
    ({"method", "url"}, _REQUEST),
    ({"messages"}, "an example for training"),
)


def foreign_file(start: bytes) -> str | None:
    """Tell what a file is that cannot be one of result lines.

    Args:
        start: Its first bytes, some hundred or more where there are as many.

    Returns:
        What it is and what to do; None where it may be one.
    """
    if not start.strip():
        return "it is empty"
    for magic, what in _BINARY.items():
        if start.startswith(magic):
            return what
    recoded, encoding = as_utf_8([start])
    if encoding is None and b"\x00" in start[:64]:
        return "it holds bytes that are no text: look at how it was saved"
    start = b"".join(recoded)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        return "it is a web page or XML, such as a login or an error page that was saved: download the file again"
    of_objects = text.startswith(b"[") and text[1:].lstrip()[:1] in (b"{", b"")
    return "it is one JSON array; result files have one JSON object a line" if text.startswith(b"[") and not of_objects else None


def foreign_line(line: Mapping[str, object]) -> str | None:
    """Tell what a JSON object is that is no result line of chat completions or responses.

    Args:
        line: The object.

    Returns:
        What it is; None where it is a result line.
    """
    response = line.get("response")
    if response is None and line.get("error") is None:
        return _without_response(line)
    if not isinstance(response, Mapping):
        return None if line.get("error") is not None else "a line whose response is no object"
    if "candidates" in response or "usageMetadata" in response:
        return "a result of Gemini's batches"
    body = response.get("body")
    return _foreign_body(body) if isinstance(body, Mapping) else None


def _without_response(line: Mapping[str, object]) -> str:
    result = line.get("result")
    if isinstance(result, Mapping) and ("message" in result or result.get("type") in {"succeeded", "errored", "canceled", "expired"}):
        return "a result of Anthropic's message batches"
    if line.get("object") == "batch":
        return "the description of a batch, not its result"
    known = (what for keys, what in _BY_KEYS if keys <= line.keys())
    return next(known, "a line with neither a response nor an error")


def _foreign_body(body: Mapping[str, object]) -> str | None:
    """Tell which endpoint's answer a body is, where it is none of chat completions or responses, and no error."""
    if not body or body.get("error") is not None or body.get("object") == "response" or "output" in body:
        return None
    choices, data = body.get("choices"), body.get("data")
    if isinstance(choices, list):
        texts = [choice for choice in choices if isinstance(choice, Mapping) and "text" in choice and "message" not in choice]
        return "an answer of /v1/completions" if texts else None
    if body.get("type") == "message" and "content" in body:
        return "a message of Anthropic's API"
    if isinstance(data, list):
        first = data[0] if data and isinstance(data[0], Mapping) else {}
        return "an answer of /v1/embeddings" if "embedding" in first else "an answer that is a list of data, such as images"
    if isinstance(body.get("results"), list):
        return "an answer of /v1/moderations"
    if "candidates" in body:
        return "a result of Gemini's batches"
    return f"an answer of an unknown kind, with {', '.join(sorted(map(str, body))[:5])}"


def encoding_of(start: bytes) -> str | None:
    """Tell the encoding of a file that is not in UTF-8.

    Args:
        start: Its first bytes, four or more where there are as many.

    Returns:
        A codec's name; None where it may be UTF-8.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    return _NULS.get(tuple(byte == 0 for byte in start[:4]))  # type: ignore[arg-type]


def as_utf_8(chunks: Iterable[bytes]) -> tuple[Iterator[bytes], str | None]:
    """Give a file's bytes as UTF-8, and the name of its own encoding; None where it was that already.

    Args:
        chunks: The file's bytes. One chunk is held at a time.
    """
    rest = iter(chunks)
    start = b""
    for chunk in rest:
        start += chunk
        if len(start) >= 4:
            break
    encoding = encoding_of(start)
    whole = chain([start], rest)
    return (whole, None) if encoding is None else (_recoded(whole, encoding), encoding.upper().removesuffix("-LE").removesuffix("-BE"))


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", errors="replace")
    yield decoder.decode(b"", final=True).encode("utf-8", errors="replace")
