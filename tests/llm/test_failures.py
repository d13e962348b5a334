"""What a provider's failure is taken for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import errors
from bot.llm import failures as faults

NOW = 1_790_000_000.0


def body(message: str = "oops", **error: object) -> bytes:
    return json.dumps({"error": {"message": message, **error}}).encode()


def from_response(status: int, document: bytes = b"", **headers: str) -> errors.ModelError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return faults.from_response("m", status, named, document, now=NOW)


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (400, body("x/y is not a valid model ID"), errors.ModelNotFoundError),
        (400, body("This model's maximum context length is 4096 tokens"), errors.ContextTooLongError),
        (400, body(metadata={"error_type": "context_length_exceeded"}), errors.ContextTooLongError),
        (400, body(metadata={"error_type": "content_policy_violation"}), errors.ModerationError),
        (403, body(metadata={"patterns": ["x"]}), errors.ModerationError),
        (403, b"", errors.PermissionDeniedError),
        (404, body('model "llama9" not found'), errors.ModelNotFoundError),
        (429, body(type="insufficient_quota"), errors.PaymentError),
        (429, b"slow down", errors.RateLimitedError),
        (418, b"{}", errors.BadRequestError),
        (507, b"[1, 2]", errors.ProviderUnavailableError),
    ],
)
def test_status_and_metadata_decide(status: int, document: bytes, kind: type[errors.ModelError]):
    """OpenRouter's own discriminators come before the status, the status before the message."""
    failure = from_response(status, document)
    assert type(failure) is kind
    assert failure.status == status


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        ({"retry_after": "7"}, {}, 7),
        ({"retry_after": "Mon, 21 Sep 2026 13:34:20 GMT"}, {}, 1_789_997_660 - NOW + 0),
        ({"retry_after": "soon"}, {}, None),
        ({"retry_after": "nan"}, {}, None),
        ({"retry_after": "-3"}, {}, 0),
        ({"retry_after": "9e9"}, {}, 86_400),
        ({"retry_after": "2", "x_ratelimit_reset": "9"}, {}, 2),
        ({"x_ratelimit_reset": str(int((NOW + 30) * 1000))}, {}, 30),
        ({"x_ratelimit_reset": str(int(NOW + 40))}, {}, 40),
        ({"x_ratelimit_reset": "50"}, {}, 50),
        ({}, {"availability": {"retry_after": 11}}, 11),
        ({}, {"metadata": {"retry_after": 12}}, 12),
        ({}, {}, None),
    ],
)
def test_the_pause_a_provider_wants(headers: dict[str, str], error: dict[str, object], seconds: float | None):
    """Retry-After, then the rate limit's reset, then the error's own hint; nonsense is ignored."""
    failure = from_response(429, body(**error), **headers)
    expected = None if seconds is None else max(0.0, seconds)
    assert failure.retry_after == (expected if expected is None else pytest.approx(expected, abs=1))


def test_a_reset_beside_another_failure_is_no_wait():
    """A 503 that happens to carry rate-limit headers is tried again soon."""
    assert from_response(503, b"", x_ratelimit_reset="3600").retry_after is None


def test_a_rate_limit_inside_a_stream_brings_its_headers_along():
    """OpenRouter puts them into the error's metadata."""
    error = {"code": 429, "metadata": {"headers": {"X-RateLimit-Reset": str(int((NOW + 9) * 1000))}}}
    assert faults.from_event("m", error, now=NOW).retry_after == pytest.approx(9)


def test_a_provider_may_say_that_trying_again_is_useless():
    """`availability.retryable` overrules the status."""
    assert from_response(503).retryable
    assert not from_response(503, body(availability={"retryable": False})).retryable


PROMPT = "my private zebra about Ann"
QUOTING = {
    "message": PROMPT,
    "type": PROMPT,
    "param": PROMPT,
    "code": PROMPT,
}
QUOTED = {
    "raw": json.dumps({"error": {"message": f"unsupported parameter temperature: {PROMPT}"}}),
    "error_type": PROMPT,
    "provider_name": PROMPT,
    "flagged_input": PROMPT,
    "headers": {"Retry-After": PROMPT},
}


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("without", [(), ("flagged_input",), ("flagged_input", "raw")])
def test_what_a_provider_quotes_goes_no_further(status: int, without: tuple[str, ...]):
    """Whatever field of whatever refusal quotes the prompt, before or in the stream: the log has none of it."""
    error = {**QUOTING, "metadata": {key: value for key, value in QUOTED.items() if key not in without}}
    told = from_response(status, json.dumps({"error": error}).encode())
    inside = faults.from_event("m", {**error, "code": status}, now=NOW)
    nameless = faults.from_event("m", error, now=NOW)
    for failure in (told, inside, nameless, faults.broken(inside)):
        for word in ("private", "zebra", "Ann"):
            assert word not in failure.detail + failure.sentence + str(failure) + repr(failure)


@pytest.mark.parametrize("error", [PROMPT, [PROMPT], {"message": [PROMPT]}, {"message": {"error": PROMPT}}])
def test_an_error_that_is_only_a_text_is_not_quoted_either(error: object):
    """Some servers send a sentence in place of an error."""
    assert faults.from_event("m", error, now=NOW).detail == ""


def test_the_detail_has_codes_and_names():
    """Enough for the owner to look the failure up."""
    metadata = {"error_type": "provider_overloaded", "provider_name": "Google AI Studio", "raw": "x" * 9999}
    failure = from_response(503, body("oops", code="server_error", metadata=metadata))
    assert failure.detail == "HTTP 503 server_error provider_overloaded Google AI Studio"


def test_a_broken_connection_is_told_by_type_and_system():
    """Aiohttp's own text may quote the bytes it could not read."""
    assert faults.from_connection("m", ValueError(PROMPT)).detail == "ValueError"
    assert faults.from_connection("m", OSError(PROMPT)).detail == "OSError"
    error = ConnectionRefusedError(111, "Connection refused")
    assert faults.from_connection("m", error).detail == "ConnectionRefusedError: Connection refused"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda j: st.lists(j) | st.dictionaries(
    st.sampled_from(["error", "code", "metadata", "message", "availability", "headers", "retry_after"]), j)),
    st.integers(300, 599))  # fmt: skip # many to a line
def test_no_document_is_too_odd(document: object, status: int):
    """Whatever a server sends, the result is a failure with a sentence."""
    told = faults.from_response("m", status, {}, json.dumps(document).encode(), now=NOW)
    assert told.sentence
    assert faults.from_event("m", document, now=NOW).sentence
