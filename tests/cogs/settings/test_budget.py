"""Budgets as admins set them and members meet them."""

from __future__ import annotations

from bot.core.events import Done, FinishReason, Usage
from bot.money.ledger import Period
from tests.cogs.conftest import World


async def limit(world: World, name: str, amount: str, **options: str) -> str:
    result = await world.admin.slash(world.channel, "budget set", limit=name, amount=amount, **options)
    assert result.ephemeral
    return result.response.content


async def test_a_budget_is_set_spent_shown_and_met(world: World):
    """The refusal is private, names the budget and says when it resets."""
    assert "**$0.50 per day**" in await limit(world, "person_day", "$0.50")
    for cents in (30, 25):
        world.llm.say("Hi.", Usage(prompt_tokens=10, completion_tokens=2, cost_nano_usd=cents * 10_000_000))
        await world.member.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content == "Hi.\n-# Your budget of $0.50 for today is 80% used."
    result = await world.member.slash(world.channel, "ask", prompt="hello")
    assert result.ephemeral
    assert result.response.content.startswith("Your budget of $0.50 for today is used up. It resets <t:")
    assert len(world.llm.requests) == 2
    await world.admin.send(world.channel, f"{world.me} hello")
    assert len(world.llm.requests) == 3
    shown = await world.admin.slash(world.channel, "budget show")
    assert "Your budget today: $0.0000098 of $0.50 (0%)" in shown.response.content
    assert "`person_day` **$0.50 per day** (set for this server)" in shown.response.content


async def test_exempt_roles_are_not_held_to_the_servers_budgets(world: World):
    """A role named in the settings goes on."""
    role = world.guild.create_role("Patrons")
    patron = world.guild.add_member(world.env.create_user("patron"), roles=[role])
    await limit(world, "server_month", "0")
    await limit(world, "exempt_roles", role.mention)
    await world.member.send(world.channel, f"{world.me} hello")
    assert "This server's budget of $0.00 for this month is used up" in world.channel.last_message.content
    await patron.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content == "Hello."


async def test_a_rate_limit_is_kept(world: World):
    """Each for themself; the refusal says how long to wait."""
    await limit(world, "rate_limit", "1")
    await world.member.send(world.channel, f"{world.me} hello")
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content.startswith("-# You can ask me once a minute here.")
    await world.admin.send(world.channel, f"{world.me} hello")
    assert len(world.llm.requests) == 2


async def test_who_presses_is_limited_and_billed(world: World):
    """Not the person who asked, whose question it is."""
    await limit(world, "rate_limit", "1")
    world.llm.say("Half", Usage(cost_nano_usd=1000), Done(reason=FinishReason.LENGTH))
    await world.member.send(world.channel, f"{world.me} hello")
    world.llm.say(" and half.", Usage(cost_nano_usd=2000))
    await world.admin.click(world.channel.last_message, label="Continue")
    assert world.channel.last_message.content == "Half and half."
    services, people = world.bot.services, (world.member, world.admin)
    accounts = [f"user:{person.id}@{world.guild.id}" for person in people]
    spent = await services.money.budgets._ledger.spent(accounts, at=int(services.clock.time()))
    assert [spent[account, Period.DAY] for account in accounts] == [1000, 2000]
    await world.admin.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content.startswith("-# You can ask me once a minute here.")


async def test_nonsense_is_no_budget(world: World):
    """Money is never guessed."""
    assert "an amount in US dollars" in await limit(world, "server_day", "a lot")
    assert "whole server" in await limit(world, "server_day", "1", scope="channel")


async def test_spending_is_shown_without_a_budget(world: World):
    """The whole server's, today and this month."""
    empty = (await world.admin.slash(world.channel, "budget show")).response.content
    assert "This server: $0.00 today, $0.00 this month (UTC)\nThere's no budget here." in empty
    for cents in (30, 25):
        world.llm.say("Hi.", Usage(prompt_tokens=10, completion_tokens=2, cost_nano_usd=cents * 10_000_000))
        await world.member.send(world.channel, f"{world.me} hello")
    shown = (await world.admin.slash(world.channel, "budget show")).response.content
    assert "This server: $0.55 today, $0.55 this month (UTC)" in shown
    await limit(world, "server_month", "10")
    shown = (await world.admin.slash(world.channel, "budget show")).response.content
    assert "This server: $0.55 today" in shown
    assert "budget this month: $0.55 of $10.00 (6%)" in shown


async def test_a_reset_of_a_budget_that_nobody_set_says_so(world: World):
    """Then it resets, and then it says so once more."""
    assert "`server_day` isn't set for this server" in await limit(world, "server_day", "default")
    await limit(world, "server_day", "5")
    assert "`server_day` is back to its default for this server." in await limit(world, "server_day", "default")
    assert "**no limit** (the default)" in await limit(world, "server_day", "default")
