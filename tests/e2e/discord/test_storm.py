"""Everything at once: answers that end in every way, on a Discord that fails in every way it recovers from."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing

import pytest

from playground.discord import Channel, Message
from playground.exactness import has_small_print, shows
from playground.openrouter import Call, Fault, Script, cases
from playground.openrouter.framing import Framing
from tests.e2e.conftest import CURSOR, World

CHANNELS, ROUNDS = 6, 2
FAULTS = (Fault.ERROR, Fault.ERROR_IN_CHOICE, Fault.RESET, Fault.EOF, Fault.MALFORMED, Fault.EMPTY_CHOICES)
WHOLE = (None, Fault.MALFORMED, Fault.EMPTY_CHOICES)  # the text arrives whole all the same
EDIT = ("PATCH", "/channels/*/messages/*")
POST = ("POST", "/channels/*/messages")


def text(rng: random.Random) -> str:
    """Words, a list and a block of code, of one message or of several."""
    words = " ".join(
        rng.choice(("tide", "küste", "潮汐", "ebb", "\N{WATER WAVE}")) for _ in range(rng.randrange(5, 500))
    )
    code = "\n".join(f"line_{number} = {number}" for number in range(rng.randrange(2, 60)))
    return "\n\n".join([f"About {rng.randrange(10**9)}.", words, f"```python\n{code}\n```", "- one\n- two"])


def framing(rng: random.Random) -> Framing:
    return Framing(
        newline=rng.choice(("\n", "\r\n", "\r")),
        bom=rng.random() < 0.3,
        space=rng.random() < 0.7,
        split=rng.random() < 0.3,
        fields=rng.random() < 0.3,
        comments=rng.random() < 0.3,
        cut_bytes=rng.choice((0, 0, 0, 7, 64)),
    )


def script(rng: random.Random) -> Script:
    if rng.random() < 0.15:
        return rng.choice(list(cases.WORDLESS.values()))
    if rng.random() < 0.1:
        return rng.choice((cases.too_long(), cases.provider_quota(), cases.data_policy(), cases.affordable(200)))
    fault = rng.choice(FAULTS) if rng.random() < 0.3 else None
    words = text(rng)
    at = rng.randrange(5, len(words) // 4) if fault else 0
    pace = {"tokens_per_second": rng.choice((0, 100, 300)), "framing": framing(rng)}
    thought = {"reasoning": "Let me think. " * rng.randrange(3), "cumulative": rng.random() < 0.2 and not fault}
    return Script(text=words, fault=fault, fault_at=at, first_token_after=rng.random(), **pace, **thought)


def make_trouble(world: World, rng: random.Random) -> None:
    """One thing that Discord or the network gets over."""
    trouble = world.discord.trouble
    rng.choice(
        (
            lambda: trouble.fail(*EDIT, status=rng.choice((500, 502, 503)), applied=rng.random() < 0.3),
            lambda: trouble.fail(*POST, status=502, applied=rng.random() < 0.5),
            lambda: trouble.fail(*EDIT, reset=True),
            lambda: trouble.fail(*POST, reset=True, applied=True),
            lambda: trouble.fail(*EDIT, hang=1.5),
            lambda: trouble.limit(*EDIT, rng.uniform(0.5, 3), scope="shared", reset_after=0.1),
            lambda: trouble.limit_globally(rng.uniform(0.5, 2)),
            lambda: trouble.block_at_the_edge(*EDIT),
            lambda: trouble.drop_gateway(repeats=rng.randrange(10)),
        )
    )()


def wrong(world: World, asked: Message, said: Script | None) -> str:
    """What is not right about a reply; nothing where all is well."""
    replies = world.replies(asked)
    shown = [message.content for message in replies]
    if said is None or not shown:
        return "nobody asked the model" if said is None else "nothing is on show"
    if any(CURSOR in message for message in shown) or "Stop" in replies[-1].labels:
        return "it did not end"
    words = "" if said.status != 200 else str(said.text)
    whole = bool(words) and said.fault in WHOLE
    if whole and not shows(shown, words):
        return "the text is not exact"
    if words and not whole and not shows(shown, words, whole=False):
        return "the text is not what was said"
    return "" if whole or has_small_print(shown[-1]) or said.images else "nothing says why it ended"


@pytest.mark.timeout(300)
async def test_whatever_happens_every_reply_ends_as_it_should(world: World):
    """Complete ones to the last character, the others with what was said and the reason; nothing stays open."""
    rng = random.Random(seed := random.randrange(10**6))
    channels = [world.discord.add_channel(world.guild, f"room-{number}") for number in range(CHANNELS)]
    people = [world.discord.add_user(f"person{number}") for number in range(CHANNELS)]
    for person in people:
        world.discord.add_member(world.guild, person)
    given: dict[str, Script] = {}

    def answer(call: Call) -> Script:
        return given.setdefault(call.prompt, script(rng))

    world.router.answer = answer
    await world.start()

    async def talk(channel: Channel, number: int) -> list[str]:
        found = []
        for turn in range(ROUNDS):
            make_trouble(world, rng)
            asked = world.ask(f"question {number}.{turn}", channel=channel, user=people[number])
            name = f"person{number}: question {number}.{turn}"
            try:
                await world.discord.until(lambda: not wrong(world, asked, given.get(name)), 60)  # noqa: B023 - awaited within the turn
            except TimeoutError:
                found.append(f"{name}: {wrong(world, asked, given.get(name))}")
        return found

    found = await asyncio.gather(*(talk(channel, number) for number, channel in enumerate(channels)))
    assert [each for faults in found for each in faults] == [], f"seed {seed}"
    assert "Traceback" not in world.log, f"seed {seed}"
    async with asyncio.timeout(10):
        while still_open(world):  # noqa: ASYNC110 - another process, and the screen comes first
            await asyncio.sleep(0.05)


def still_open(world: World) -> int:
    """Replies that the database takes for running."""
    with closing(sqlite3.connect(world.database)) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM replies WHERE state = 'streaming'").fetchone()
    return int(count)
