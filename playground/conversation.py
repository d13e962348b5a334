"""The demo's scripted conversation: a member and an admin use the bot, and every reply is checked."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.discord import PlaygroundError
from playground.exactness import SMALL_PRINT, has_small_print, shows, staleness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playground.discord import Choice, Discord, Interaction, Message, User
    from playground.processes import Bot, Reports, Said
    from playground.terminal import Terminal

CURSOR = "▌"
PATIENCE = 60.0  # seconds for anything to happen
PAUSE = 0.5  # seconds before a person's next act
QUIET = 2.5  # seconds without an edit, after which a real model's reply counts as ended
LONG = "Please write something long."


@dataclass(slots=True)
class Figures:
    """What was measured of the replies, in seconds."""

    first_text: list[float] = field(default_factory=list)
    stale: list[float] = field(default_factory=list)
    online: list[float] = field(default_factory=list)
    exact: int = 0
    replies: int = 0


@dataclass(slots=True, frozen=True)
class Asked:
    """When a question was asked: before which message, and after how many completions of the model."""

    id: int
    at: float
    after: int


class Conversation:
    """Plays the conversation; `faults` lists what went wrong.

    Without `reports` the model is a real one, and nobody knows what it said.
    """

    def __init__(self, d: Discord, bot: Bot, reports: Reports | None, terminal: Terminal) -> None:
        self.d = d
        self.bot = bot
        self.reports = reports
        self.terminal = terminal
        self.figures = Figures()
        self.faults: list[str] = []
        self.member, self.admin = d.add_user("Mo"), d.add_user("Ada")
        guild = d.add_guild("Workshop")
        d.add_member(guild, self.member)
        d.add_member(guild, self.admin, admin=True)
        self.channel = d.add_channel(guild, "general")

    async def play(self) -> None:
        scripted: tuple[Callable[[], Awaitable[None]], ...] = (
            (self.failures, self.breaking) if self.reports else ()
        )
        steps = (self.introduction, self.long_answer, self.memory, self.refusal, self.switch, self.slash)
        for step in (self.online, *steps, *scripted, self.stopping, self.restart):
            try:
                await asyncio.sleep(PAUSE)
                async with asyncio.timeout(3 * PATIENCE):
                    await step()
            except (TimeoutError, PlaygroundError) as error:
                self.fault(f"{step.__name__.replace('_', ' ')}: {str(error) or 'nothing happened in time'}")
            if self.bot.exited is not None:
                self.fault(f"the bot ended with exit code {self.bot.exited}")
                return
        if self.d.count_429:
            self.fault(f"Discord refused {self.d.count_429} requests with a 429")
        if strange := {request.route for request in self.d.requests if request.route.startswith("?")}:
            self.fault(f"the bot used routes that this Discord doesn't have: {', '.join(sorted(strange))}")

    def fault(self, text: str) -> None:
        self.faults.append(text)
        self.terminal.line(f"  ! {text}")

    def require(self, *, holds: bool, otherwise: str) -> None:
        if not holds:
            self.fault(otherwise)

    # --- The steps ------------------------------------------------------------------------------------------

    async def online(self) -> None:
        """Wait until the bot is connected and has registered its commands, or ends by itself."""
        ending = asyncio.create_task(self.bot.end())
        ending.add_done_callback(lambda _: self.d.world.changed("gateway", None))
        try:
            await self.d.until(lambda: ending.done() or (self.d.online and self.d.commands), PATIENCE)
        finally:
            ending.cancel()
        if self.bot.exited is None:
            self.figures.online.append(time.monotonic() - self.bot.started)
            names = ", ".join(f"/{command['name']}" for command in self.d.commands if command["type"] == 1)
            self.terminal.line(f"The bot is online after {self.figures.online[-1]:.1f} s and offers {names}.")

    async def introduction(self) -> None:
        await self.ask("Hello! Who are you?")

    async def long_answer(self) -> None:
        await self.ask(LONG)

    async def memory(self) -> None:
        said = await self.ask("What did I ask before?")
        remembered = said is None or any(LONG in earlier for earlier in said.earlier)
        self.require(holds=remembered, otherwise="the request didn't include the first question")

    async def refusal(self) -> None:
        done = await self.command(self.member, "model set", model="openai/gpt-4o")
        self.require(holds=done.ephemeral, otherwise="a member's /model set wasn't refused privately")

    async def switch(self) -> None:
        """An admin finds a model by autocomplete and sets it; the next question is answered by it."""
        typed = "gemini" if self.reports else "4.1-nano"
        choices = await self._choices(typed)
        self.terminal.line(
            f"Ada (admin): /model set model:{typed}  ->  {', '.join(c.name for c in choices[:3])} ..."
        )
        chosen = next(str(choice.value) for choice in choices if typed in str(choice.value))
        tried = len(self.reports.said) if self.reports else 0
        done = await self.command(self.admin, "model set", model=chosen)
        if self.reports:
            await asyncio.wait_for(self.reports.after(tried), PATIENCE)  # the trial, which answers no question
        self.require(holds=not done.ephemeral, otherwise="an admin couldn't set the model")
        said = await self.ask("Show me a list of what matters.")
        used = said is None or said.model == chosen
        self.require(holds=used, otherwise=f"{said and said.model} answered after {chosen} was set")

    async def _choices(self, typed: str) -> list[Choice]:
        """What autocomplete offers; the list of models may still be on its way."""
        for _ in range(int(PATIENCE / PAUSE)):
            if found := await self.d.autocomplete(self.admin, self.channel, "model set", "model", typed):
                return found
            await asyncio.sleep(PAUSE)
        raise PlaygroundError(f"autocomplete offers nothing for {typed}")

    async def slash(self) -> None:
        question = "Show me some code"
        asked = self._asked(f"/ask prompt:{question}")
        await self.d.command(self.member, self.channel, "ask", prompt=question)
        await self._reply(asked)

    async def failures(self) -> None:
        await self.ask("Now an error, please.", whole=False, offers="Retry")

    async def breaking(self) -> None:
        await self.ask("Begin to answer and break off.", whole=False, offers="Continue")

    async def stopping(self) -> None:
        asked = self._asked(f"@Headwater {LONG}")
        self.d.say(self.member, self.channel, LONG, mention=True)
        await self.d.until(lambda: sum(len(message.content) for message in self._since(asked)) > 200, PATIENCE)
        self.terminal.line("Mo (member) presses Stop.")
        await self.d.press(self.member, self._since(asked)[-1], "Stop")
        await self._reply(asked, whole=False)

    async def restart(self) -> None:
        self.terminal.line("The bot is stopped and started again.")
        code = await self.bot.stop()
        self.require(holds=code == 0, otherwise=f"the bot ended with exit code {code} when asked to stop")
        await self.bot.start()
        await self.online()
        said = await self.ask("What do you remember?")
        remembered = said is None or any(LONG in earlier for earlier in said.earlier)
        self.require(holds=remembered, otherwise="the conversation didn't survive the restart")

    # --- Asking and checking --------------------------------------------------------------------------------

    async def ask(self, question: str, *, whole: bool = True, offers: str = "") -> Said | None:
        """Let the member ask by mention and check the reply; returns what the scripted model said.

        Without `whole` the reply must show a beginning, say in small print what happened, and offer a button.
        """
        asked = self._asked(f"@Headwater {question}")
        self.d.say(self.member, self.channel, question, mention=True)
        return await self._reply(asked, whole=whole, offers=offers)

    async def command(self, user: User, path: str, **options: str) -> Interaction:
        typed = " ".join(f"{name}:{value}" for name, value in options.items())
        self.terminal.line(f"{self._named(user)}: /{path} {typed}")
        done = await self.d.command(user, self.channel, path, **options)
        self.require(holds=not done.failed, otherwise=f"/{path} wasn't answered in time")
        await self.d.until(lambda: bool(done.content), PATIENCE)  # a model is tried before it is chosen
        self.terminal.line(f"    {'(private) ' if done.ephemeral else ''}{done.content}")
        return done

    def _named(self, user: User) -> str:
        return f"{user.name} ({'admin' if user is self.admin else 'member'})"

    def _asked(self, what: str) -> Asked:
        self.terminal.line()
        self.terminal.line(f"{self._named(self.member)}: {what}")
        after = len(self.reports.said) if self.reports else 0
        return Asked(self.d.world.snowflake(), time.monotonic(), after)

    def _since(self, asked: Asked) -> list[Message]:
        return [message for message in self.d.history(self.channel, self.d.bot) if message.id > asked.id]

    async def _reply(self, asked: Asked, *, whole: bool = True, offers: str = "") -> Said | None:
        """Wait for a reply to end, check it, note its figures."""
        self.figures.replies += 1
        if self.reports is None:
            await self._quiet(asked)
            return None
        said = await asyncio.wait_for(self.reports.after(asked.after), PATIENCE)

        def as_it_should_be() -> bool:
            messages = self._since(asked)
            texts = [message.content for message in messages]
            if not ended(messages) or not shows(texts, said.text, whole=whole):
                return False
            return whole or (has_small_print(texts[-1]) and (not offers or offers in messages[-1].labels))

        try:
            await self.d.until(as_it_should_be, PATIENCE / 3)
            self.figures.exact += 1
        except TimeoutError:
            self.fault("this reply isn't exact, or didn't end properly")
        self._measure(asked, said)
        return said

    async def _quiet(self, asked: Asked) -> None:
        """Wait until a real model's reply looks ended and stays so."""
        async with asyncio.timeout(3 * PATIENCE):
            while True:
                await self.d.until(lambda: ended(self._since(asked)), 3 * PATIENCE)
                await asyncio.sleep(QUIET)
                messages = self._since(asked)
                if ended(messages) and time.monotonic() - messages[-1].history[-1].at >= QUIET:
                    break
        self._measure(asked, None)

    def _measure(self, asked: Asked, said: Said | None) -> None:
        """Note how soon the first text was on show and how old text was when it came."""
        if not (shown := visible(self._since(asked))):
            return
        self.figures.first_text.append(shown[0][0] - asked.at)
        if said and said.sent and len(said.text) > 500:
            sizes = itertools.accumulate(weight(text) for _, text in said.sent)
            sent = list(zip((at for at, _ in said.sent), sizes, strict=True))
            self.figures.stale.append(staleness(sent, shown))


def ended(messages: list[Message]) -> bool:
    """Whether a reply looks ended: there is text, no cursor and no Stop."""
    last = messages[-1] if messages else None
    return bool(last and last.content and CURSOR not in last.content[-2:] and "Stop" not in last.labels)


def weight(text: str) -> int:
    """Characters of the answer without white space, which may differ where messages meet."""
    lines = [line for line in text.removesuffix(CURSOR).split("\n") if not line.startswith(SMALL_PRINT)]
    return sum(not character.isspace() for line in lines for character in line)


def visible(messages: list[Message]) -> list[tuple[float, int]]:
    """When a reply showed how much text, from the versions of its messages."""
    versions = sorted((v.at, number, v.content) for number, m in enumerate(messages) for v in m.history)
    now: dict[int, int] = {}
    shown = []
    for at, number, content in versions:
        now[number] = weight(content)
        shown += [(at, sum(now.values()))] if sum(now.values()) else []
    return shown


def summary(figures: Figures, *, scripted: bool) -> str:
    """The last lines of the demo."""
    exact = (
        f"{figures.exact} of {figures.replies} replies as the model said them"
        if scripted
        else (f"{figures.replies} replies; a real model's words aren't known here, so exactness wasn't checked")
    )
    first = f"first text after {statistics.median(figures.first_text):.2f} s" if figures.first_text else ""
    stale = f"text {statistics.mean(figures.stale):.2f} s old on average while streaming" if figures.stale else ""
    start = f"bot online {figures.online[0]:.1f} s after its start" if figures.online else ""
    return " · ".join(part for part in (exact, first, stale, start) if part)
