"""The event stream as it is on the wire: what it said, and how it ended."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.core.errors import EmptyAnswerError, GarbledAnswerError, StreamBrokenError
from bot.core.events import FinishReason, Usage
from bot.core.units import NANO
from bot.llm import failures as faults
from bot.llm.documents import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.errors import ModelError
    from bot.core.ports import Clock

# OpenAI's finish reasons. A reason that is not among them ends an answer like `stop`; its own name is kept.
FINISHES = {
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_SURROGATES = re.compile("[\ud800-\udfff]")


class Kind(StrEnum):
    """What a delta adds to; the values are the delta's keys as litellm knows them."""

    TEXT = "content"
    REASONING = "reasoning"


class Answer:
    """One answer, read as it arrives.

    Attributes:
        finish: the provider's finish reason; None while there is none.
        failure: what went wrong; settled once the stream is over.
        over: nothing more will come.
        spoke: some text or reasoning has arrived.
        comments: keep-alive comments seen.
    """

    def __init__(self, model: str, clock: Clock) -> None:
        self.model = model
        self.generation_id: str | None = None
        self.answered_by: str | None = None
        self.provider: str | None = None
        self.finish: str | None = None
        self.native_finish: str | None = None
        self.usage: Usage | None = None
        self.failure: ModelError | None = None
        self.over = False
        self.spoke = False
        self.comments = 0
        self._clock = clock
        self._has_text = False
        self._garbled = 0
        self._line = b""
        self._half = ""  # the first half of a character that was cut in two

    @property
    def reason(self) -> FinishReason:
        return FINISHES.get(self.finish or "", FinishReason.STOP)

    def feed(self, data: bytes) -> list[tuple[Kind, str]]:
        """Read the next bytes of the event stream and give the words in them."""
        words: list[tuple[Kind, str]] = []
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._read_payload(line[5:].strip(), words)
            elif line.startswith(b"{"):  # some servers break an error into the stream as it is
                self._read_payload(line.strip(), words)
            else:
                self.comments += line.startswith(b":")
        return words

    def _read_payload(self, payload: bytes, words: list[tuple[Kind, str]]) -> None:
        if self.over:
            return
        if payload == b"[DONE]":
            self.end()
        elif payload.startswith(b"{"):
            try:
                document = json.loads(payload)
            except ValueError:
                # There may have been words in it, so the answer goes on but must not pass for whole.
                self._garbled += 1
            else:
                self._read_document(document, words)

    def _read_document(self, document: Mapping[str, Any], words: list[tuple[Kind, str]]) -> None:
        if self.provider is None or "usage" in document:
            self._note(document)
        choices = document.get("choices")
        choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
        finish = choice.get("finish_reason")
        error = document.get("error") or choice.get("error")
        if error or finish == "error":
            self._fail(error or {"message": choice.get("native_finish_reason") or "finish reason error"})
            return
        delta = mapping(choice.get("delta") or choice.get("message"))
        if thought := delta.get("reasoning") or delta.get("reasoning_content"):
            self._say(Kind.REASONING, str(thought), words)
        if text := delta.get("content") or delta.get("refusal"):  # a refusal is what the model says, too
            self._say(Kind.TEXT, text if isinstance(text, str) else _joined(text), words)
        if finish:
            self.finish = str(finish)
            self.native_finish = choice.get("native_finish_reason")

    def _say(self, kind: Kind, text: str, words: list[tuple[Kind, str]]) -> None:
        if self._half or not text.isascii():
            text = self._recover(text)
        if text:
            self.spoke = True
            self._has_text = self._has_text or (kind is Kind.TEXT and not text.isspace())
            words.append((kind, text))

    def _note(self, document: Mapping[str, Any]) -> None:
        """Keep what an event says about the answer beside its words."""
        self.generation_id = self.generation_id or document.get("id")
        self.answered_by = document.get("model") or self.answered_by
        self.provider = document.get("provider") or self.provider
        if usage := mapping(document.get("usage")):
            self.usage = read_usage(usage)

    def _recover(self, text: str) -> str:
        """Put characters together that were cut in two, as JSON escapes can be between two deltas."""
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        text = text[: len(text) - len(self._half)]
        return (
            text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if _SURROGATES.search(text)
            else text
        )

    def _fail(self, error: object) -> None:
        if self.finish is None:
            self.stop(
                faults.from_event(self.model, error, now=self._clock.time(), generation_id=self.generation_id)
            )
        else:
            self.end()  # it had ended before; what broke came after

    def stop(self, failure: ModelError) -> None:
        """End the answer with a failure, unless it had ended."""
        if self.over:
            return
        if self.finish is None:
            failure.generation_id = self.generation_id
            self.failure = faults.broken(failure) if self.spoke else failure
        self.end()

    def end(self) -> None:
        """Nothing more will come: settle how it ended."""
        if self.over:
            return
        self.over = True
        if self.failure is None and (kind := self._missing()):
            self.failure = kind(model=self.model, generation_id=self.generation_id)

    def _missing(self) -> type[ModelError] | None:
        """What an answer that ended without an error lacks; None where it is whole."""
        if self.finish is None:
            return StreamBrokenError if self.spoke else EmptyAnswerError
        if self._garbled:
            return GarbledAnswerError
        return EmptyAnswerError if self.reason is FinishReason.STOP and not self._has_text else None


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Usage as OpenAI words it; OpenRouter adds the cost, in dollars."""
    cost = usage.get("cost")
    return Usage(
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        cached_tokens=_count(mapping(usage.get("prompt_tokens_details")), "cached_tokens"),
        reasoning_tokens=_count(mapping(usage.get("completion_tokens_details")), "reasoning_tokens"),
        cost_nano_usd=round(cost * NANO) if isinstance(cost, int | float) else None,
    )


def _count(document: Mapping[str, Any], key: str) -> int:
    value = document.get(key)
    return value if isinstance(value, int) else 0


def _joined(parts: object) -> str:
    """The text of a content that is a list of parts."""
    if not isinstance(parts, list):
        return ""
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))
