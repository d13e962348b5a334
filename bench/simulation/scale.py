"""How much one bot can stream: `python -m bench.simulation.scale`.

Questions come at random, each in a channel of its own, to the real edit scheduler in virtual time against a
simulated Discord: 5 edits per 5 s and channel, 50 requests a second for the whole bot, however many processes it
has, a round trip of 0.1 s. Answers have 400 tokens at 60 a second, the first after a second. Then it measures what
it costs to read messages that are no questions.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import discord

from tests.display.simulation import Scene, simulate

MINUTE_S = 60.0
RATES = (1, 2, 4, 6, 8, 12)  # questions a second
EVENTS = 20_000
HEAD = (
    *("questions a second", "asked by", "streams at once", "requests a second", "429s"),
    *("first text p50 / p95", "stale"),
)


def row(rate: float, *, by_command: bool) -> str:
    channels = round(rate * MINUTE_S)
    outcome = simulate(
        Scene(
            channels=channels, webhooks=channels if by_command else 0, spread=MINUTE_S, tokens=400, first_token=1.0
        )
    )
    seconds = max(reply.ended_at for reply in outcome.replies)
    first = sorted(outcome.first_text)
    cells = [
        f"{rate:g}",
        "`/ask`" if by_command else "mention",
        f"{rate * (1.0 + 400 / 60):.0f}",
        f"{len(outcome.discord.requests) / seconds:.0f}",
        f"{len(outcome.discord.refused)}",
        f"{statistics.median(first):.2f} / {first[int(len(first) * 0.95)]:.2f} s",
        f"{outcome.stale:.2f} s",
    ]
    return "| " + " | ".join(cells) + " |"


def message(number: int) -> dict[str, Any]:
    author = {"id": "2", "username": "mem", "discriminator": "0", "avatar": None, "global_name": "Mem"}
    member = {"roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
    body = {"id": str(10**18 + number), "channel_id": "3", "guild_id": "1", "author": author, "member": member}
    body |= {"content": "", "timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "tts": False}
    body |= {"mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [], "embeds": []}
    return body | {"pinned": False, "type": 0, "flags": 0, "components": []}


async def cost_of_events() -> float:
    """Processor seconds to read one message that concerns nobody, as discord.py reads it."""
    client = discord.Client(intents=discord.Intents.default(), max_messages=None)
    client.loop = asyncio.get_running_loop()
    guild = {"id": "1", "name": "Harbour", "owner_id": "2", "roles": [{**EVERYBODY, "id": "1"}], "emojis": []}
    channel = {"id": "3", "name": "general", "type": 0, "position": 0, "permission_overwrites": []}
    client._connection._add_guild_from_data({**guild, "channels": [channel], "members": [], "features": []})  # noqa: SLF001 - as the gateway does it
    frames = [json.dumps({"op": 0, "t": "MESSAGE_CREATE", "s": n, "d": message(n)}) for n in range(EVENTS)]
    parse = client._connection.parsers["MESSAGE_CREATE"]  # noqa: SLF001 - as the gateway does it
    began = time.process_time()
    for number, frame in enumerate(frames):
        parse(json.loads(frame)["d"])
        if number % 100 == 0:
            await asyncio.sleep(0)
    return (time.process_time() - began) / EVENTS


EVERYBODY = {
    "name": "@everyone",
    "permissions": "0",
    "color": 0,
    "hoist": False,
    "position": 0,
    "managed": False,
} | {
    "mentionable": False,
    "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
}


def main() -> None:
    print("| " + " | ".join(HEAD) + " |")
    print("|---" * len(HEAD) + "|", flush=True)
    for by_command in (False, True):
        for rate in RATES:
            print(row(rate, by_command=by_command), flush=True)
    cost_s = asyncio.run(cost_of_events())
    print(f"\na message that is no question: {cost_s * 1e6:.0f} µs, {1 / cost_s:,.0f} a second on one core")


if __name__ == "__main__":
    main()
