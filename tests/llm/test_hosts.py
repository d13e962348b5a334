"""The client calls the host it is told and no other, from the import of litellm to the end of the process."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

from tests.llm.conftest import flat

if TYPE_CHECKING:
    from pathlib import Path

    from playground.openrouter import OpenRouter

# Runs in a process of its own, since litellm is imported once in this one. Every way to the network raises there
# unless it leads to 127.0.0.1; a LITELLM_LOG and a .env that ask for trouble are about as well.
CHILD = """
import asyncio, json, os, sys

def watch(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] != "127.0.0.1":
        raise PermissionError(f"a connection to {args[1]}")
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] not in ("127.0.0.1", None):
        raise PermissionError(f"a look-up of {args[0]}")

refused = []
def noting(event, args):
    try:
        watch(event, args)
    except PermissionError as error:
        refused.append(str(error))
        raise

sys.addaudithook(noting)
import random
from tests.llm.conftest import MemoryCache, ask_for, quick_config
from bot.core.clock import SystemClock
from bot.core.events import Text
from bot.llm.client import open_client

async def main():
    config = quick_config(sys.argv[1], sys.argv[2])
    async with open_client(config, cache=MemoryCache(), clock=SystemClock(), rng=random.Random()) as (client, _):
        said = {}
        for model in sys.argv[3:]:
            events = [event async for event in client.stream(ask_for(model=model))]
            said[model] = "".join(event.text for event in events if isinstance(event, Text))
        print(json.dumps({"said": said, "refused": refused, "env": "PLANTED" in os.environ}))

asyncio.run(main())
"""
# The names for which litellm would fetch a tokenizer.
MODELS = ("openai/gpt-4o-mini", "meta-llama/llama-3.3-70b-instruct", "~meta/llama-2-latest", "~cohere/command-r")


async def test_no_other_host_is_looked_up_or_called(server: OpenRouter, tmp_path: Path):
    """No price list, no tokenizer, no telemetry; no `.env` read behind our back; no output and no warning."""
    server.answer = lambda _: flat("fine")
    (tmp_path / ".env").write_text("PLANTED=1\n")
    command = (sys.executable, "-W", "error", "-c", CHILD, server.base_url, server.key, *MODELS)
    child = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=str(tmp_path),
        env={"PYTHONPATH": ":".join(path for path in sys.path if path), "PATH": "", "HOME": str(tmp_path)},
    )
    output, complaints = await child.communicate()
    assert complaints.decode() == ""
    result = json.loads(output)
    assert result == {"said": dict.fromkeys(MODELS, "fine"), "refused": [], "env": False}
    assert len(server.calls) == len(MODELS)
