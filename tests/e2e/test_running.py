"""Starting, stopping and administering the bot, from end to end."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat

import aiohttp
import pytest

from bot.ui.texts import replies as texts
from playground.openrouter import Script
from tests.e2e.conftest import World


async def test_the_model_is_the_admins_to_choose_and_stays_chosen(world: World):
    """A member is refused, an admin is not, and the choice survives a restart."""
    await world.start()
    refused = await world.discord.command(world.member, world.channel, "model set", model="openai/gpt-4o")
    assert refused.ephemeral
    assert refused.messages[0].content == texts.NOT_ADMIN
    choices = await world.discord.autocomplete(world.admin, world.channel, "model set", "model", "gpt-4o")
    chosen = next(choice.value for choice in choices if choice.value == "openai/gpt-4o")
    announced = await world.discord.command(world.admin, world.channel, "model set", model=chosen)
    assert not announced.ephemeral
    await world.discord.until(lambda: "ada chose `openai/gpt-4o`" in announced.content, 20)
    assert await world.stop() == 0
    await world.start()
    await world.reply(world.ask("hello"))
    assert world.router.calls[-1].model == "openai/gpt-4o"


async def test_commands_are_registered_once(world: World):
    """A restart sends Discord nothing that has not changed."""
    await world.start()
    await world.stop()
    await world.start()
    registered = [request for request in world.discord.requests if request.method == "PUT"]
    assert len(registered) == 1


async def test_readiness_says_what_is_wrong(world: World, unused_tcp_port: int):
    """`/readyz` turns to 503 once the provider refuses the key, and `/healthz` stays."""
    await world.start(PORT=str(unused_tcp_port))
    address = f"http://127.0.0.1:{unused_tcp_port}"

    async def checked(path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(address + path) as response:
            return response.status, await response.text()

    async with asyncio.timeout(20):
        while (await checked("/readyz"))[0] != 200:  # discord.py waits for servers for a moment
            pass
    assert await checked("/readyz") == (200, "gateway: ok\ndiscord: ok\ndatabase: ok\nprovider: ok\n")
    world.router.key = "another"
    await world.reply(world.ask("hello"))
    status, lines = await checked("/readyz")
    assert status == 503
    assert "database: ok\nprovider: The model provider rejected" in lines
    assert await checked("/healthz") == (200, "ok\n")


async def test_metrics_tell_how_it_goes_and_of_nobody(world: World, unused_tcp_port: int):
    """What Prometheus reads after an answer: figures, without a word, a name or an id."""
    world.member.name = "zqxmember"
    await world.start(PORT=str(unused_tcp_port))
    asked = world.ask("zqxquestion")
    await world.reply(asked)
    address = f"http://127.0.0.1:{unused_tcp_port}/metrics"
    page = ""
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while "headwater_cost_dollars_total 0.0" in (page or "headwater_cost_dollars_total 0.0"):
            async with session.get(address) as response:  # what an answer cost is booked after its last edit
                page = await response.text()
    figures = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert figures['headwater_replies_total{state="complete"}'] == "1.0"
    assert figures['headwater_model_calls_total{outcome="complete"}'] == "1.0"
    assert float(figures["headwater_first_text_seconds_sum"]) < 10
    assert float(figures['headwater_tokens_total{kind="prompt"}']) > 0
    assert float(figures['headwater_database_seconds_count{work="write"}']) > 0
    assert figures["headwater_shards_connected"] == figures["headwater_servers"] == "1.0"
    ids = (world.guild.id, world.channel.id, world.member.id, asked.id)
    assert not [each for each in ("zqx", "gpt-4o", *map(str, ids)) if each in page]


async def test_sigterm_ends_running_replies_honestly(world: World):
    """What is streaming ends with the reason, the process with 0."""
    await world.start()
    world.scripts.append(Script(text="word " * 2000, tokens_per_second=50))
    asked = world.ask("talk")
    await world.discord.until(lambda: world.replies(asked), 20)
    assert await world.stop() == 0
    (reply,) = world.replies(asked)
    assert reply.content.endswith("\n-# Interrupted by a restart of the bot.")
    assert reply.labels == ("Retry", "Continue")
    assert "Traceback" not in world.log
    assert "Unclosed" not in world.log
    await world.start()
    await world.discord.press(world.member, reply, "Retry")
    await world.discord.until(lambda: reply.content == "Hello.", 20)


async def test_ctrl_c_ends_the_process_with_0(world: World):
    """Ctrl-C is an orderly way out."""
    await world.start()
    assert await world.stop(signal.SIGINT) == 0
    assert "Traceback" not in world.log


async def test_the_database_is_its_owners_alone(world: World):
    """Nobody else on the machine reads what was said."""
    await world.start()
    await world.reply(world.ask("hello"))
    for path in world.folder.glob("data.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_rejected_token_is_one_plain_sentence(world: World):
    """Exit code 78, and what to do about it."""
    await world.launch(DISCORD_TOKEN="MTIz.abc.defghijklmnop")
    assert await asyncio.wait_for(world.process.wait(), 30) == 78
    assert "Discord rejected the token" in world.log
    assert "Traceback" not in world.log


async def test_an_intent_that_is_not_granted_is_one_plain_sentence(world: World):
    """Exit code 78, and where to switch it on."""
    await world.launch(MESSAGE_CONTENT_INTENT="true")
    assert await asyncio.wait_for(world.process.wait(), 30) == 78
    assert "message content intent" in world.log
    assert "Traceback" not in world.log


async def test_every_fault_of_the_settings_is_named_at_once(world: World):
    """One message, all faults, no secret."""
    await world.launch(DISCORD_TOKEN="", OPENROUTER_API_KEY="", MAX_TOKENS="many", OPENROUTER_API_BASE="nowhere")
    assert await asyncio.wait_for(world.process.wait(), 30) == 78
    for name in ("DISCORD_TOKEN", "OPENROUTER_API_KEY", "MAX_TOKENS", "OPENROUTER_API_BASE"):
        assert name in world.log


async def test_a_database_that_cannot_be_used_is_named(world: World):
    """The path, the reason and the setting; exit code 78."""
    (world.folder / "file").write_text("not a folder")
    await world.launch(DATABASE_URL="sqlite:///file/data.db")
    assert await asyncio.wait_for(world.process.wait(), 30) == 78
    assert str(world.folder / "file" / "data.db") in world.log
    assert "its folder is a file. Check DATABASE_URL" in world.log
    assert "Traceback" not in world.log


async def test_a_misspelled_setting_is_named(world: World):
    """The bot starts without it, and says which setting it takes it for."""
    await world.start(MAX_TOKEN="100")
    assert "MAX_TOKEN isn't a setting and is ignored. Did you mean MAX_TOKENS?" in world.log


async def test_a_reply_button_of_another_life_is_answered(world: World):
    """Stop under a reply that a kill left open gets an answer after the restart."""
    await world.start()
    world.scripts.append(Script(text="word " * 2000, tokens_per_second=50))
    asked = world.ask("talk")
    (reply,) = await world.discord.until(lambda: world.replies(asked), 20)
    await world.stop(9)
    await world.start()
    pressed = await world.discord.press(world.member, reply, "Stop")
    assert not pressed.failed


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
async def test_help_and_version_need_no_settings(world: World, arguments: list[str]):
    """They work before anything is set up."""
    world.settings = {}
    await world.launch_with(*arguments)
    assert await asyncio.wait_for(world.process.wait(), 30) == 0
    assert "Headwater" in world.log or "usage" in world.log


async def test_backup_copies_while_the_bot_runs(world: World):
    """The copy is a database by itself."""
    await world.start()
    await world.reply(world.ask("hello"))
    running = world.process
    await world.launch_with("backup", str(world.folder / "copy.db"))
    assert await asyncio.wait_for(world.process.wait(), 30) == 0
    world.process = running
    assert (world.folder / "copy.db").stat().st_size > 0


@pytest.mark.parametrize("arguments", [["migrate"], ["backup", "copy.db"]])
async def test_work_on_the_database_needs_neither_token_nor_key(world: World, arguments: list[str]):
    """On a machine that only has the file, or before anything else is set up."""
    sqlite3.connect(world.database).close()
    world.settings = {"DATABASE_URL": world.settings["DATABASE_URL"], "MODEL_PROVIDER": "ollama"}
    await world.launch_with("migrate")
    assert await asyncio.wait_for(world.process.wait(), 30) == 0, world.log
    await world.launch_with(*arguments)
    assert await asyncio.wait_for(world.process.wait(), 30) == 0, world.log


async def test_another_bots_settings_are_taken_over(world: World):
    """Its file becomes `.env` and a server's settings, which the bot then goes by."""
    config = world.folder / "config.yaml"
    config.write_text(
        f"bot_token: {world.discord.token}\nproviders: {{openrouter: {{api_key: {world.router.key}}}}}\n"
        f"models: {{openrouter/openai/gpt-4o: }}\npermissions: {{users: {{blocked_ids: [{world.member.id}]}}}}\n"
    )
    for name in ("DISCORD_TOKEN", "OPENROUTER_API_KEY"):
        del world.settings[name]
    await world.launch_with("import", "llmcord", "config.yaml", "--server", str(world.guild.id))
    assert await asyncio.wait_for(world.process.wait(), 30) == 0, world.log
    await world.start()
    await world.reply(world.ask("hello", user=world.admin))
    assert world.router.calls[-1].model == "openai/gpt-4o"
    refused = world.ask("hello")
    (told,) = await world.discord.until(lambda: world.replies(refused), 10)
    assert told.content.startswith("-# ")
    assert len(world.router.calls) == 1


async def test_a_rejected_key_is_named_with_its_setting(world: World):
    """The bot runs on, and its log says which setting to change."""
    await world.start(OPENROUTER_API_KEY="sk-or-wrong")
    await world.reply(world.ask("hello"))
    assert "OpenRouter rejects the key" in world.log
    assert "OPENROUTER_API_KEY" in world.log
