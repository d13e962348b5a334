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
    """Retry-After, then the rate limit's reset, then the error's own hint; nonsense is no wanted."""
    failure = from_response(429, body(**error), **headers)
    expected = None if seconds is None else max(0.0, seconds)
    assert failure.retry_after == (expected if expected is None else pytest.approx(expected, abs=1))


def test_a_reset_beside_another_failure_is_no_wish():
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


def test_the_detail_is_for_the_log_and_safe_there():
    """One bounded line, without keys; where the prompt is the reason, nothing that might quote it."""
    assert from_response(401, body("Key sk-or-v1-abcdef123456\nis bad " + "x" * 500)).detail.startswith(
        "Key [key] is bad"
    )
    assert len(from_response(500, body("x" * 5000)).detail) <= 160
    assert "my prompt" not in from_response(400, body("cannot parse: my prompt")).detail


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda j: st.lists(j) | st.dictionaries(
    st.sampled_from(["error", "code", "metadata", "message", "availability", "headers", "retry_after"]), j)),
    st.integers(300, 599))  # fmt: skip
def test_no_document_is_too_odd(document: object, status: int):
    """Whatever a server sends, the result is a failure with a sentence."""
    told = faults.from_response("m", status, {}, json.dumps(document).encode(), now=NOW)
    assert told.sentence
    assert faults.from_event("m", document, now=NOW).sentence
