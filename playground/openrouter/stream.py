"""One answer on the wire, as a stream of events or as one document."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground.openrouter.script import Fault, tokens_of, usage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playground.openrouter.script import Call, Script


class Stream:
    """Writes one call's script; `reset` breaks its connection."""

    def __init__(self, request: web.Request, call: Call, reset: Callable[[web.Request], None]) -> None:
        self.request = request
        self.call = call
        self.script = call.script
        self.framing = call.script.framing
        self.reset = reset
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Generation-Id": call.id}
        self.response = web.StreamResponse(headers={**headers, **self.script.headers})

    async def write(self) -> web.StreamResponse:
        """Write it all; returns the response it was written to."""
        if self.script.gzip:
            self.response.enable_compression(web.ContentCoding.gzip)
        self.call.status = 200
        await self.response.prepare(self.request)
        await self._send("\ufeff".encode() if self.framing.bom else b"")
        await self._first_silence()
        if await self._deltas():
            await self._end()
            self.call.finished = True  # clients may hang up once they have read the end
        await self.response.write_eof()
        return self.response

    async def _deltas(self) -> bool:
        """Send the deltas at their pace; False where the stream is over before its proper end."""
        script, started, all_of_it = self.script, time.monotonic(), list(deltas(self.script))
        for number, (text, delta) in enumerate(all_of_it):
            if script.fault and number == script.fault_at and await self._go_wrong():
                return False
            if script.tokens_per_second:
                await asyncio.sleep(started + number / script.tokens_per_second - time.monotonic())
            await self._event(choice(delta))
            if text:
                self.call.sent.append((time.monotonic(), text))
        late = script.fault and script.fault_at >= len(all_of_it)
        return not (late and await self._go_wrong())

    async def _send(self, data: bytes) -> None:
        for piece in self.framing.pieces(data):
            await self.response.write(piece)
            if self.framing.cut_bytes:
                await asyncio.sleep(0)  # so that the pieces are read one by one

    async def _event(self, a_choice: Mapping[str, Any] | None, **more: Any) -> None:  # noqa: ANN401 - of the chunk
        choices = [a_choice] if a_choice else []
        await self._send(self.framing.event({**envelope(self.call), "choices": choices, **more}))

    async def _first_silence(self) -> None:
        """Wait for the first token as OpenRouter does: with a sign of life at once and then every so often."""
        script, first_token_at = self.script, time.monotonic() + self.script.first_token_after
        if script.keepalive:
            await self._live()
        while (left := first_token_at - time.monotonic()) > 0:
            await asyncio.sleep(min(left, script.keepalive or left))
            if script.keepalive and time.monotonic() < first_token_at:
                await self._live()

    async def _live(self) -> None:
        if self.script.encrypted:
            thought = {"type": "reasoning.encrypted", "data": "gAAAAAB", "format": "unknown", "index": 0}
            await self._event(choice({"role": "assistant", "content": "", "reasoning_details": [thought]}))
        else:
            await self._send(self.framing.comment())

    async def _end(self) -> None:
        script = self.script
        if script.finish:
            last = choice(ending_of(script), finish=script.finish, native=script.native_finish)
            whole = script.cumulative or script.cited == "message"
            await self._event({**last, "message": message_of(script)} if whole else last)
        for changes in script.usages if script.usage else ():
            await self._event(choice(says("")), usage=usage_of(self.call, changes))
        if script.done:
            await self._send(self.framing.lines("data: [DONE]"))

    async def _go_wrong(self) -> bool:
        """Act the fault out; True where the stream is over with it."""
        match self.script.fault:
            case Fault.MALFORMED:
                await self._send(self.framing.lines('data: {"id": "gen-1", "choi'))
                return False
            case Fault.EMPTY_CHOICES:
                await self._event(None)
                return False
            case Fault.ERROR | Fault.ERROR_IN_CHOICE:
                await self._error()
            case Fault.RESET:
                self.reset(self.request)
            case Fault.STALL | Fault.STALL_ALIVE:
                while True:
                    await asyncio.sleep(self.script.keepalive or 3600)
                    if self.script.fault is Fault.STALL_ALIVE:
                        await self._send(self.framing.comment())
        return True

    async def _error(self) -> None:
        script = self.script
        error = {"code": script.error_code, "message": script.error_message, "metadata": {**script.error_metadata}}
        failed = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        if script.fault is Fault.ERROR_IN_CHOICE:
            await self._event({**failed, "error": error})
        else:
            await self._event(failed, error=error)


def deltas(script: Script) -> Iterator[tuple[str, dict[str, Any]]]:
    """The deltas of an answer, each with the text in it that counts as sent."""
    for thought in tokens_of(script.reasoning):
        details = [{"type": "reasoning.text", "text": thought, "format": "unknown", "index": 0}]
        yield "", {**says(""), "reasoning": thought, "reasoning_details": details}
    if script.cited == "before" and script.citations:
        yield "", {**says(""), "annotations": annotations_of(script)}
    for token in tokens_of(script.text):
        yield token, says(token)
    if script.cited == "after" and script.citations:
        yield "", {**says(""), "annotations": annotations_of(script)}
    for refused in tokens_of(script.refusal):
        yield "", {**says(""), "refusal": refused}
    for url in () if script.pictures_at_end else script.images:
        yield "", {**says(""), "images": [image_of(url)]}
    if script.audio:
        yield "", {**says(""), "audio": {"id": "audio_1", "data": script.audio}}
    if script.tool:
        called = {"index": 0, "id": "call_1", "type": "function"}
        yield "", {**says(""), "tool_calls": [{**called, "function": {"name": script.tool, "arguments": "{}"}}]}


def says(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def annotations_of(script: Script) -> list[dict[str, Any]]:
    return [{"type": "url_citation", "url_citation": {**cited}} for cited in script.citations]


def ending_of(script: Script) -> dict[str, Any]:
    """The delta of the event that ends an answer: empty, as a rule."""
    ending = says("")
    if script.pictures_at_end and script.images:
        ending["images"] = [image_of(url) for url in script.images]
    if script.cited == "end" and script.citations:
        ending["annotations"] = annotations_of(script)
    return ending


def image_of(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, "index": 0}


def choice(delta: Mapping[str, Any], *, finish: str | None = None, native: str | None = None) -> dict[str, Any]:
    ended = {"finish_reason": finish, "native_finish_reason": native, "logprobs": None}
    return {"index": 0, "delta": delta, **ended}


def envelope(call: Call) -> dict[str, Any]:
    model = {"id": call.id, "provider": call.script.provider, "model": call.script.model or call.model}
    return {**model, "object": "chat.completion.chunk", "created": int(time.time())}


def message_of(script: Script) -> dict[str, Any]:
    """A whole answer as the `message` of a choice."""
    message = says("".join(tokens_of(script.text))) | {"refusal": script.refusal or None}
    message["reasoning"] = "".join(tokens_of(script.reasoning)) or None
    message |= {"annotations": annotations_of(script)} if script.citations else {}
    return message | ({"images": [image_of(url) for url in script.images]} if script.images else {})


def document_of(call: Call) -> dict[str, Any]:
    """The answer to a request that asked for no stream."""
    message, script = message_of(call.script), call.script
    call.sent.append((time.monotonic(), message["content"]))
    ended = {"finish_reason": script.finish, "native_finish_reason": script.native_finish}
    choices = [{"index": 0, "message": message, **ended}]
    document = {**envelope(call), "object": "chat.completion", "choices": choices}
    return {**document, "usage": usage_of(call)} if script.usage else document
