"""What the bot says by itself: refusals, hints and notices, which nobody can make it repeat without end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.display.notice import Notice
from bot.ui.targets.failures import logged_failures

if TYPE_CHECKING:
    import random
    from collections.abc import Hashable

    import discord

    from bot.core.ports import Clock
    from bot.display.scheduler import EditScheduler
    from bot.display.target import ReplyTarget

log = logging.getLogger(__name__)

# A channel takes five new messages in five seconds, from answers as well; reactions have a limit of their own.
SENTENCE_PERSON_S, SENTENCE_CHANNEL_S = 20.0, 10.0
REACTION_PERSON_S, REACTION_CHANNEL_S = 5.0, 2.0
PRIVATE_S = 600.0  # between two direct messages to a person about the same channel
PRUNE_AT = 10_000  # keys remembered at a time
WAIT, NO = "⏳", "🚫"  # reactions: later, not at all


class Every:
    """Lets each key through once in so many seconds."""

    def __init__(self, clock: Clock, *, period_s: float) -> None:
        self._clock = clock
        self._period_s = period_s
        self._free_at: dict[Hashable, float] = {}

    def is_free(self, key: Hashable) -> bool:
        return self._free_at.get(key, 0.0) <= self._clock.monotonic()

    def take(self, key: Hashable) -> bool:
        """Whether the key may pass; if so, it's counted."""
        if not self.is_free(key):
            return False
        now = self._clock.monotonic()
        if len(self._free_at) >= PRUNE_AT:
            self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        self._free_at[key] = now + self._period_s
        return True


class Share:
    """What one person gets, and one channel gets, of something; both must have some left."""

    def __init__(self, clock: Clock, *, person_s: float, channel_s: float) -> None:
        self._people = Every(clock, period_s=person_s)
        self._channels = Every(clock, period_s=channel_s)

    def take(self, person_id: int, channel_id: int) -> bool:
        return self._people.is_free(person_id) and self._channels.take(channel_id) and self._people.take(person_id)


class Notices:
    """Answers a message with a sentence; somebody who gets too many, with a reaction; after that, with nothing."""

    def __init__(self, scheduler: EditScheduler, clock: Clock, rng: random.Random) -> None:
        self._scheduler = scheduler
        self._clock = clock
        self._rng = rng
        self._sentences = Share(clock, person_s=SENTENCE_PERSON_S, channel_s=SENTENCE_CHANNEL_S)
        self._reactions = Share(clock, person_s=REACTION_PERSON_S, channel_s=REACTION_CHANNEL_S)
        self._private = Every(clock, period_s=PRIVATE_S)

    async def say(self, message: discord.Message, target: ReplyTarget, sentence: str, *, sign: str = NO) -> None:
        """Say something under a message; `sign` is the reaction that stands for it."""
        person_id, channel_id = message.author.id, message.channel.id
        if self._sentences.take(person_id, channel_id):
            nonce = self._rng.getrandbits(63)
            self._scheduler.mark(Notice(target, sentence, clock=self._clock, nonce=nonce))
        elif self._reactions.take(person_id, channel_id):
            with logged_failures(log, "no reaction in channel %d", channel_id):
                await message.add_reaction(sign)

    def announce(self, target: ReplyTarget, sentence: str) -> None:
        """Say something in a channel that nobody asked for; who calls it sees that it's said once."""
        self._scheduler.mark(Notice(target, sentence, clock=self._clock, nonce=self._rng.getrandbits(63)))

    async def say_privately(self, message: discord.Message, sentence: str) -> None:
        """Write to somebody about a channel where the bot can't write."""
        if self._private.take((message.author.id, message.channel.id)):
            with logged_failures(log, "person %d wasn't told in private", message.author.id):
                await message.author.send(sentence)
