"""The test OpenRouter as a process of its own.

It reports on standard output and takes values of its `ModelControls` on standard input: one JSON object a line.
It ends with standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from playground.openrouter.controls import ModelControls
from playground.openrouter.model import ScriptedModel
from playground.openrouter.script import text_of
from playground.openrouter.server import OpenRouter

if TYPE_CHECKING:
    from playground.openrouter.script import Call

REPORT_SECONDS = 0.05  # how often to look for news


async def main() -> None:
    """Serve until standard input ends."""
    controls = ModelControls(ScriptedModel())
    server = OpenRouter(answer=controls)
    await server.start()
    _say({"base_url": server.base_url, "key": server.key})
    reporting = asyncio.create_task(_report(server))
    try:
        # In a thread, because a pipe cannot be awaited on every platform.
        await asyncio.to_thread(_listen, controls, asyncio.get_running_loop())
    finally:
        reporting.cancel()
        await server.close()


def _listen(controls: ModelControls, loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(controls.set, json.loads(line))


async def _report(server: OpenRouter) -> None:
    """Report what each call sent as it goes, and each completion, in the order they began, when it is over."""
    done, told = 0, dict[str, int]()
    while True:
        for call in server.calls[done:]:
            if call.status == 200 and len(call.sent) > told.get(call.id, -1):
                _say(_progress(call, call.sent[told.get(call.id, 0) :]))
                told[call.id] = len(call.sent)
        while done < len(server.calls) and _over(server.calls[done]):
            told.pop(server.calls[done].id, None)
            _say(_described(server.calls[done]))
            done += 1
        await asyncio.sleep(REPORT_SECONDS)


def _over(call: Call) -> bool:
    return call.finished or call.disconnected_at is not None


def _progress(call: Call, news: list[tuple[float, str]]) -> dict[str, Any]:
    place = str(call.body.get("session_id", ""))
    return {"id": call.id, "place": place, "began": call.arrived_at, "news": news}


def _described(call: Call) -> dict[str, Any]:
    users = [text_of(message["content"]) for message in call.messages if message["role"] == "user"]
    about = {"id": call.id, "model": call.model, "prompt": call.prompt, "earlier": users[:-1]}
    return {**about, "sent": call.sent, "whole": call.finished}


def _say(report: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
