"""The set-up at a real pseudo-terminal, keys and all, against the playground's Discord and OpenRouter."""

from __future__ import annotations

import re
import stat
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from dotenv import dotenv_values

from bot.setup.answers import START, TYPED
from playground.discord import Discord
from playground.openrouter import OpenRouter, Script
from tests.e2e.setup.terminal import CTRL_C, DOWN, ENTER, Terminal, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

COLOR = re.compile(rb"\x1b\[[0-9;]*[34][0-9](;[0-9;]*)?m")


@dataclass(slots=True)
class Newcomer:
    """Somebody with an application at Discord, an account at OpenRouter, and an empty folder."""

    discord: Discord
    router: OpenRouter
    folder: Path

    def at(self, *arguments: str, **settings: str) -> AbstractAsyncContextManager[Terminal]:
        """`python -m bot setup` at a terminal."""
        return opened(self.folder, "setup", *arguments, **(self.hosts | settings))

    async def run(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """`python -m bot` with nobody to answer: its exit code, and what it printed."""
        async with opened(self.folder, *arguments, **(self.hosts | settings)) as terminal:
            return await terminal.end(), terminal.shown

    @property
    def hosts(self) -> dict[str, str]:
        return {
            "DISCORD_API_BASE": self.discord.api_base,
            "DISCORD_GATEWAY": self.discord.gateway_url,
            "OPENROUTER_API_BASE": self.router.base_url,
        }

    @property
    def answers(self) -> dict[str, str]:
        """The two secrets, as the environment gives them."""
        return {"DISCORD_TOKEN": self.discord.token, "OPENROUTER_API_KEY": self.router.key}

    @property
    def at_discord(self) -> tuple[str, ...]:
        """The flags that answer all that's asked about Discord."""
        return ("--token", self.discord.token, "--message-content", "off", "--wait", "0")

    @property
    def file(self) -> Path:
        return self.folder / ".env"

    def written(self) -> dict[str, str | None]:
        return dotenv_values(self.file)

    async def invited(self, terminal: Terminal) -> None:
        """Open the link that the set-up shows."""
        await terminal.until("Waiting for the bot to join")
        (link,) = {word for word in terminal.shown.split() if "/oauth2/authorize" in word}
        self.discord.portal.invite(link, "Harbour")
        await terminal.until("The bot joined Harbour")

    async def code(self, terminal: Terminal) -> str:
        """The code on the page of the newest link that the set-up shows."""
        await terminal.until("Code:")
        link = [word for word in terminal.shown.split() if "/auth?" in word][-1]
        async with aiohttp.ClientSession() as session, session.get(link) as response:
            return re.search(r"<code>(.+)</code>", await response.text())[1]  # type: ignore[index] # None fails the test as well


@pytest.fixture
async def newcomer(tmp_path: Path) -> AsyncIterator[Newcomer]:
    async with AsyncExitStack() as stack:
        discord, router = Discord(), OpenRouter(lambda _: Script(text="Hello.", tokens_per_second=0))
        for server in (discord, router):
            await server.start()
            stack.push_async_callback(server.close)
        yield Newcomer(discord, router, tmp_path)


async def test_from_nothing_to_the_first_answer(newcomer: Newcomer):
    """Six answers at the keyboard and two pages in the browser; no file is edited, and no secret is shown."""
    async with newcomer.at() as terminal:
        await terminal.answer("Bot token:", newcomer.discord.token)
        await terminal.until("This is Headwater. Its picture: https://")
        await terminal.answer("(y/n)", "n")
        await newcomer.invited(terminal)
        await terminal.answer("Who serves the models?", "")
        await terminal.answer("", await newcomer.code(terminal))
        await terminal.until("The key works, with $7.50 left.")
        await terminal.answer("Which model answers", "")
        await terminal.answer("Dollars a month", "")
        await terminal.until("database: writable")
        await terminal.answer("Start the bot now?", "")
        await newcomer.discord.until(lambda: newcomer.discord.online, 30)
        guild = next(iter(newcomer.discord.world.guilds.values()))
        (channel,) = guild.channels.values()
        newcomer.discord.say(guild.owner, channel, "hello", mention=True)
        bot = newcomer.discord.bot
        await newcomer.discord.until(
            lambda: [m for m in newcomer.discord.history(channel, bot) if m.content == "Hello."], 30
        )
        assert newcomer.discord.token not in terminal.shown
        assert newcomer.router.key not in terminal.shown
    assert newcomer.written()["MODEL"] == "openrouter/openai/gpt-4o-mini"
    assert newcomer.written()["BUDGET_USD_PER_MONTH"] == "10"
    assert stat.S_IMODE(newcomer.file.stat().st_mode) == 0o600
    assert "# The bot's token: https://discord.com/developers" in newcomer.file.read_text()


async def test_every_wrong_answer_says_where_the_right_one_is(newcomer: Newcomer):
    """What failed is never written down."""
    async with newcomer.at() as terminal:
        await terminal.answer("Bot token:", "client-secret")
        await terminal.until("three parts")
        await terminal.answer("Bot token:", "MTIz.abc.defghijklmnop")
        await terminal.until("then Bot, Reset Token")
        await terminal.answer("Bot token:", newcomer.discord.token)
        await terminal.answer("(y/n)", "perhaps")
        await terminal.until("type y or n")
        await terminal.answer("(y/n)", "y")
        await terminal.until("The message content intent is on.")
        await terminal.until("Waiting for the bot")
        terminal.press(ENTER)
        await terminal.until("isn't in a server yet")
        await terminal.answer("Who serves the models?", DOWN)
        await terminal.answer("OpenRouter key:", "sk-or-wrong")
        await terminal.until("https://openrouter.ai/settings/keys")
        await terminal.answer("OpenRouter key:", newcomer.router.key)
        await terminal.answer("Which model answers", "6")
        await terminal.answer("Part of a name:", "no such thing")
        await terminal.until("No model matches")
        await terminal.answer("Which model answers", "6")
        await terminal.answer("Part of a name:", "claude")
        await terminal.answer("Which one?", DOWN)
        await terminal.until("claude-3-haiku answers.")
        await terminal.answer("Dollars a month", "much")
        await terminal.until("an amount such as 10")
        await terminal.answer("Dollars a month", "none")
        await terminal.answer("Start the bot now?", "n")
        assert await terminal.end() == 0
    written = newcomer.written()
    assert newcomer.discord.world.message_content
    assert (written["MESSAGE_CONTENT_INTENT"], written["BUDGET_USD_PER_MONTH"]) == ("true", "")
    assert written["MODEL"] == "openrouter/anthropic/claude-3-haiku"
    assert "wrong" not in newcomer.file.read_text()


async def test_a_code_works_once(newcomer: Newcomer):
    """A wrong one gets a new link."""
    async with newcomer.at(
        "--token", newcomer.discord.token, "--message-content", "off", "--wait", "0"
    ) as terminal:
        await terminal.answer("Who serves the models?", "")
        await terminal.answer("Code:", "auth_code_guessed")
        await terminal.until("Here's a new link")
        await terminal.answer("", await newcomer.code(terminal))
        await terminal.until("The key works")


async def test_what_was_stopped_goes_on_where_it_was(newcomer: Newcomer):
    """Ctrl-C at any question; the next run asks for the rest alone."""
    async with newcomer.at() as terminal:
        await terminal.answer("Bot token:", newcomer.discord.token)
        await terminal.answer("(y/n)", "n")
        await newcomer.invited(terminal)
        await terminal.answer("Who serves the models?", CTRL_C)
        await terminal.until("Your answers so far are in .env")
        assert await terminal.end() == 130
        assert "Traceback" not in terminal.shown
    async with newcomer.at() as terminal:
        await terminal.until("You've been here before.")
        await terminal.until("The bot is in Harbour.")
        await terminal.answer("Who serves the models?", DOWN)
        await terminal.answer("OpenRouter key:", CTRL_C)
        assert await terminal.end() == 130
        assert "Bot token:" not in terminal.shown
        assert "(y/n)" not in terminal.shown


async def test_a_working_file_is_kept_and_one_answer_can_change(newcomer: Newcomer):
    """Its comments, unknown lines and order stay; without a change the file stays as it is."""
    newcomer.discord.add_guild("Harbour")
    before = (
        "# mine\nexport DISCORD_TOKEN='{DISCORD_TOKEN}'  # from the portal\nOTHER_PROGRAM=\"a b\"\n\n"
        "OPENROUTER_API_KEY={OPENROUTER_API_KEY}\nMESSAGE_CONTENT_INTENT=false\nMODEL_PROVIDER=openrouter\n"
        "MODEL=openai/gpt-4o\nBUDGET_USD_PER_MONTH=3\n# the end"
    ).format(**newcomer.answers)
    newcomer.file.write_text(before)
    async with newcomer.at() as terminal:
        await terminal.answer("What would you like to change?", "")
        await terminal.answer("Start the bot now?", "n")
        assert await terminal.end() == 0
    assert newcomer.file.read_text() == before
    assert stat.S_IMODE(newcomer.file.stat().st_mode) == 0o600
    async with newcomer.at() as terminal:
        await terminal.answer("What would you like to change?", "7")
        await terminal.answer("Dollars a month", "$4,50")
        await terminal.answer("Start the bot now?", "n")
        assert await terminal.end() == 0
        assert "Which model" not in terminal.shown
    assert newcomer.file.read_text() == before.replace("MONTH=3", "MONTH=4.50")
    assert stat.S_IMODE(newcomer.file.stat().st_mode) == 0o600


async def test_a_script_answers_by_flags_and_environment(newcomer: Newcomer):
    """Nobody is asked, and the link is printed; the second time, too."""
    arguments = ("setup", "--non-interactive", "--model", "google/gemini-2.5-flash", "--budget", "2.50")
    for _ in range(2):
        code, said = await newcomer.run(*arguments, **newcomer.answers)
        assert code == 0, said
        assert "https://discord.com/oauth2/authorize?" in said
        assert "▀" not in said
    written = newcomer.written()
    assert written["DISCORD_TOKEN"] == newcomer.discord.token
    assert (written["MODEL"], written["BUDGET_USD_PER_MONTH"]) == ("openrouter/google/gemini-2.5-flash", "2.50")


@pytest.mark.parametrize("kind", ["ollama", "openai"])
async def test_a_script_names_another_server(newcomer: Newcomer, kind: str):
    """By its address; the model that is chosen is the server's own."""
    base = newcomer.router.base_url.removesuffix("/v1" if kind == "ollama" else "")
    flags = ("--provider", kind, "--address", base, "--model", "birch/birch-1-8b", "--key", newcomer.router.key)
    code, said = await newcomer.run("setup", "--non-interactive", *newcomer.at_discord, *flags)
    assert code == 0, said
    written = newcomer.written()
    assert (written["MODEL_PROVIDER"], written["MODEL"]) == (kind, "birch/birch-1-8b")
    assert written[f"{kind.upper()}_API_BASE"] == base


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Bot token is missing. Give it with --token or DISCORD_TOKEN."),
        (("--token", "MTIz.abc.defghijklmnop"), "--token: Discord doesn't know this token."),
        (("--token", "{token}", "--key", "sk-or-wrong"), "--key: OpenRouter doesn't know this key."),
        (("--token", "{token}"), "Who serves the models is missing. Give it with --provider or MODEL_PROVIDER."),
        (("--token", "{token}", "--provider", "nobody"), "--provider: openrouter, ollama, openai"),
        (("--token", "{token}", "--key", "{key}", "--model", "no/such"), "--model: The provider doesn't offer"),
        (("--token", "{token}", "--key", "{key}", "--budget", "lots"), "--budget: Type an amount"),
        (("--token", "{token}", "--message-content", "maybe"), "--message-content: Please type y or n."),
    ],
)
async def test_a_script_reads_which_flag_to_change(newcomer: Newcomer, arguments: tuple[str, ...], said: str):
    """One line, exit code 78."""
    given = [word.format(token=newcomer.discord.token, key=newcomer.router.key) for word in arguments]
    code, shown = await newcomer.run("setup", "--non-interactive", *given)
    assert code == 78
    assert said in shown
    assert "Traceback" not in shown


async def test_a_terminal_that_can_only_print_gets_numbers(newcomer: Newcomer):
    """TERM=dumb: nothing moves the cursor, and the token isn't echoed."""
    async with newcomer.at(TERM="dumb") as terminal:
        await terminal.answer("Bot token:", newcomer.discord.token)
        await terminal.answer("(y/n)", "n")
        await newcomer.invited(terminal)
        await terminal.until("2. OpenRouter: paste a key")
        await terminal.answer("Number:", "9")
        await terminal.answer("Number:", "2")
        await terminal.answer("OpenRouter key:", newcomer.router.key)
        await terminal.answer("Number:", "2")
        await terminal.until("google/gemini-2.5-flash answers.")
        await terminal.answer("Dollars a month", CTRL_C)
        assert await terminal.end() == 130
        assert b"\x1b" not in terminal.raw
        assert newcomer.discord.token not in terminal.shown
        assert "Traceback" not in terminal.shown


@pytest.mark.parametrize(("settings", "colored"), [({}, True), ({"NO_COLOR": "1"}, False)])
async def test_colors_are_for_those_who_want_them(newcomer: Newcomer, settings: dict[str, str], colored: bool):
    """NO_COLOR turns them off; the marks and the menus stay."""
    async with newcomer.at(*newcomer.at_discord, **settings) as terminal:
        await terminal.until("✓ This is Headwater")
        await terminal.until("Who serves the models?")
        assert bool(COLOR.search(terminal.raw)) is colored


async def test_a_terminal_without_such_letters_gets_others(newcomer: Newcomer):
    """ASCII alone: no code to scan, and marks in words."""
    token = newcomer.discord.token
    async with newcomer.at("--token", token, PYTHONIOENCODING="ascii:replace", LC_ALL="C") as terminal:
        await terminal.until("OK: This is Headwater")
        await terminal.answer("(y/n)", "n")
        await terminal.until("https://discord.com/oauth2/authorize")
        assert "▀" not in terminal.shown


async def test_models_of_a_server_on_this_machine(newcomer: Newcomer):
    """Ollama, at the address that is typed; its models cost nothing, so there's no question about money."""
    base = newcomer.router.base_url.removesuffix("/v1")
    async with newcomer.at(
        "--token", newcomer.discord.token, "--message-content", "off", "--wait", "0"
    ) as terminal:
        await terminal.answer("Who serves the models?", "3")
        await terminal.answer("Ollama's address:", "localhost")
        await terminal.until("That isn't an address.")
        await terminal.answer("Ollama's address:", base)
        await terminal.answer("Which model answers", "")
        await terminal.answer("Start the bot now?", "n")
        assert await terminal.end() == 0
    assert newcomer.written()["OLLAMA_API_BASE"] == base
    assert newcomer.written()["MODEL_PROVIDER"] == "ollama"


async def test_any_server_that_speaks_the_protocol(newcomer: Newcomer):
    """Its address and key are tried together."""
    async with newcomer.at(
        "--token", newcomer.discord.token, "--message-content", "off", "--wait", "0"
    ) as terminal:
        await terminal.answer("Who serves the models?", "4")
        await terminal.answer("Address, up to its version", newcomer.router.base_url)
        await terminal.answer("Its key", "")
        await terminal.answer("Which model answers", "")
        await terminal.answer("Dollars a month", "")
        await terminal.until("model openai/gpt-4o-mini: the provider offers it")
    assert newcomer.written()["OPENAI_API_BASE"] == newcomer.router.base_url
    assert newcomer.written()["OPENAI_API_KEY"] == "none"


async def test_without_a_network_it_waits_for_one(newcomer: Newcomer):
    """One plain line, and Enter tries again."""
    newcomer.discord.trouble.cut_off()
    async with newcomer.at() as terminal:
        await terminal.answer("Bot token:", newcomer.discord.token)
        await terminal.until("Discord can't be reached", 30)
        newcomer.discord.trouble.restore()
        await terminal.answer("Press Enter to try again", "")
        await terminal.until("This is Headwater")
        assert "Traceback" not in terminal.shown


async def test_a_file_that_cannot_be_written_is_named(newcomer: Newcomer):
    """One line, exit code 78."""
    newcomer.file.mkdir()
    code, said = await newcomer.run("setup", "--non-interactive", **newcomer.answers)
    assert code == 78
    assert ".env can't be read or written" in said
    assert "Traceback" not in said


async def test_the_flags_are_explained(newcomer: Newcomer):
    """Each answer has one."""
    code, said = await newcomer.run("setup", "--help")
    assert code == 0
    assert not [answer.flag for answer in (*TYPED, START) if answer.flag not in said]
