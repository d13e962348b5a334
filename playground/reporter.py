"""The make-believe OpenRouter as a process of its own: reports on standard output, ends with standard input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from playground.model import ScriptedModel
from playground.openrouter import OpenRouter
from playground.script import text_of

if TYPE_CHECKING:
    from playground.openrouter import Call

REPORT_SECONDS = 0.05  # how often to look for completions that are over


async def main() -> None:
    """Serve until standard input ends."""
    server = OpenRouter(answer=ScriptedModel())
    await server.start()
    _say({"base_url": server.base_url, "key": server.key})
    reporting = asyncio.create_task(_report(server))
    try:
        # In a thread, because a pipe cannot be awaited on every platform.
        await asyncio.to_thread(sys.stdin.read)
    finally:
        reporting.cancel()
        await server.close()


async def _report(server: OpenRouter) -> None:
    """Report each completion, in the order they began, as soon as it and all before it are over."""
    done = 0
    while True:
        while done < len(server.calls) and _over(server.calls[done]):
            _say(_described(server.calls[done]))
            done += 1
        await asyncio.sleep(REPORT_SECONDS)


def _over(call: Call) -> bool:
    return call.finished or call.disconnected_at is not None


def _described(call: Call) -> dict[str, Any]:
    users = [text_of(message["content"]) for message in call.messages if message["role"] == "user"]
    return {"model": call.model, "prompt": call.prompt, "earlier": users[:-1], "sent": call.sent}


def _say(report: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
