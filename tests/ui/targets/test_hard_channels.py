"""Replies in channels where Discord makes it hard: the text is exact, nothing is left behind, and few 429s come.

All of it is real but the server: reply, scheduler, target, trace, discord.py.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.conversation.upkeep.leftovers import Leftovers
from bot.core.clock import SystemClock
from bot.display import leftover
from bot.display.reply import Reply
from bot.display.target import Controls
from bot.ui.targets import rate_limit_headers
from bot.ui.targets.requests import DISCORD_EPOCH_S
from bot.ui.texts.replies import ReplyTexts
from tests.ui.targets.wire import Connection, answer, connected, limited, message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STOP, END = Controls(reply_id=1, stop=True), Controls()
CURSOR = "▌"
Rule = Callable[["Channel", str, int, str], web.Response | None] if TYPE_CHECKING else object


@dataclass
class Channel:
    """A channel on a server; `rule` may refuse a write: it gets the method, the message's id and the content."""

    rule: Rule
    messages: dict[int, str] = field(default_factory=dict)
    buttons: dict[int, int] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    next_id: int = int((4e9 - DISCORD_EPOCH_S) * 1000) << 22

    async def handle(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        number = int(request.path.rpartition("/")[2]) if request.method != "POST" else 0
        content = body.get("content", "")
        response = self.rule(self, request.method, number, content) or self._apply(number, body)
        self.statuses[response.status] += 1
        return response

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.content_type != "multipart/form-data":
            body: dict[str, Any] = await request.json()
            return body
        form = await request.post()
        body = json.loads(str(form["payload_json"]))
        for value in form.values():
            if isinstance(value, web.FileField):
                body["file"] = value.file.read().decode()
        return body

    def _apply(self, number: int, body: dict[str, Any]) -> web.Response:
        if not number:
            self.next_id += 1 << 22
            number = self.next_id
        self.messages[number] = body["content"]
        self.files[number] = body.get("file", self.files.get(number, ""))
        if "components" in body:
            self.buttons[number] = len(body["components"])
        return answer(message(body["content"], number))

    @property
    def text(self) -> list[str]:
        """All words that the channel shows."""
        return " ".join([*self.messages.values(), *self.files.values()]).split()


class MemoryCache:
    async def load(self, _key: str) -> None:
        return None

    async def keep(self, key: str, value: str, *, now: int) -> None:
        pass


def show(bot: Connection, message_ids: Sequence[int] = ()) -> Reply:
    clock = SystemClock()
    reply = Reply(
        bot.target,
        clock=clock,
        rng=random.Random(1),
        mark=bot.scheduler.mark,
        texts=ReplyTexts.display,
        left_behind=Leftovers(cache=MemoryCache(), scheduler=bot.scheduler, clock=clock),
        messages=dict.fromkeys(message_ids, ""),
    )
    reply.controls = STOP
    return reply


async def say(reply: Reply, text: str, *, pieces: int = 4) -> None:
    """The model says something, in a tenth of a second a piece."""
    words = text.split(" ")
    step = -(-len(words) // pieces)
    for at in range(0, len(words), step):
        reply.feed(" ".join(words[at : at + step]) + " ")
        await asyncio.sleep(0.1)


async def end(reply: Reply) -> None:
    reply.finish("", END)
    await asyncio.wait_for(reply.settled(), 20)


def times(count: int, response: Callable[[], web.Response], *, method: str = "PATCH") -> Rule:
    """Refuse the first writes of a method."""
    left = [count]

    def rule(_channel: Channel, asked: str, _number: int, _content: str) -> web.Response | None:
        if asked != method or not left[0]:
            return None
        left[0] -= 1
        return response()

    return rule


def until(wait_s: float, response: Callable[[float], web.Response]) -> Rule:
    """Refuse every edit for so long, from the first one on, and say how long it still is."""
    over: list[float] = []

    def rule(_channel: Channel, method: str, _number: int, _content: str) -> web.Response | None:
        now = asyncio.get_running_loop().time()
        if method != "PATCH":
            return None
        if not over:
            over.append(now + wait_s)
        return response(over[0] - now) if now < over[0] else None

    return rule


def page() -> web.Response:
    """Cloudflare's, which says nothing of use."""
    return web.Response(text="<html>error code: 1015</html>", status=429, content_type="text/html")


WINDOW = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset-After": "0.01"}


@pytest.mark.parametrize(
    ("rule", "most_429s"),
    [
        (until(0.4, lambda left_s: limited(left_s, scope="shared", headers=WINDOW)), 2),
        (until(0.4, lambda left_s: limited(left_s, scope="user", code=20028)), 2),
        (times(1, lambda: limited(0.3, scope="global")), 1),
        (times(1, page), 1),
        (times(2, page), 2),
        (times(1, lambda: limited(0.4, scope="user", code=20016), method="POST"), 1),
    ],
    ids=["shared", "channel's writes", "global", "page", "two pages", "slow mode"],
)
async def test_a_limit_is_waited_out(rule: Rule, most_429s: int, monkeypatch: pytest.MonkeyPatch):
    """`Retry-After` is believed, so hardly a request is wasted, and the text is complete without a cursor."""
    monkeypatch.setattr(rate_limit_headers, "UNTOLD_S", 0.3)
    channel = Channel(rule)
    async with connected(channel.handle, monkeypatch) as bot:
        reply = show(bot)
        await say(reply, "word " * 40 + "end")
        await end(reply)
    assert channel.text == ["word"] * 40 + ["end"]
    assert channel.statuses[429] <= most_429s
    assert list(channel.buttons.values()) == [0]


async def test_what_an_old_message_refuses_is_shown_in_the_end(monkeypatch: pytest.MonkeyPatch):
    """Retry reuses a message of yesterday, which Discord lets the bot edit three times in 20 s."""
    edits: list[float] = []

    def rule(_channel: Channel, method: str, _number: int, _content: str) -> web.Response | None:
        edits.extend([asyncio.get_running_loop().time()] * (method == "PATCH"))
        return limited(20.0, scope="user", code=30046) if len(edits) > 3 else None

    channel = Channel(rule, messages={34: "the old answer"})
    async with connected(channel.handle, monkeypatch) as bot:
        reply = show(bot, [34])
        await say(reply, "word " * 60 + "end", pieces=15)
        await end(reply)
    assert channel.text == ["word"] * 60 + ["end"]
    assert channel.statuses[429] == 0
    assert len(edits) <= 3


async def test_in_a_slow_channel_the_rest_comes_as_a_file(monkeypatch: pytest.MonkeyPatch):
    """The next message would have to wait ten minutes."""

    def rule(channel: Channel, method: str, _number: int, _content: str) -> web.Response | None:
        slow = method == "POST" and channel.messages
        return limited(600.0, scope="user", code=20016) if slow else None

    channel = Channel(rule)
    async with connected(channel.handle, monkeypatch) as bot:
        reply = show(bot)
        await say(reply, "word " * 700 + "end")
        await end(reply)
    (shown,) = channel.messages.values()
    words, _, note = shown.rpartition("\n")
    assert note == f"-# {ReplyTexts.display.rest_attached}"
    assert f"{words} {channel.files[channel.next_id]}".split() == ["word"] * 700 + ["end"]
    assert channel.statuses[429] == 1


@pytest.mark.parametrize("code", [200000, 200001], ids=["blocked", "blocked title"])
async def test_a_text_that_automod_blocks_leaves_no_cursor(code: int, monkeypatch: pytest.MonkeyPatch):
    """The last text that Discord accepted stays, without cursor and button; below it the reply says why."""

    def rule(_channel: Channel, _method: str, _number: int, content: str) -> web.Response | None:
        blocked = {"code": code, "message": "Message was blocked by automatic moderation"}
        return answer(blocked, status=400) if "badword" in content else None

    channel = Channel(rule)
    async with connected(channel.handle, monkeypatch) as bot:
        reply = show(bot)
        await say(reply, "word " * 20, pieces=2)
        await say(reply, "badword and more", pieces=1)
        await end(reply)
        await asyncio.wait_for(clean(channel), 10)
    first, second = channel.messages.values()
    assert set(first.split()) == {"word"}
    assert second == f"-# {ReplyTexts.display.refused}"
    assert set(channel.buttons.values()) == {0}


async def test_a_thread_that_is_archived_while_a_reply_streams(monkeypatch: pytest.MonkeyPatch):
    """A new message opens it again, with the rest of the text; then the old one is cleaned."""
    monkeypatch.setattr(leftover, "PAUSES_S", (0.2, 0.2, 0.2))

    def rule(channel: Channel, method: str, _number: int, content: str) -> web.Response | None:
        archived = len(channel.messages) == 1 and "two" in content
        if method == "POST" or not archived:
            return None
        return answer({"code": 50083, "message": "Thread is archived"}, status=400)

    channel = Channel(rule)
    async with connected(channel.handle, monkeypatch) as bot:
        reply = show(bot)
        await say(reply, "one " * 20, pieces=2)
        await say(reply, "two " * 20, pieces=2)
        await end(reply)
        await asyncio.wait_for(clean(channel), 10)
    assert [word for word in channel.text if word] == ["one"] * 20 + ["two"] * 20
    assert set(channel.buttons.values()) == {0}


async def clean(channel: Channel) -> None:
    """Wait until nothing shows a cursor."""
    while any(CURSOR in content for content in channel.messages.values()):  # noqa: ASYNC110 - a server has no event
        await asyncio.sleep(0.02)
