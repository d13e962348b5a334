"""`python -m bot check`, from end to end."""

from __future__ import annotations

import asyncio

from tests.e2e.conftest import World


async def check(world: World, **settings: str) -> tuple[int, str]:
    await world.launch_with("check", **settings)
    code = await asyncio.wait_for(world.process.wait(), 60)
    return code, world.log


async def test_all_is_well(world: World):
    """Token, intent, clock, key, model and database, one line each and nothing else; exit code 0."""
    code, said = await check(world)
    assert code == 0, said
    for what in ("Discord token", "message content intent", "clock", "API key", "model openai/", "database"):
        assert f"ok       {what}" in said
    assert "FAULT" not in said
    assert " WARNING " not in said, "no library warns of something else"


async def test_every_fault_is_named_with_its_fix(world: World):
    """A token and a key that are rejected, a model that the provider doesn't have; no traceback, no secret."""
    code, said = await check(
        world, DISCORD_TOKEN="MTIz.abc.defghijklmnop", OPENROUTER_API_KEY="sk-or-wrong", MODEL="no/such-model"
    )
    assert code == 1, said
    assert "FAULT    Discord token: Discord rejected it" in said
    assert "FAULT    API key" in said
    assert "model no/such-model" in said
    assert "DISCORD_TOKEN" in said
    assert "Traceback" not in said
    assert "sk-or-wrong" not in said
