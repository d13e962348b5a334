"""The portal's side: invite links, and the flags that an application changes itself."""

from __future__ import annotations

import aiohttp
import pytest

from playground.discord import Discord, PlaygroundError


@pytest.mark.parametrize(
    "query",
    ["client_id=1&scope=bot&permissions=0", "client_id={id}&scope=identify", "client_id={id}&scope=bot+admin"],
)
def test_a_link_that_discord_refuses(query: str):
    """Another application's, without the bot, with a scope that there isn't."""
    discord = Discord()
    with pytest.raises(PlaygroundError):
        discord.portal.invite(
            f"https://discord.com/oauth2/authorize?{query.format(id=discord.application_id)}", "Harbour"
        )


async def test_a_link_opened_in_a_browser_adds_the_bot():
    """With the permissions that it names; the bot's list of servers has the new one."""
    discord = Discord()
    await discord.start()
    link = f"/oauth2/authorize?client_id={discord.application_id}&scope=bot&permissions=2048"
    headers = {"Authorization": f"Bot {discord.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(discord.origin + link) as page:
            assert "was added to Harbour" in await page.text()
        async with session.get(f"{discord.api_base}/users/@me/guilds") as answer:
            assert [guild["name"] for guild in await answer.json()] == ["Harbour"]
        for flags, status in ((1 << 19, 200), (1 << 18, 400)):
            async with session.patch(f"{discord.api_base}/applications/@me", json={"flags": flags}) as answer:
                assert answer.status == status
        async with session.get(f"{discord.api_base}/applications/@me") as answer:
            assert (await answer.json())["flags"] == 1 << 19
    (guild,) = discord.world.guilds.values()
    assert discord.own_role(guild).permissions == 2048
    await discord.close()
