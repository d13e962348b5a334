"""What the test OpenRouter is told to answer, and the calls it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from playground.openrouter.framing import Framing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SEARCH_USD = 0.007  # what the engine takes that the docs name first
TOKEN_CHARS = 4  # roughly what a token of English is


class Fault(StrEnum):
    """What goes wrong in a stream after `Script.fault_at` tokens; with 0 it is the very first event."""

    ERROR = "error"  # an error event; `Script.error_code` may be a number or a string
    ERROR_IN_CHOICE = "error_in_choice"  # the error is inside the choice alone
    RESET = "reset"  # the connection is reset
    EOF = "eof"  # the body ends properly, without a finish reason
    STALL = "stall"  # silence
    STALL_ALIVE = "stall_alive"  # nothing but keep-alive comments
    MALFORMED = "malformed"  # a line that is not JSON; the stream goes on
    EMPTY_CHOICES = "empty_choices"  # an event with `choices: []`; the stream goes on
    NO_ANSWER = "no_answer"  # the connection is reset before any headers


@dataclass(slots=True, kw_only=True)
class Script:
    """One answer: a stream of reasoning and text, unless `status` or `body` says otherwise.

    For what a whole model family refuses, give `OpenRouter` a `Family` instead.
    """

    text: str | Sequence[str] = "Hello."
    reasoning: str | Sequence[str] = ""
    images: Sequence[str] = ()  # data URLs, each in a delta of its own after the text
    pictures_at_end: bool = False  # in the event that ends the answer, in place of deltas of their own
    citations: Sequence[Mapping[str, Any]] = ()  # pages, as `url_citation` has them
    cited: str = "after"  # the text, `before` it, at the `end`, or in the `message` that repeats the answer
    searches: int = 0  # of the web, which are charged for
    audio: str = ""  # a delta's `audio.data`, without a transcript
    refusal: str = ""  # a delta's `refusal`
    tool: str = ""  # a tool that the model calls, offered or not
    cumulative: bool = False  # the last chunk repeats the whole answer as `message`

    tokens_per_second: float = 60.0  # 0: flat out
    first_token_after: float = 0.0  # seconds, filled with keep-alive comments
    encrypted: bool = False  # encrypted thinking in place of those comments
    headers_after: float = 0.0  # seconds of silence before the status line
    keepalive: float = 0.5  # seconds between comments; 0: none, not even the first
    framing: Framing = field(default_factory=Framing)

    finish: str | None = "stop"
    native_finish: str | None = "stop"
    provider: str = "Playground"
    model: str = ""  # what answers, where that is not the model asked for
    usage: bool = True
    usages: Sequence[Mapping[str, Any]] = ({},)  # a usage event for each, with these values in place of its own
    done: bool = True  # whether `[DONE]` is sent
    record: Mapping[str, Any] = field(default_factory=dict)  # what the generation's record says differently
    record_after: float = 0.0  # seconds from the call until `/generation` knows it

    status: int = 200
    body: str | Mapping[str, Any] | None = None  # sent in place of a stream, whatever the status
    headers: Mapping[str, str] = field(default_factory=dict)
    gzip: bool = False  # the answer is compressed, asked for or not
    fault: Fault | None = None
    fault_at: int = 0
    error_code: int | str = 502
    error_message: str = "Provider returned error"
    error_metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Call:
    """One completion request as it arrived, and what became of it. Times are `time.monotonic()`."""

    id: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    arrived_at: float
    peer: object = None  # the client's address and port
    script: Script = field(default_factory=Script)
    sent: list[tuple[float, str]] = field(default_factory=list)  # the answer's text, as written to the wire
    status: int | None = None
    disconnected_at: float | None = None
    finished: bool = False

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages", []))

    @property
    def prompt(self) -> str:
        """The newest user message's text."""
        return next((text_of(m["content"]) for m in reversed(self.messages) if m["role"] == "user"), "")

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.sent)


def usage_of(call: Call, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a call used and cost; with the last of the script's `usages`, or with other `changes`."""
    prompt, completion = max(1, sum(len(text_of(m["content"])) for m in call.messages) // 4), len(call.sent)
    cost = round(prompt * 0.15e-6 + completion * 0.6e-6 + call.script.searches * SEARCH_USD, 10)
    own: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": cost,
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": prompt // 2},
        "cost_details": {"upstream_inference_cost": None, "upstream_inference_completions_cost": cost},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    if call.script.searches:
        own["server_tool_use_details"] = {"web_search_requests": call.script.searches}
    last = call.script.usages[-1] if call.script.usages else {}
    return {**own, **(last if changes is None else changes)}


def tokens_of(text: str | Sequence[str]) -> Iterator[str]:
    if not isinstance(text, str):
        yield from text
        return
    for start in range(0, len(text), TOKEN_CHARS):
        yield text[start : start + TOKEN_CHARS]


def text_of(content: str | Sequence[Mapping[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
