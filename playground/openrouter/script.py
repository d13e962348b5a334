"""What the make-believe OpenRouter answers: the scripts, the calls it took, and their documents on the wire."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TOKEN_CHARS = 4  # roughly what a token of English is


class Fault(StrEnum):
    """What goes wrong in a stream after `Script.fault_at` tokens; with 0 it is the very first event."""

    ERROR = "error"  # an error event; `Script.error_code` may be a number or a string
    ERROR_IN_CHOICE = "error_in_choice"  # the error sits inside the choice alone
    RESET = "reset"  # the connection is reset
    EOF = "eof"  # the body ends properly, without a finish reason
    STALL = "stall"  # silence
    STALL_ALIVE = "stall_alive"  # nothing but keep-alive comments
    MALFORMED = "malformed"  # a line that is not JSON; the stream goes on
    EMPTY_CHOICES = "empty_choices"  # an event with `choices: []`; the stream goes on
    NO_ANSWER = "no_answer"  # the connection is reset before any headers


@dataclass(slots=True, kw_only=True)
class Script:
    """One answer. `status` other than 200 is sent before any stream, with `body` (JSON unless a string)."""

    text: str | Sequence[str] = "Hello."
    reasoning: str | Sequence[str] = ""
    tokens_per_second: float = 60.0  # 0: flat out
    first_token_after: float = 0.0  # seconds, filled with keep-alive comments
    headers_after: float = 0.0  # seconds of silence before the status line
    keepalive: float = 0.5  # seconds between comments; 0: none, not even the first
    finish: str | None = "stop"
    native_finish: str | None = "stop"
    provider: str = "Playground"
    model: str = ""  # what answers, where that is not the model asked for
    usage: bool = True
    done: bool = True  # whether `[DONE]` is sent
    whole: str = ""  # a JSON document sent in place of the stream
    status: int = 200
    body: str | Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
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


def envelope(call: Call, script: Script) -> dict[str, Any]:
    model = {"id": call.id, "provider": script.provider, "model": script.model or call.model}
    return {**model, "object": "chat.completion.chunk", "created": int(time.time())}


def delta_of(kind: str, text: str) -> dict[str, Any]:
    if kind == "content":
        return {"role": "assistant", "content": text}
    details = [{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]
    return {"role": "assistant", "content": "", "reasoning": text, "reasoning_details": details}


def chunk(
    call: Call, script: Script, delta: Mapping[str, Any], *, finish: str | None = None, usage: object = None
) -> bytes:
    native = script.native_finish if finish else None
    choice = {
        "index": 0,
        "delta": delta,
        "finish_reason": finish,
        "native_finish_reason": native,
        "logprobs": None,
    }
    more = {"usage": usage} if usage else {}
    return server_sent({**envelope(call, script), "choices": [choice], **more})


def error_chunk(call: Call, script: Script) -> bytes:
    error = {"code": script.error_code, "message": script.error_message, "metadata": {**script.error_metadata}}
    choice: dict[str, Any] = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    if script.fault is Fault.ERROR_IN_CHOICE:
        return server_sent({**envelope(call, script), "choices": [{**choice, "error": error}]})
    return server_sent({**envelope(call, script), "error": error, "choices": [choice]})


def server_sent(document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def whole_answer(call: Call, script: Script) -> dict[str, Any]:
    text = "".join(tokens_of(script.text))
    call.sent.append((time.monotonic(), text))
    message = {"role": "assistant", "content": text, "reasoning": "".join(tokens_of(script.reasoning)) or None}
    choice = {"index": 0, "message": message, "finish_reason": script.finish}
    document = {**envelope(call, script), "object": "chat.completion", "choices": [choice]}
    return {**document, "usage": usage_of(call)} if script.usage else document


def usage_of(call: Call) -> dict[str, Any]:
    prompt, completion = max(1, sum(len(text_of(m["content"])) for m in call.messages) // 4), len(call.sent)
    cost = round(prompt * 0.15e-6 + completion * 0.6e-6, 10)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cost": cost,
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": prompt // 2},
        "cost_details": {"upstream_inference_cost": None, "upstream_inference_completions_cost": cost},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


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
