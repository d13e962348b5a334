"""Asking by message: a mention, a reply to the bot, a direct message, or any message where the settings say so."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.access.refusals import NotAllowedError, Rule
from bot.conversation.history import BRANCHED_TURNS
from bot.core.background import Background
from bot.core.errors import HeadwaterError, StorageError
from bot.core.names import NAME_LIMIT_CHARS
from bot.settings.catalog import ANSWER, THREADS
from bot.ui.incoming.asking import Asker
from bot.ui.incoming.markup import title
from bot.ui.incoming.missed import MissedQuestions
from bot.ui.incoming.notices import NO, WAIT
from bot.ui.incoming.proxied import ProxiedQuestions
from bot.ui.incoming.reading.questions import is_hidden, question_of, words_of
from bot.ui.incoming.threads import ThreadQuestions
from bot.ui.targets.failures import logged_failures
from bot.ui.targets.permissions import author_of
from bot.ui.targets.places import is_direct, may_answer, message_place, names_bot
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from bot.access.gate import Admitted
    from bot.client import ChatBot
    from bot.core.records import Place, Question
    from bot.settings.resolver import EffectiveSettings

log = logging.getLogger(__name__)


class Mentions(commands.Cog):
    """Turns messages into questions, each once."""

    def __init__(self, bot: ChatBot) -> None:
        services = bot.services
        self.bot = bot
        self.gate = services.access.gate
        self.leases = services.conversation.leases
        self.asker = Asker(services.conversation.chat, bot, services.clock)
        self._threads = ThreadQuestions()
        self._proxied = ProxiedQuestions(services.clock)
        self._missed = MissedQuestions(bot, bot.arrivals, bot.requests, services.clock)
        self._looking = Background("looking for missed questions", self._missed.look, services.clock)

    async def cog_unload(self) -> None:
        await self._looking.aclose()

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """A session begins without the events of the time before it. Direct messages come to the first shard."""
        guilds = [guild for guild in self.bot.guilds if guild.shard_id == shard_id]
        self._missed.expect(guilds, direct=shard_id == 0)
        self._looking.start()

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """An outage is over."""
        if self.bot.is_ready():
            self._missed.expect([guild])
            self._looking.start()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A mention, a reply with the ping on (which mentions as well), or a direct message asks.

        So does every message where the settings say `always`, as far as Discord lets the bot read it. Bots and
        webhooks don't ask: two bots would talk to each other without end. A proxy bot's copy of a question stands
        for it.
        """
        me = self.bot.user
        if me is None or message.author.id == me.id or message.is_system():
            return
        if message.webhook_id:
            await self._follow_copy(message, question_of(message, me))
        if message.webhook_id or message.author.bot:
            return
        self._missed.note(message)
        meant = is_direct(message) or names_bot(message, me)
        if message.guild is None and not is_direct(message):
            await self._ask_again_later(message, meant=meant)
            return
        overheard = None if meant else await self._overheard(message)
        if not meant and overheard is None:
            return
        question = question_of(message, me)
        if message.id not in self.bot.arrivals.asked:
            self.bot.arrivals.coming.put(message.id)  # an edit or a copy may come while the message is being taken
        self._proxied.note(message, question)
        if await self._take(message):
            await self._answer_message(message, question, overheard)

    async def _take(self, message: discord.Message) -> bool:
        """Whether to answer a message: neither this process nor another has taken it before."""
        return not self.bot.arrivals.asked.repeats(message.id) and await self.leases.claim(message.id)

    async def _follow_copy(self, copy: discord.Message, question: Question) -> None:
        """From now on the copy stands for its original, whose author asks; their own message may go."""
        original = self._proxied.original_of(question)
        if original is None:
            return
        self.bot.arrivals.copies.put(original.message.id, copy.id)
        await self._move(original.message.id, copy.id)
        if original.message.id in self.bot.arrivals.dropped:
            asked = replace(original.question, text=question.text, message_id=copy.id)
            await self._answer_message(original.message, asked, None)

    async def _move(self, message_id: int, copy_id: int) -> None:
        conversation = self.bot.services.conversation
        conversation.chat.runs.moved(message_id, to=copy_id)
        try:
            await conversation.sync.move_question(message_id, to=copy_id)
        except StorageError as error:
            log.warning("question %d is remembered by a message that will go: %s", message_id, error)

    async def _ask_again_later(self, message: discord.Message, *, meant: bool) -> None:
        """This server's settings and permissions aren't known yet; after a start they arrive within seconds."""
        if meant and self.bot.is_ready():
            await self._say(message, texts.NOT_READY, sign=WAIT)

    async def _overheard(self, message: discord.Message) -> EffectiveSettings | None:
        """The settings that apply, if they say that every message asks; None for a message that doesn't ask."""
        if not self.bot.intents.message_content or is_hidden(message):
            return None
        try:
            effective = await self.bot.services.settings.resolver.effective(message_place(message))
        except HeadwaterError:
            return None
        return effective if effective.text(ANSWER) == "always" else None

    async def _answer_message(
        self, message: discord.Message, question: Question, overheard: EffectiveSettings | None
    ) -> None:
        """Answer a message where it was written, or say why not. An `overheard` one doesn't name the bot."""
        meant = overheard is None
        if not may_answer(message):
            if meant:
                await self.bot.notices.say_privately(message, texts.may_not_write(message.jump_url))
            return
        try:
            admitted = await self.gate.admit(await author_of(message), question.place, effective=overheard)
            if not question.text and not question.extras.files:
                await self._say(message, _hint(message), sign=NO)
                return
            if admitted.effective.text(THREADS) != "off" and isinstance(message.channel, discord.TextChannel):
                with self._threads.another(message.author.id, message.channel.id):
                    place = await self._place(message, question, admitted)
                    await self._ask(question, place, admitted)
            else:
                await self._ask(question, question.place, admitted)
        except HeadwaterError as refusal:
            await self._refuse(message, refusal, meant=meant)

    async def _ask(self, question: Question, place: Place, admitted: Admitted) -> None:
        """Ask in a place, unless the question has been deleted meanwhile."""
        if (asked := self._as_it_reads_now(question)) is not None:
            answer_to = asked.message_id if place == asked.place else None
            target = self.bot.channel_target(place.channel_id, answer_to=answer_to)
            await self.asker.ask(replace(asked, place=place), target, admitted)

    async def _say(self, message: discord.Message, sentence: str, *, sign: str) -> None:
        target = self.bot.channel_target(message.channel.id, answer_to=message.id)
        await self.bot.notices.say(message, target, sentence, sign=sign)

    async def _refuse(self, message: discord.Message, refusal: HeadwaterError, *, meant: bool) -> None:
        """Say why not, unless nobody asked to know."""
        if isinstance(refusal, NotAllowedError) and (refusal.rule is Rule.SILENT or not meant):
            return
        await self._say(message, refusal.sentence, sign=NO if isinstance(refusal, NotAllowedError) else WAIT)

    def _as_it_reads_now(self, question: Question) -> Question | None:
        """The question after what was edited or copied since it came; None where it was deleted."""
        message_id = question.message_id
        assert message_id is not None  # noqa: S101 - it is a message
        copy_id = self.bot.arrivals.copies.get(message_id)
        if copy_id is None and message_id in self.bot.arrivals.deleted:
            self.bot.arrivals.dropped.put(message_id)
            return None
        newest = self.bot.arrivals.coming.pop(message_id)
        return replace(question, text=newest or question.text, message_id=copy_id or message_id)

    async def _place(self, message: discord.Message, question: Question, admitted: Admitted) -> Place:
        """A thread for a question; its channel where none can be opened."""
        thread = await self._open_thread(message)
        if thread is None:
            return question.place
        place = replace(question.place, channel_id=thread.id, parent_id=message.channel.id)
        if admitted.effective.text(THREADS) == "branch":
            await self._branch(question.place, place)
        return place

    async def _open_thread(self, message: discord.Message) -> discord.Thread | None:
        """A thread under a question, named after it; None where none can be opened."""
        if self.bot.user:
            name = title(words_of(message, self.bot.user), limit=NAME_LIMIT_CHARS)
            with logged_failures(log, "no thread in channel %d", message.channel.id):
                return await message.create_thread(name=name)
        return None

    async def _branch(self, source: Place, thread: Place) -> None:
        """Continue in a thread what was said above it; where that can't be stored, it begins empty."""
        try:
            await self.bot.services.conversation.store.branch(source, thread, limit=BRANCHED_TURNS)
        except StorageError as error:
            log.warning("thread %d begins without memory: %s", thread.channel_id, error)


def _hint(message: discord.Message) -> str:
    """To somebody whose question has nothing that the bot could read."""
    if message.content:
        return texts.EMPTY_QUESTION
    return texts.REPLY_HIDDEN if message.reference else texts.ROLE_MENTIONED


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Mentions(bot))
