"""One answer as it is on the wire: what it says, and how it ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.core import errors
from bot.core.events import FinishReason
from bot.llm import failures
from bot.llm.documents import mapping
from bot.llm.stream.asides import Asides
from bot.llm.stream.deltas import Kind, Words, words_of
from bot.llm.stream.endings import BROKEN, error_in, reason_of, without_words
from bot.llm.stream.payload import documents_in
from bot.llm.stream.sse import EventParser
from bot.llm.stream.thoughts import LeadingThoughts
from bot.llm.stream.usage import read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.errors import ModelError
    from bot.core.events import Usage
    from bot.core.ports import Clock

MOST_CHARS = 4 * 2**20  # of one answer, thoughts included: about a million tokens, the most a request asks for
NAME_CHARS = 200  # of an id or a reason
DONE = "[DONE]"
_SURROGATES = re.compile("[\ud800-\udfff]")


class Answer:
    """One answer, read as it arrives.

    Attributes:
        headers: of the response, with names in lower case.
        finish: the provider's finish reason; None until there is one.
        native_finish: the same in the words of the provider behind OpenRouter.
        failure: what went wrong; settled once the answer is over.
        over: nothing more comes.
        spoke: some text or reasoning has arrived.
        has_text: some text that isn't blank has arrived.
        asides: what it brings besides its words.
    """

    def __init__(self, model: str, clock: Clock) -> None:
        self.model = model
        self.generation_id: str | None = None
        self.answered_by: str | None = None
        self.provider: str | None = None
        self.finish: str | None = None
        self.native_finish: str | None = None
        self.usage: Usage | None = None
        self.headers: Mapping[str, str] = {}
        self.failure: ModelError | None = None
        self.over = False
        self.spoke = False
        self.has_text = False
        self.asides = Asides()
        self._clock = clock
        self._events = EventParser()
        self._words: Words = []  # read and not given yet
        self._left_chars = MOST_CHARS
        self._thoughts: LeadingThoughts | None = LeadingThoughts()  # None once the answer has begun
        self._half = ""  # the first half of a character that was cut in two
        self._told: set[Kind] = set()  # kinds of words that have come in deltas
        self._messages: dict[Kind, str] = {}  # words that have come in messages
        self._garbled = False

    @property
    def reason(self) -> FinishReason:
        return reason_of(self._finish_names())

    def feed(self, data: bytes) -> Words:
        """Read the next bytes and give the words in them."""
        if not self.over:
            for name, payload in self._events.feed(data):
                self._read_event(name, payload)
            if self._events.oversized:
                self._refuse("an event")
        return self._given()

    def stop(self, failure: ModelError) -> None:
        """Nothing more comes, because of a failure, unless it had ended; `end` gives what words are left."""
        self._read_rest()
        self._end_with(failure)

    def end(self) -> Words:
        """Nothing more comes: settle how it ended, and give the last words."""
        self._read_rest()
        self._settle()
        return self._given()

    def name_generation(self, name: object) -> None:
        """Keep the id by which the provider knows this answer."""
        self.generation_id = self.generation_id or _name(name)

    def _given(self) -> Words:
        words, self._words = self._words, []
        return words

    # --- Events ---------------------------------------------------------------------------------------------

    def _read_rest(self) -> None:
        """Read an event that came whole, but without its end."""
        for name, payload in [] if self.over else self._events.close():
            self._read_event(name, payload)

    def _read_event(self, name: bytes, payload: bytes) -> None:
        if self.over:
            return
        text = payload.decode("utf-8", "replace").strip()
        if text == DONE:
            self._settle()
        elif text.startswith(("{", "[{")):
            self._read_json(text, is_error=name == b"error")
        elif name == b"error":
            self._fail({"message": text})

    def _read_json(self, text: str, *, is_error: bool) -> None:
        whole = False
        try:
            documents, whole = documents_in(text)
            for document in documents:
                self._read_document(document, is_error=is_error)
        except RecursionError:
            pass
        if self._left_chars < 0:
            self._refuse("the text")
        # There may have been words in what can't be read, so the answer goes on but mustn't pass for whole.
        self._garbled = self._garbled or not whole

    def _read_document(self, given: object, *, is_error: bool) -> None:
        if self.over:
            return
        document = mapping(given[0] if isinstance(given, list) and given else given)
        if self.answered_by is None or document.get("usage"):
            self._note(document)
        choices = document.get("choices")
        choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
        if "annotations" in choice or "annotations" in document or "citations" in document:
            for part in (choice, document):
                self.asides.read({"annotations": part.get("annotations")})
            self.asides.read_document(document)
        if delta := choice.get("delta"):
            self._read_delta(mapping(delta))
        if message := choice.get("message"):
            self._read_message(mapping(message))
        error = document.get("error") or choice.get("error") or (not choice and error_in(document, named=is_error))
        finish = choice.get("finish_reason") or choice.get("native_finish_reason")
        if error or finish:
            self._read_end(choice, error)

    def _note(self, document: Mapping[str, Any]) -> None:
        """Keep what an event says about the answer beside its words."""
        self.name_generation(document.get("id"))
        self.answered_by = _name(document.get("model")) or self.answered_by
        self.provider = _name(document.get("provider")) or self.provider
        if usage := mapping(document.get("usage")):
            self.usage = read_usage(usage, self.usage)

    def _read_end(self, choice: Mapping[str, Any], error: object) -> None:
        native = _name(choice.get("native_finish_reason"))
        finish = _name(choice.get("finish_reason")) or native or "stop"
        if error or finish.lower() in BROKEN:
            self._fail(error or {"message": native or finish})
            return
        self.finish, self.native_finish = finish, native
        if usage := mapping(choice.get("usage")):  # where Moonshot has it
            self.usage = read_usage(usage, self.usage)

    def _fail(self, error: object) -> None:
        if self.finish is None:
            now = self._clock.time()
            self._end_with(failures.from_event(self.model, error, now=now, headers=self.headers))
        else:
            self._settle()  # it had ended before; what broke came after

    def _refuse(self, what: str) -> None:
        self._end_with(errors.OversizedAnswerError(model=self.model, detail=f"{what} is too large"))

    def _end_with(self, failure: ModelError) -> None:
        if self.finish is None and not self.over:
            failure.generation_id = self.generation_id
            self.failure = failures.broken(failure) if self.spoke else failure
        self._settle()

    # --- Words ----------------------------------------------------------------------------------------------

    def _read_delta(self, delta: Mapping[str, Any]) -> None:
        for kind, text in words_of(delta):
            self._told.add(kind)
            self._say(kind, text)
        self._read_aside(delta)

    def _read_message(self, message: Mapping[str, Any]) -> None:
        """A message repeats what deltas said, or an earlier message; only what is new in it counts."""
        for kind in (Kind.REASONING, Kind.TEXT):
            text = "".join(text for its, text in words_of(message) if its is kind)
            if kind in self._told or Kind.TEXT in self._told:
                continue
            before = self._messages.get(kind, "")
            new = text.removeprefix(before)
            self._messages[kind] = before + new
            self._say(kind, new)
        self._read_aside(message)

    def _read_aside(self, part: Mapping[str, Any]) -> None:
        self.asides.read(part)
        self.spoke = self.spoke or bool(self.asides.pictures)

    def _say(self, kind: Kind, text: str) -> None:
        if self._half or not text.isascii():
            text = self._recovered(text)
        if kind is Kind.REASONING or self._thoughts is None:
            self._give(kind, text)
            return
        for its, piece in self._thoughts.feed(text):
            self._give(its, piece)
        if self._thoughts.over:
            self._thoughts = None

    def _give(self, kind: Kind, text: str) -> None:
        self._left_chars -= len(text)
        if self._left_chars < 0:
            text = text[: self._left_chars]
        if text:
            self.spoke = True
            self.has_text = self.has_text or (kind is Kind.TEXT and not text.isspace())
            self._words.append((kind, text))

    def _recovered(self, text: str) -> str:
        """Put characters together that were cut in two, as JSON escapes can be between two deltas."""
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        text = text[: len(text) - len(self._half)]
        if not _SURROGATES.search(text):
            return text
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    # --- The end --------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Nothing more is read: give what was held back, and find out what is missing."""
        if self.over:
            return
        self.over = True
        if self._half:
            self._half = ""
            self._say(Kind.TEXT, "\ufffd")
        is_complete = self.failure is None and self.finish is not None and self.reason is FinishReason.STOP
        for kind, text in self._thoughts.end(complete=is_complete) if self._thoughts else ():
            self._give(kind, text)
        if self.failure is None and (missing := self._missing()):
            self.failure = missing(model=self.model, generation_id=self.generation_id)

    def _missing(self) -> type[ModelError] | None:
        """What an answer that ended without an error lacks; None where it's whole."""
        if self.finish is None and self.spoke:
            return errors.StreamBrokenError
        if self.finish is None and self._events.markup:
            return errors.WrongAddressError
        if self.finish is not None and self._garbled:
            return errors.GarbledAnswerError
        if self.has_text or self.asides.pictures:
            return None
        return without_words(self._finish_names(), self.asides.others)

    def _finish_names(self) -> set[str]:
        return {name.lower() for name in (self.finish, self.native_finish) if name}


def _name(value: object) -> str | None:
    """A name from outside, such as an id or a reason; None where it isn't one that can be kept and logged."""
    if not isinstance(value, str) or not value.isprintable():
        return None
    return value[:NAME_CHARS] or None
