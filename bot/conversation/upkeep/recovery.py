"""Bringing replies that nobody carries on, as after a restart, to an honest end on the screen and in memory."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

from bot.conversation.ending import Ending
from bot.conversation.errors import LostInQueueError
from bot.conversation.ports import ClosedReply
from bot.core.errors import HeadwaterError, StorageError
from bot.core.records import ReplyState
from bot.core.telemetry.trail import Trail, trail
from bot.core.units import DISCORD_EPOCH_S
from bot.display.errors import MessageGoneError, ScreenError
from bot.display.target import Controls, Look
from bot.display.text.read_back import had_ended, text_of, words_of
from bot.money.billing import CallReport
from bot.money.ledger import Cost, Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.conversation.ending import ReplyTexts
    from bot.conversation.ports import Channels, ConversationStore, SeenMessage, StoredReply
    from bot.conversation.upkeep.leases import Leases
    from bot.core.ports import Clock
    from bot.display.reply import Reply
    from bot.money.billing import Billing, OpenCall

log = logging.getLogger(__name__)

LOOK_S = 15.0  # how often interrupted replies are looked for
AT_ONCE = 4  # channels read at a time: reading is outside the edit scheduler's budget
LOOK_AHEAD = 300  # messages read from the question on; an answer is seldom further down
CLOCK_SKEW_S = 60  # by how much this computer's clock may be ahead of Discord's


@dataclass(frozen=True, slots=True)
class Remains:
    """What a channel still shows of a reply: its messages, first to last; None where it could not be read."""

    messages: tuple[SeenMessage, ...] | None
    is_torn: bool = False  # some of its messages have been deleted

    @property
    def contents(self) -> list[str]:
        return [message.content for message in self.messages or ()]

    @property
    def had_ended(self) -> bool:
        """Whether only memory does not know yet that the reply has ended."""
        last = self.messages[-1] if self.messages else None
        return last is not None and not last.running and (last.button_of is not None or had_ended(last.content))


class Recovery:
    """Ends the replies of an earlier process: with what was shown of them, a line that says why, and Retry."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        leases: Leases,
        billing: Billing,
        new_reply: Callable[..., Reply],
        texts: ReplyTexts,
        clock: Clock,
    ) -> None:
        """`new_reply` is as `ChatService` takes it."""
        self._store = store
        self._leases = leases
        self._billing = billing
        self._new_reply = new_reply
        self._texts = texts
        self._clock = clock
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def book(self) -> None:
        """Book the calls of replies that nobody carries on, so that budgets know of them before the next question.

        Raises:
            StorageError: the database can't be used.
        """
        for reply in await self._store.unfinished_replies():
            if reply.call is not None and self._leases.is_over(reply):
                entry = _entry(reply, reply.call, now=int(self._clock.time()))
                await self._billing.book(entry, self._billing.ledger.book)

    async def run(self, channels: Channels) -> None:
        """End the replies that nobody carries on, now and every so often, until cancelled."""
        while True:
            try:
                await self.recover(channels)
            except StorageError as error:
                log.warning("interrupted replies stay as they are: %s", error)
            await self._clock.sleep(LOOK_S)

    async def recover(self, channels: Channels) -> None:
        """End these replies; returns when each is on the screen and in memory, or can't be brought there.

        Raises:
            StorageError: nobody can say which replies they are.
        """
        unfinished = await self._store.unfinished_replies()
        lost = [reply for reply in unfinished if await self._leases.take_over(reply)]
        await asyncio.gather(*(self._recover_safely(reply, channels) for reply in lost))
        if lost:
            log.info("ended %d replies that had been interrupted", len(lost))

    async def _recover_safely(self, reply: StoredReply, channels: Channels) -> None:
        trail.set(Trail(question_id=reply.question_message_id, reply_id=lambda: reply.id))
        try:
            await self._recover(reply, channels)
        except HeadwaterError as error:
            log.warning("reply %d could not be recovered: %s", reply.id, error)
        except Exception:
            log.exception("recovering reply %d failed by a bug", reply.id)

    async def _recover(self, reply: StoredReply, channels: Channels) -> None:
        if reply.private:  # shown to one person by a token that is gone, and kept nowhere
            return await self._close(reply, "")
        async with self._reading:
            remains = await self._look(reply, channels)
        text = reply.text
        if remains.messages is not None:
            shown = text_of(remains.contents, reply.text, rich_text=reply.rich_text)
            # Rendered text can't always be read back: then the last checkpoint is what the model said for certain.
            guess = reply.text if reply.rich_text and reply.text.strip() else words_of(remains.contents)
            text = guess if shown is None else shown
        if remains.had_ended:
            return await self._close(reply, text)
        if remains.is_torn:
            if not remains.messages:
                return await self._close(reply, "")
            text = ""
        return await self._end(reply, remains, text, channels)

    async def _look(self, reply: StoredReply, channels: Channels) -> Remains:
        known = reply.message_ids
        begin = min((*known, reply.question_message_id or _snowflake(reply.opened_at))) - 1
        try:
            seen = await channels.after(reply.place.channel_id, begin, limit=LOOK_AHEAD)
        except MessageGoneError:
            return Remains((), is_torn=True)
        except ScreenError as error:
            log.warning("the channel of reply %d cannot be read: %s", reply.id, error)
            return Remains(None)
        if not seen and known:  # as Discord answers where the bot may not read older messages
            return Remains(None)
        found = [message for message in seen if message.id in known or _belongs(message, reply)]
        found.sort(key=lambda message: known.index(message.id) if message.id in known else len(known))
        missing = set(known) - {message.id for message in found}
        if missing and len(seen) == LOOK_AHEAD:
            return Remains(None)
        return Remains(tuple(found), is_torn=bool(missing))

    async def _end(self, reply: StoredReply, remains: Remains, text: str, channels: Channels) -> None:
        waited = reply.turn_id is None
        for message in remains.messages or ():
            await self._store.add_reply_message(reply.id, message.id)
        ids = reply.message_ids if remains.messages is None else tuple(message.id for message in remains.messages)
        kept: list[str] = []  # what is remembered where the screen can no longer be reached
        display = self._new_reply(
            channels.target(reply.place.channel_id, answer_to=None if ids else reply.question_message_id),
            on_message=lambda message_id: self._store.add_reply_message(reply.id, message_id),
            on_lost=lambda error: kept.append("" if isinstance(error, MessageGoneError) else text),
            messages=dict(zip_longest(ids, remains.contents[: len(ids)], fillvalue="")),
            text=text,
            look=Look(rich_text=reply.rich_text),
        )
        ending = Ending(
            state=ReplyState.FAILED if waited else ReplyState.INTERRUPTED,
            error=LostInQueueError() if waited else None,
        )
        display.finish(
            self._texts.ending(ending),
            Controls(reply_id=reply.id, retry=not waited, continue_=not waited and bool(text.strip())),
        )
        await display.settled()
        await self._close(reply, kept[0] if kept else display.shown_text)

    async def _close(self, reply: StoredReply, text: str) -> None:
        call, now = reply.call, int(self._clock.time())
        closed = ClosedReply(
            reply_id=reply.id,
            state=ReplyState.INTERRUPTED,
            text=text,
            report=CallReport(model=reply.model, generation_id=call.generation_id if call else None),
            error="",
            now=now,
        )
        if call is None:
            await self._store.close_reply(closed)
        else:
            await self._billing.book(_entry(reply, call, now=now), partial(self._store.close_reply, closed))


def _entry(reply: StoredReply, call: OpenCall, *, now: int) -> Entry:
    """What an interrupted call is booked with, until the provider's record says more."""
    return Entry(
        at=now,
        place=reply.place,
        user_id=call.payer_id,
        model=call.model,
        state=ReplyState.INTERRUPTED,
        cost=Cost(nano_usd=call.reserved_nano_usd, estimated=True),
        reply_id=reply.id,
        generation_id=call.generation_id,
    )


def _belongs(message: SeenMessage, reply: StoredReply) -> bool:
    """Whether a message that memory does not know shows a part of a reply.

    The process may have ended between Discord's answer and the commit. What a reply shows while it goes on has its
    buttons; what it shows last may have none, and then answers the question.
    """
    if not message.own or message.button_of not in {None, reply.id}:
        return False
    if message.button_of == reply.id:
        return True
    if message.reply_to is not None:
        return message.reply_to == reply.question_message_id
    still_thinking = message.command_of == reply.asker_id and not message.content
    return still_thinking and reply.question_message_id is None and not reply.message_ids


def _snowflake(epoch_s: int) -> int:
    """The least id that Discord may have given since."""
    return max(1, (epoch_s - CLOCK_SKEW_S - DISCORD_EPOCH_S) * 1000 << 22)
