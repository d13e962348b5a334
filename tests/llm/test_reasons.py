"""What a refusal means, read from where the reason stands."""

from __future__ import annotations

import json

import pytest

from bot.core import errors
from bot.llm import failures as faults

GENERIC = "Provider returned error"
POLICY = "No endpoints found matching your data policy (Free model training). Configure: https://openrouter.ai/x"
AFFORD = (
    "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only "
    "afford 512. To increase, visit https://openrouter.ai/settings/credits"
)
CONTEXT = [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "prompt is too long: 215000 tokens > 200000 maximum",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length",
    "Input is too long for requested model.",
    "Please reduce the length of the messages or completion.",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192. Given: 9000 `inputs` tokens",
]
PICTURE = [
    "Could not process image",
    "Unable to download image from the URL",
    "Invalid base64 image_url.",
    "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum",
    "You uploaded an unsupported image. Please make sure your image has one of the following formats",
    "The image was specified using the image/png media type, but the image appears to be a image/jpeg image",
]
BY_STATUS = [
    (400, "x/y is not a valid model ID", errors.ModelNotFoundError),
    (400, "Your credit balance is too low to access the Anthropic API.", errors.CreditsShortError),
    (400, "The response was filtered due to Azure OpenAI's content management policy", errors.ModerationError),
    (400, "Something about your request", errors.BadRequestError),
    (400, "User location is not supported for the API use.", errors.PermissionDeniedError),
    (400, "API key not valid. Please pass a valid API key.", errors.PermissionDeniedError),
    (402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits", errors.PaymentError),
    (402, "Prompt tokens limit exceeded: 5000 > 3000. To increase, visit ...", errors.CreditsShortError),
    (403, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/x/keys", errors.KeyLimitError),
    (403, "Your organization must be verified", errors.PermissionDeniedError),
    (404, POLICY, errors.DataPolicyError),
    (404, "No endpoints found that support image input", errors.NoPicturesError),
    (400, "The model does not support multimodal requests.", errors.NoPicturesError),
    (404, "No endpoints found for x/y.", errors.ModelNotFoundError),
    (429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000", errors.TooLargeError),
    (429, "Rate limit exceeded: free-models-per-day", errors.RateLimitedError),
]


def refusal(status: int, message: str = GENERIC, **metadata: object) -> errors.ModelError:
    document = {"error": {"code": status, "message": message, "metadata": metadata}}
    return faults.from_response("m", status, {}, json.dumps(document).encode(), now=0)


def quoted(status: int, message: str, form: int) -> errors.ModelError:
    """A refusal with its reason in `metadata.raw`, in one of the forms in which it comes."""
    document = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    forms = [
        message,
        json.dumps(document),
        json.dumps({"error": json.dumps(document)}),
        document,
        json.dumps({"detail": [{"loc": ["body"], "msg": message}]}),
        json.dumps({"message": message}),
    ]
    return refusal(status, raw=forms[form], provider_name="OpenAI")


@pytest.mark.parametrize("form", range(6))
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        *((said, errors.ContextTooLongError) for said in CONTEXT),
        *((said, errors.PictureError) for said in PICTURE),
    ],
)
def test_the_truth_behind_a_generic_message(message: str, kind: type[errors.ModelError], form: int):
    """A text, a document, or a document in a document; the same in OpenRouter's own message and in a stream."""
    assert type(quoted(400, message, form)) is kind
    assert type(refusal(400, message)) is kind
    assert type(faults.from_event("m", {"code": 400, "message": message}, now=0)) is kind
    assert not quoted(400, message, form).retryable


@pytest.mark.parametrize(("status", "message", "kind"), BY_STATUS)
def test_what_a_status_means_with_these_words(status: int, message: str, kind: type[errors.ModelError]):
    """Each has its own sentence, and says who can do something about it."""
    failure = refusal(status, message)
    assert type(failure) is kind
    assert failure.detail.startswith(f"HTTP {status}")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_the_providers_own_trouble_stays_that(status: int):
    """A 5xx is tried again, whatever it quotes."""
    assert type(refusal(status, CONTEXT[0])) is errors.ProviderUnavailableError


@pytest.mark.parametrize(
    ("code", "own", "behind"),
    [
        ("insufficient_quota", errors.PaymentError, errors.ProviderQuotaError),
        ("invalid_api_key", errors.AuthenticationError, errors.PermissionDeniedError),
    ],
)
def test_the_account_of_the_provider_behind_closes_nothing_to_others(
    code: str, own: type[errors.ModelError], behind: type[errors.ModelError]
):
    """The same code is about the bot's own account only where nobody stands behind it."""
    told = {"code": code, "message": "You exceeded your current quota"}
    assert type(faults.from_event("m", told, now=0)) is own
    for metadata in ({"provider_name": "OpenAI"}, {"raw": "no"}):
        assert type(faults.from_event("m", {**told, "metadata": metadata}, now=0)) is behind


def test_the_quota_of_the_provider_behind_is_not_the_bots():
    """It's waited out like a rate limit, and no question of credits."""
    for said in (
        "Quota exceeded for aiplatform.googleapis.com",
        "x/y is temporarily rate-limited upstream",
        '{"error": {"status": "RESOURCE_EXHAUSTED"}}',
    ):
        failure = refusal(429, raw=said, provider_name="Google")
        assert type(failure) is errors.ProviderQuotaError
        assert failure.retryable
    assert "HTTP 429 Google quota of the provider behind" in failure.detail


def test_a_key_that_the_provider_behind_rejects_is_not_the_bots():
    """It closes that model alone."""
    assert type(refusal(401, raw="Invalid API key", provider_name="OpenAI")) is errors.PermissionDeniedError
    for status in (400, 403):
        failure = refusal(status, raw="API key not valid. Please pass a valid API key.", provider_name="Google")
        assert type(failure) is errors.PermissionDeniedError
    assert type(refusal(401, "No auth credentials found")) is errors.AuthenticationError


LIMIT = "maximum context length is 8192 tokens"


@pytest.mark.parametrize(
    ("message", "room"),
    [
        ("`inputs` tokens + `max_new_tokens` must be <= 8192. Given: 5000 `inputs` tokens and 4096", 8110 - 5000),
        (
            f"This endpoint's {LIMIT}. You requested about 9000 tokens (5000 of text input, 4000 in the output).",
            3110,
        ),
        (f"This model's {LIMIT}. You requested 9000 tokens (5000 in the messages, 4000 in the completion).", 3110),
        (f"'max_tokens' is too large: 4096. This model's {LIMIT} and your request has 5000 input tokens.", 3110),
        ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input", 8000),
        (f"This model's {LIMIT}. However, your messages resulted in 9000", None),
        ("prompt is too long: 215000 tokens > 200000 maximum", None),
    ],
)
@pytest.mark.parametrize("form", range(6))
def test_how_much_room_a_prompt_leaves(message: str, room: int | None, form: int):
    """Where it's the answer that doesn't fit, a shorter one does."""
    for failure in (refusal(400, message), quoted(400, message, form)):
        assert isinstance(failure, errors.ContextTooLongError)
        assert failure.room_tokens == room


SPOKEN = ("Insufficient credits", "invalid api key", "Key limit exceeded", "quota", "maximum context length")


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("words", SPOKEN)
def test_words_that_may_be_the_prompts_close_nothing(status: int, words: str):
    """A refusal may quote what was asked; neither the key nor the model is closed to others for it."""
    failure = refusal(status, f"cannot parse: {words}")
    closing = errors.AuthenticationError | errors.RateLimitedError | errors.KeyLimitError
    assert not isinstance(failure, closing)
    assert not isinstance(failure, errors.PaymentError) or isinstance(failure, errors.CreditsShortError)


def test_how_much_the_credits_pay_for():
    """The number is taken along, for asking again."""
    failure = refusal(402, AFFORD)
    assert isinstance(failure, errors.CreditsShortError)
    assert failure.affordable_tokens == 512
    assert failure.detail == "HTTP 402 can only afford 512 tokens"


@pytest.mark.parametrize(
    ("message", "part", "limit"),
    [
        ("Unsupported parameter: 'temperature' is not supported with this model.", "temperature", None),
        ("`temperature` is deprecated for this model.", "temperature", None),
        ("Unsupported value: 'temperature' does not support 0.7. Only the default (1) value", "temperature", None),
        ("Unsupported parameter: 'max_tokens' is not supported here. Use 'max_completion_tokens' instead.",
         "max_tokens", None),
        ("max_tokens is too large: 100000. This model supports at most 16384", "max_tokens", 16384),
        ("max_tokens: 100000 > 64000, which is the maximum allowed number of", "max_tokens", 64000),
        ("Range of max_tokens should be [1, 8192]", "max_tokens", 8192),
        ("`max_tokens` must be less than or equal to `8192`", "max_tokens", 8192),
        ("Invalid 'max_output_tokens': Expected a value <= 4096, but got 5000", "max_tokens", 4096),
        ("body: stream_options: Extra inputs are not permitted", "stream_options", None),
        ("Unrecognized request argument supplied: session_id", "session_id", None),
        ("System role not supported", "system", None),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", "system", None),
        ("This model does not support assistant message prefill. The conversation must end with a user message.",
         "prefill", None),
        ("When `thinking` is enabled, a final `assistant` message must start with a thinking block",
         "prefill", None),
        ("messages: final assistant content cannot end with trailing whitespace", "prefill", None),
        ("Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
         "prefill", None),
    ],
)  # fmt: skip # many to a line
@pytest.mark.parametrize("form", range(6))
def test_the_part_that_a_model_does_not_take(message: str, part: str, limit: int | None, form: int):
    """The log names it, with the greatest value where the provider says one."""
    for failure in (refusal(400, message), quoted(400, message, form)):
        assert isinstance(failure, errors.UnsupportedPartError)
        assert (failure.part, failure.limit) == (part, limit)
        assert part in failure.detail


def test_openais_own_field_names_the_parameter():
    """`param` counts where the message doesn't name it."""
    error = {"message": "This value is not supported.", "param": "temperature", "code": "unsupported_value"}
    failure = faults.from_response("m", 400, {}, json.dumps({"error": error}).encode(), now=0)
    assert isinstance(failure, errors.UnsupportedPartError)
    assert failure.part == "temperature"


def test_a_servers_own_schema_names_the_parameter():
    """A server that checks requests by a schema names the place."""
    document = {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}
    failure = faults.from_response("m", 422, {}, json.dumps(document).encode(), now=0)
    assert isinstance(failure, errors.UnsupportedPartError)
    assert failure.part == "stream_options"


def test_a_tiny_limit_is_no_models_own():
    """Nobody can shorten everybody's answers by what they ask."""
    failure = refusal(400, "max_tokens is too large, at most 16")
    assert getattr(failure, "limit", None) is None
