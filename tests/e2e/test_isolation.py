"""Fifty people in fifty channels at once: what is said in one is heard in no other."""

from __future__ import annotations

import asyncio

from playground.openrouter import Script
from tests.e2e.conftest import World

PEOPLE = 50


def secret(number: int) -> str:
    return f"<secret {number:03}>"


async def test_no_request_carries_another_channels_secret(world: World):
    """Each request has its own channel's secret, its own speaker, and nobody else's."""
    await world.start()
    people = [world.discord.add_user(f"person{number:03}") for number in range(PEOPLE)]
    for person in people:
        world.discord.add_member(world.guild, person)
    channels = [world.discord.add_channel(world.guild, f"room-{number}") for number in range(PEOPLE)]
    world.router.answer = lambda call: Script(text=f"Noted: {call.prompt[-12:]}", tokens_per_second=40)
    for text in ("keep this: {}", "what was it? {}"):
        asked = [
            world.ask(text.format(secret(number)), channel=channel, user=person)
            for number, (channel, person) in enumerate(zip(channels, people, strict=True))
        ]
        await asyncio.gather(*(world.reply(question, timeout=90) for question in asked))
    assert len(world.router.calls) == 2 * PEOPLE
    for call in world.router.calls:
        said = " ".join(message["content"] for message in call.messages[1:])
        own = {number for number in range(PEOPLE) if secret(number) in said}
        assert len(own) == 1
        assert {number for number in range(PEOPLE) if f"person{number:03}" in said} == own
    for number, channel in enumerate(channels):
        shown = " ".join(message.content for message in world.discord.history(channel, world.discord.bot))
        assert [other for other in range(PEOPLE) if secret(other) in shown] == [number]
