"""Hand-written fakes that keep the contracts of the ports."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.conversation.ports import SeenMessage, StoredReply
from bot.core.errors import HeadwaterError
from bot.core.events import Done, FinishReason, Started, Text
from bot.core.records import ReplyState, Role, Turn
from bot.display.errors import MessageGoneError
from bot.display.target import Controls, WriteKind
from bot.money.ledger import Period, period_name
from bot.money.ledger import accounts as accounts_of
from bot.settings.store import Change, Setting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bot.core.events import Event
    from bot.core.records import CompletionRequest, ModelInfo, Place, Question
    from bot.core.text_demand import TextDemand
    from bot.display.errors import ScreenError
    from bot.money.ledger import Entry


@dataclass(frozen=True, slots=True)
class Write:
    """One write that a target was asked for."""

    at: float
    kind: WriteKind
    message_id: int
    content: str
    controls: Controls | None


class FakeTarget:
    """A channel in memory: keeps nonces as Discord does, takes `latency` seconds a write, fails on request."""

    counts_globally = True

    def __init__(self, channel_id: int = 1, *, latency: float = 0.0, shows_thinking: bool = False) -> None:
        self._channel_id = channel_id
        self._latency = latency
        self._shows_thinking = shows_thinking
        self._failures: list[tuple[ScreenError, bool]] = []
        self._by_nonce: dict[int, int] = {}
        self.messages: dict[int, str] = {}
        self.controls: dict[int, Controls] = {}
        self.files: dict[int, str] = {}
        self.writes: list[Write] = []
        self.typed: list[float] = []

    @property
    def channel_id(self) -> int:
        return self._channel_id

    @property
    def shows_thinking(self) -> bool:
        return self._shows_thinking

    @property
    def contents(self) -> list[str]:
        return list(self.messages.values())

    def bucket(self, kind: WriteKind) -> str:
        return f"{kind}:{self._channel_id}"

    def fail_next(self, error: ScreenError, *, applied: bool = False, times: int = 1) -> None:
        """Let the next writes fail; `applied` when they happened all the same and only the answer was lost."""
        self._failures += [(error, applied)] * times

    def remove(self, message_id: int) -> None:
        """Somebody deletes a message."""
        del self.messages[message_id]

    async def create(self, content: str, controls: Controls, *, nonce: int, attachment: str = "") -> int:
        message_id = self._by_nonce.get(nonce, 100 + len(self._by_nonce))
        error = await self._begin(WriteKind.CREATE, message_id, content, controls)
        if nonce not in self._by_nonce and (error is None or error[1]):
            self._by_nonce[nonce] = message_id
            self.messages[message_id], self.controls[message_id] = content, controls
            self.files[message_id] = attachment
        return self._answer(error) or message_id

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, attachment: str | None = None
    ) -> None:
        error = await self._begin(WriteKind.EDIT, message_id, content, controls)
        if message_id not in self.messages:
            raise MessageGoneError
        if error is None or error[1]:
            self.messages[message_id] = content
            if controls is not None:
                self.controls[message_id] = controls
            if attachment is not None:
                self.files[message_id] = attachment
        self._answer(error)

    async def delete(self, message_id: int) -> None:
        error = await self._begin(WriteKind.DELETE, message_id, "", None)
        if message_id not in self.messages:
            raise MessageGoneError
        if error is None or error[1]:
            del self.messages[message_id]
        self._answer(error)

    async def typing(self) -> None:
        self.typed.append(asyncio.get_running_loop().time())

    async def _begin(
        self, kind: WriteKind, message_id: int, content: str, controls: Controls | None
    ) -> tuple[ScreenError, bool] | None:
        now = asyncio.get_running_loop().time()
        self.writes.append(Write(now, kind, message_id, content, controls))
        await asyncio.sleep(self._latency)
        return self._failures.pop(0) if self._failures else None

    @staticmethod
    def _answer(error: tuple[ScreenError, bool] | None) -> None:
        if error is not None:
            raise error[0]


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


class ScriptedLLM:
    """A model client that says what it was told to, a delta every `gap` seconds, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[CompletionRequest] = []
        self.scripts: list[list[Event | HeadwaterError]] = []
        self.gap = 0.0
        self.open = 0

    def say(self, *script: Event | HeadwaterError | str) -> None:
        """What the next unanswered request gets: events, texts, or an error that ends it; `Done` is added."""
        events = [Text(item) if isinstance(item, str) else item for item in script]
        if not isinstance(events[-1], HeadwaterError | Done):
            events.append(Done(reason=FinishReason.STOP))
        self.scripts.append(events)

    async def stream(
        self, request: CompletionRequest, _demand: TextDemand | None = None
    ) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        script = self.scripts.pop(0) if self.scripts else [Text("Hello."), Done(reason=FinishReason.STOP)]
        gap = self.gap
        self.open += 1
        try:
            yield Started(model=request.model, generation_id=f"gen-{len(self.requests)}")
            for item in script:
                await asyncio.sleep(gap)
                if isinstance(item, HeadwaterError):
                    raise item
                yield item
        finally:
            self.open -= 1


class FakeCatalog:
    """A list of models that is there from the start."""

    def __init__(self, *models: ModelInfo) -> None:
        self._models = models

    def get(self, model: str) -> ModelInfo | None:
        return next((info for info in self._models if info.id == model), None)

    def models(self) -> tuple[ModelInfo, ...]:
        return self._models


class MemoryStore:
    """A `ConversationStore` in memory, for the use case in virtual time; the real one has tests of its own."""

    def __init__(self) -> None:
        self.questions: dict[int, Question] = {}
        self.answers: dict[int, str] = {}  # by the question's turn
        self.replies: dict[int, StoredReply] = {}
        self.closed: dict[int, ReplyState] = {}
        self.opted_out: set[int] = set()
        self.fault: HeadwaterError | None = None  # what writing fails with
        self.anchors: dict[int, int] = {}  # by the message replied to
        self.checkpoints: list[str] = []

    async def open_reply(self, question: Question, *, model: str, now: int) -> int:
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
        )
        return reply_id

    async def add_question(self, question: Question, *, reply_id: int, now: int) -> int:
        turn_id = 2 * len(self.questions) + 1
        self.questions[turn_id] = question
        await self.answer_again(turn_id, reply_id=reply_id, now=now)
        return turn_id

    async def answer_again(self, turn_id: int, *, reply_id: int, now: int) -> None:  # noqa: ARG002 - the port's
        self._check()
        for old in [reply for reply in self.replies.values() if reply.turn_id == turn_id]:
            for message_id in old.message_ids:
                await self.add_reply_message(reply_id, message_id)
            self.replies[old.id] = replace(old, message_ids=())
        text = self.answers.get(turn_id, "")
        self.replies[reply_id] = replace(self.replies[reply_id], turn_id=turn_id, text=text)

    async def question(self, turn_id: int) -> Question | None:
        return self.questions.get(turn_id)

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

    async def close_reply(self, reply_id: int, *, state: ReplyState, text: str, **_: object) -> None:
        self._check()
        self.closed[reply_id] = state
        self._keep(reply_id, text)
        self.replies[reply_id] = replace(self.replies[reply_id], state=state, text=text)

    async def reply(self, reply_id: int) -> StoredReply | None:
        return self.replies.get(reply_id)

    async def unfinished_replies(self) -> list[StoredReply]:
        return [reply for reply in self.replies.values() if reply.state is ReplyState.STREAMING]

    async def window(self, place: Place, *, before: int | None = None, limit: int = 60) -> list[Turn]:
        turns = [
            turn
            for turn_id, question in self.questions.items()
            if question.place == place and self.answers.get(turn_id)
            for turn in (self._turn(turn_id, question), self._turn(turn_id + 1, None))
        ]
        return [turn for turn in reversed(turns) if before is None or turn.id < before][:limit]

    async def count(self, place: Place) -> int:
        return len(await self.window(place))

    async def remembers(self, question: Question) -> bool:
        return question.author_id not in self.opted_out

    async def anchor(self, _place: Place, message_id: int) -> int | None:
        return self.anchors.get(message_id)

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
        )


class MemorySettings:
    """A `SettingsStore` in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    async def get(self, scope: str, key: str) -> Setting | None:
        value = self.values.get((scope, key))
        return None if value is None else Setting(key=key, value=value, set_by=0, set_at=0)

    async def set(self, scope: str, key: str, value: str | None, **_: object) -> None:
        if value is None:
            self.values.pop((scope, key), None)
        else:
            self.values[scope, key] = value

    async def entries(self, scope: str) -> list[Setting]:
        return [
            Setting(key=key, value=value, set_by=0, set_at=0)
            for (where, key), value in self.values.items()
            if where == scope
        ]

    async def changes(self, guild_id: int, *, limit: int) -> list[Change]:  # noqa: ARG002 - the port's
        return []


class MemoryLedger:
    """A `Ledger` in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def book(self, entry: Entry) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    async def correct(self, entry_id: int, nano_usd: int) -> None:
        entry = self.entries[entry_id]
        self.entries[entry_id] = replace(entry, cost=replace(entry.cost, nano_usd=nano_usd, estimated=False))

    async def estimates(self, *, since: int) -> list[tuple[int, str]]:
        return [
            (number, entry.generation_id)
            for number, entry in enumerate(self.entries)
            if entry.cost.estimated and entry.generation_id and entry.at >= since
        ]

    async def spent(self, accounts: Sequence[str], *, at: int) -> dict[tuple[str, Period], int]:
        totals: Counter[tuple[str, Period]] = Counter()
        for entry in self.entries:
            for account in set(accounts_of(entry.user_id, entry.place)) & set(accounts):
                for period in Period:
                    if period_name(period, entry.at) == period_name(period, at):
                        totals[account, period] += entry.cost.nano_usd
        return dict(totals)
