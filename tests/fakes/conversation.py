"""Channels and the store of conversations, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.conversation.ports import OpenedAnswer, SeenMessage, StoredReply
from bot.core.errors import HeadwaterError
from bot.core.records import ReplyState, Role, Turn
from tests.fakes.money import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.conversation.asides.kept import Aside
    from bot.conversation.ports import ClosedReply
    from bot.core.records import Attachment, Place, Question
    from bot.display.errors import ScreenError
    from bot.money.billing import OpenCall
    from bot.money.ledger import Entry
    from tests.fakes.display import FakeTarget


class FakeChannels:
    """One channel's messages, as `Channels` tells of them; writing goes to `screen`."""

    def __init__(self, screen: FakeTarget) -> None:
        self.screen = screen
        self.seen: list[SeenMessage] = []  # oldest first
        self.answered: list[int | None] = []  # the messages that targets were to answer
        self.error: ScreenError | None = None  # what reading fails with

    def add(self, message_id: int, content: str, **details: Any) -> None:
        """Let a message of the bot's stand in the channel."""
        self.seen.append(SeenMessage(**{"id": message_id, "own": True, "content": content, **details}))
        if self.seen[-1].own:
            self.screen.messages[message_id] = content

    def target(self, channel_id: int, *, answer_to: int | None = None) -> FakeTarget:
        assert channel_id == self.screen.channel_id
        self.answered.append(answer_to)
        return self.screen

    async def newest(self, _channel_id: int, *, limit: int) -> list[SeenMessage]:
        return (await self.after(0, 0, limit=len(self.seen)))[::-1][:limit]

    async def after(self, _channel_id: int, message_id: int, *, limit: int) -> list[SeenMessage]:
        if self.error:
            raise self.error
        return [message for message in self.seen if message.id > message_id][:limit]


class MemoryStore:
    """A `ConversationStore` in memory, for the use case in virtual time; the real one has tests of its own."""

    def __init__(self, ledger: MemoryLedger | None = None) -> None:
        """`ledger` is where answers are booked as they close."""
        self.ledger = ledger or MemoryLedger()
        self.questions: dict[int, Question] = {}
        self.answers: dict[int, str] = {}  # by the question's turn
        self.replies: dict[int, StoredReply] = {}
        self.closed: dict[int, ReplyState] = {}
        self.opted_out: set[int] = set()
        self.fault: HeadwaterError | None = None  # what writing fails with
        self.anchors: dict[int, int] = {}  # by the message replied to
        self.checkpoints: list[str] = []
        self.asides: dict[int, tuple[Aside, ...]] = {}  # by the reply
        self.pictures: dict[int, tuple[Attachment, ...]] = {}
        self.process = ""  # whose the replies are that are opened

    async def open_reply(self, question: Question, *, model: str, now: int, rich_text: bool = False) -> int:
        self._check()
        reply_id = len(self.replies) + 1
        self.replies[reply_id] = StoredReply(
            id=reply_id,
            place=question.place,
            asker_id=question.author_id,
            model=model,
            state=ReplyState.STREAMING,
            text="",
            message_ids=(),
            turn_id=None,
            question_message_id=question.message_id,
            opened_at=now,
            private=question.private,
            rich_text=rich_text,
            leased_by=self.process,
            leased_at=now,
        )
        return reply_id

    async def open_answer(
        self, question: Question, *, model: str, now: int, reply_id: int = 0, rich_text: bool = False
    ) -> OpenedAnswer:
        self._check()
        reply_id = reply_id or await self.open_reply(question, model=model, now=now, rich_text=rich_text)
        anchor_id = self.anchors.get(question.replies_to)
        if question.author_id in self.opted_out:
            return OpenedAnswer(reply_id, None, anchor_id)
        turn_id = 2 * len(self.questions) + 1
        self.questions[turn_id] = replace(question, anchor_id=anchor_id)
        await self._answer(turn_id, reply_id)
        return OpenedAnswer(reply_id, turn_id, anchor_id)

    async def reopen_answer(
        self, turn_id: int, question: Question, *, model: str, now: int, rich_text: bool = False
    ) -> int:
        self._check()
        reply_id = await self.open_reply(question, model=model, now=now, rich_text=rich_text)
        await self._answer(turn_id, reply_id)
        return reply_id

    async def _answer(self, turn_id: int, reply_id: int) -> None:
        for old in [reply for reply in self.replies.values() if reply.turn_id == turn_id]:
            for message_id in old.message_ids:
                await self.add_reply_message(reply_id, message_id)
            self.replies[old.id] = replace(old, message_ids=())
        text = self.answers.get(turn_id, "")
        self.replies[reply_id] = replace(self.replies[reply_id], turn_id=turn_id, text=text)

    def lease(self, reply_id: int, process: str, at: int) -> None:
        """Let a reply belong to a process since a time."""
        self.replies[reply_id] = replace(self.replies[reply_id], leased_by=process, leased_at=at)

    async def question(self, turn_id: int) -> Question | None:
        return self.questions.get(turn_id)

    async def open_call(self, reply_id: int, call: OpenCall) -> None:
        self._check()
        self.replies[reply_id] = replace(self.replies[reply_id], call=call)

    async def add_reply_message(self, reply_id: int, message_id: int) -> None:
        reply = self.replies[reply_id]
        self.replies[reply_id] = replace(reply, message_ids=tuple(dict.fromkeys((*reply.message_ids, message_id))))

    def _check(self) -> None:
        if self.fault:
            raise self.fault

    async def checkpoint(self, reply_id: int, text: str) -> None:
        self._check()
        self.checkpoints.append(text)
        self._keep(reply_id, text)

    async def close_reply(self, closed: ClosedReply, entry: Entry | None = None) -> int:
        self._check()
        self.closed[closed.reply_id] = closed.state
        self.asides[closed.reply_id] = closed.kept.asides
        self.pictures[closed.reply_id] = closed.kept.pictures
        self._keep(closed.reply_id, closed.text)
        self.replies[closed.reply_id] = replace(
            self.replies[closed.reply_id], state=closed.state, text=closed.text, call=None
        )
        return await self.ledger.book(entry) if entry else 0

    async def reply(self, reply_id: int) -> StoredReply | None:
        return self.replies.get(reply_id)

    async def unfinished_replies(self) -> list[StoredReply]:
        return [reply for reply in self.replies.values() if reply.state is ReplyState.STREAMING]

    async def known(self, message_ids: Collection[int], people: Collection[int]) -> tuple[set[int], set[int]]:
        turns = {question.message_id for question in self.questions.values()} & {*message_ids}
        return {turn for turn in turns if turn is not None}, self.opted_out & {*people}

    async def window(
        self, place: Place, *, before: int | None = None, limit: int = 60, whole: int = 0
    ) -> list[Turn]:
        turns = [
            turn
            for turn_id, question in self.questions.items()
            if question.place == place and self.answers.get(turn_id)
            for turn in (self._turn(turn_id, question), self._turn(turn_id + 1, None))
        ]
        newest = [turn for turn in reversed(turns) if before is None or turn.id < before][:limit]
        return newest[:whole] + [_named(turn) for turn in newest[whole:]]

    async def count(self, place: Place) -> int:
        return len(await self.window(place))

    async def clear(self, place: Place, *, by: int, now: int) -> int:  # noqa: ARG002 - the port's
        hidden = await self.count(place)
        self.questions = {key: question for key, question in self.questions.items() if question.place != place}
        return hidden

    def _keep(self, reply_id: int, text: str) -> None:
        turn_id = self.replies[reply_id].turn_id
        if turn_id is not None:
            self.answers[turn_id] = text
            self.replies[reply_id] = replace(self.replies[reply_id], text=text)

    def _turn(self, turn_id: int, question: Question | None) -> Turn:
        return Turn(
            id=turn_id,
            role=Role.USER if question else Role.ASSISTANT,
            text=question.text if question else self.answers[turn_id - 1],
            author_id=question.author_id if question else None,
            author_name=question.author_name if question else "",
            created_at=0,
            anchor_id=question.anchor_id if question else None,
            attachments=question.attachments if question else (),
        )


def _named(turn: Turn) -> Turn:
    return replace(turn, attachments=tuple(replace(each, text="", data=b"") for each in turn.attachments))


class MemoryClaims:
    """`Claims` on the replies of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.messages: set[int] = set()
        self.turns: dict[str, int] = {}
        self.fault: HeadwaterError | None = None

    async def claim_message(self, message_id: int, *, by: str, now: int) -> bool:  # noqa: ARG002 - the port's
        if self.fault:
            raise self.fault
        is_new = message_id not in self.messages
        self.messages.add(message_id)
        return is_new

    async def take_turn(self, name: str, *, by: str, now: int, every_s: int) -> bool:  # noqa: ARG002 - the port's
        due = now >= self.turns.get(name, 0) + every_s
        if due:
            self.turns[name] = now
        return due

    async def renew_leases(self, reply_ids: Collection[int], *, by: str, now: int) -> Collection[int]:
        if self.fault:
            raise self.fault
        own = [reply_id for reply_id in reply_ids if self._store.replies[reply_id].leased_by == by]
        for reply_id in own:
            self._store.replies[reply_id] = replace(self._store.replies[reply_id], leased_at=now)
        return set(reply_ids) - set(own)

    async def take_over(self, reply: StoredReply, *, by: str, now: int) -> bool:
        stored = self._store.replies[reply.id]
        if (stored.leased_by, stored.leased_at) != (reply.leased_by, reply.leased_at):
            return False
        self._store.replies[reply.id] = replace(stored, leased_by=by, leased_at=now)
        return True
