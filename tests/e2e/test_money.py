"""Money, from end to end: the ledger is what the provider charged."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal
from typing import Any

from playground.openrouter import Script, usage_of
from tests.e2e.conftest import World


def query(world: World, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{world.database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def charged(world: World) -> int:
    """What the provider says it charged, in nano-dollars."""
    return sum(round(Decimal(str(usage_of(call)["cost"])) * 10**9) for call in world.router.calls)


async def test_the_ledger_equals_what_the_provider_charged(world: World):
    """For answers that ended, one that was stopped, which is settled by the provider's record, and a trial."""
    await world.start()
    world.scripts += [Script(text="A short answer. " * 9, tokens_per_second=0), Script(text="word " * 3000)]
    await world.reply(world.ask("one"))
    asked = world.ask("two")
    (reply,) = await world.discord.until(lambda: world.replies(asked), 20)
    await world.discord.until(lambda: len(reply.content) > 50, 20)
    await world.discord.press(world.member, reply, "Stop")
    await world.reply(asked)
    chosen = await world.discord.command(world.admin, world.channel, "model set", model="openai/gpt-4o")
    await world.discord.until(lambda: "chose" in chosen.content, 20)
    await world.reply(world.ask("three"))
    for _ in range(100):
        if query(world, "SELECT COUNT(*) FROM ledger WHERE estimated = 0") == [(4,)]:
            break
        await asyncio.sleep(0.1)
    rows = query(world, "SELECT state, cost_nano_usd, estimated FROM ledger ORDER BY id")
    assert [state for state, _, _ in rows] == ["complete", "stopped", "trial", "complete"]
    assert not any(estimated for _, _, estimated in rows), rows
    assert sum(cost for _, cost, _ in rows) == charged(world)
    assert query(world, "SELECT DISTINCT nano_usd FROM spending WHERE account = 'all'") == [(charged(world),)]


async def test_settings_budgets_and_the_ledger_survive_a_kill(world: World):
    """After kill -9 the budget that was spent is still spent, and the admin's settings hold."""
    await world.start()
    for command, options in (
        ("settings set", {"setting": "footer", "value": "on", "scope": "server"}),
        ("budget set", {"limit": "server_month", "amount": "0.0000001"}),
    ):
        assert (await world.discord.command(world.admin, world.channel, command, **options)).ephemeral
    (first,) = await world.reply(world.ask("one"))
    assert "-# openai/gpt-4o-mini · " in first.content
    await world.stop(9)
    await world.start()
    (refused,) = await world.reply(world.ask("two"))
    assert "This server's budget of $0.0000001 for this month is used up" in refused.content
    assert len(world.router.calls) == 1


async def test_the_owners_ceiling_comes_from_the_environment(world: World):
    """BUDGET_USD_PER_MONTH=0 answers nobody, in direct messages either."""
    await world.start(BUDGET_USD_PER_MONTH="0")
    (refused,) = await world.reply(world.ask("one"))
    assert "The bot owner's budget of $0.00 for this month is used up" in refused.content
    assert world.router.calls == []


async def test_many_at_once_cannot_overspend_a_budget(world: World):
    """A hundred people at once against a budget for forty answers.

    What is spent is within one answer per running stream of it, and everybody else is told when to come back.
    """
    await world.start()
    answer = Script(text="word " * 40, tokens_per_second=40)
    world.scripts += [answer] * 101
    await world.reply(world.ask("how much is an answer?"))  # litellm is loaded from here on
    each = charged(world)
    budget = 41 * each  # the first answer is spent already
    amount = f"{Decimal(budget) / 10**9:f}"
    done = await world.discord.command(
        world.admin, world.channel, "budget set", limit="server_month", amount=amount
    )
    assert "is now" in done.content
    people = [world.discord.add_user(f"person{number}") for number in range(100)]
    channels = [world.discord.add_channel(world.guild, f"room{number}") for number in range(100)]
    for person in people:
        world.discord.add_member(world.guild, person)
    asked = [
        world.ask("how much is an answer?", channel=channel, user=person)
        for person, channel in zip(people, channels, strict=True)
    ]
    ended = [await world.reply(message, timeout=60) for message in asked]
    refused = [replies for replies in ended if "is used up" in replies[-1].content]
    answered = len(world.router.calls) - 1
    assert answered + len(refused) == 100
    assert all("It resets <t:" in replies[-1].content for replies in refused)
    streams = max_open(world)
    assert budget <= charged(world) <= budget + streams * each, (answered, streams)
    assert query(world, "SELECT SUM(cost_nano_usd) FROM ledger") == [(charged(world),)]


def max_open(world: World) -> int:
    """The most answers that streamed at once."""
    moments = sorted(
        [(call.arrived_at, 1) for call in world.router.calls]
        + [(call.sent[-1][0], -1) for call in world.router.calls if call.sent]
    )
    open_ = most = 0
    for _, step in moments:
        open_ += step
        most = max(most, open_)
    return most
