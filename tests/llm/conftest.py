"""The real client, litellm included, on a loopback OpenRouter."""

from __future__ import annotations

import random
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import ModelError
from bot.core.events import Alive, Called, Done, Pictures, Reasoning, Sources, Started, Text, Usage, Waiting
from bot.core.model_ids import Provider
from bot.core.records import CompletionRequest, Message, Role
from bot.llm.client import ModelClient, open_client
from bot.llm.config import ClientConfig, ProviderConfig, Timeouts
from bot.llm.retry import RetryPolicy
from playground.openrouter import OpenRouter, Script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.core.events import Event
    from bot.llm.provider.catalog import LiveCatalog

MODEL = "openai/gpt-4o-mini"
ATTEMPTS = 3


class MemoryCache:
    """The `Cache` port in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, int]] = {}

    async def load(self, key: str) -> tuple[str, int] | None:
        return self.kept.get(key)

    async def keep(self, key: str, value: str, *, now: int) -> None:
        self.kept[key] = (value, now)


class HastyClock(SystemClock):
    """A clock whose sleeps take a hundredth; what it tells is true."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)


@dataclass
class Outcome:
    """What a caller of the client got."""

    events: list[Event] = field(default_factory=list)
    error: ModelError | None = None

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.of(Text))

    @property
    def thoughts(self) -> str:
        return "".join(event.text for event in self.of(Reasoning))

    @property
    def done(self) -> Done | None:
        return self.of(Done)[0] if self.of(Done) else None

    @property
    def usage(self) -> Usage | None:
        return self.of(Usage)[-1] if self.of(Usage) else None

    def keeps_the_contract(self) -> None:
        """Waiting or Alive, Started once, then words, Usage at most once, and Done last or an error in its place.

        Attempts that failed before the one that answered may have been Called and reported Usage, too.
        """
        kinds = [type(event) for event in self.events if not isinstance(event, Waiting | Alive)]
        while kinds and kinds[0] in (Called, Usage):
            kinds.pop(0)
        order = {Started: 0, Reasoning: 1, Text: 1, Sources: 2, Pictures: 3, Usage: 4, Done: 5}
        ranks = [order[kind] for kind in kinds]
        assert ranks == sorted(ranks)
        assert all(kinds.count(once) <= 1 for once in (Started, Sources, Pictures, Usage, Done))
        assert not kinds or kinds[0] is Started
        assert (self.done is None) == (self.error is not None)
        assert all(event.text for event in self.of(Text))


@dataclass
class Bench:
    """The client, its server, and shorthands."""

    server: OpenRouter
    client: ModelClient
    catalog: LiveCatalog

    def play(self, *scripts: Script) -> None:
        """Answer the calls with these scripts in turn, the last one forever."""
        first = len(self.server.calls)
        self.server.answer = lambda call: scripts[min(self.server.calls.index(call) - first, len(scripts) - 1)]

    async def ask(self, request: CompletionRequest | None = None) -> Outcome:
        outcome = Outcome()
        try:
            async with aclosing(self.client.stream(request or ask_for())) as events:
                async for event in events:
                    outcome.events.append(event)
        except ModelError as error:
            outcome.error = error
        outcome.keeps_the_contract()
        return outcome


def ask_for(text: str = "hello", **changes: Any) -> CompletionRequest:
    """A request; each channel has its own person, unless a test says otherwise."""
    channel = changes.pop("channel_id", 11)
    request = CompletionRequest(
        model=MODEL, messages=(Message(Role.USER, text),), max_tokens=64, channel_id=channel, user_id=channel
    )
    return replace(request, **changes)


def quick_config(base: str, key: str, *, kind: Provider = Provider.OPENROUTER, **changes: Any) -> ClientConfig:
    """Deadlines and backoffs short enough for tests."""
    config = ClientConfig(
        provider=ProviderConfig(kind=kind, api_base=base, api_key=key),
        timeouts=Timeouts(first_token_s=0.5, gap_s=0.5, thinking_s=1, total_s=20),
        retry=RetryPolicy(attempts=ATTEMPTS, base_s=0.01, cap_s=0.02, deadline_s=20),
    )
    return replace(config, **changes)


@asynccontextmanager
async def opened(
    server: OpenRouter, config: ClientConfig | None = None, *, cache: MemoryCache | None = None
) -> AsyncIterator[Bench]:
    """Open a client for a server that is running, or once was."""
    config = config or quick_config(server.base_url, server.key)
    dice = random.Random(7)
    async with open_client(config, cache=cache or MemoryCache(), clock=HastyClock(), rng=dice) as (
        client,
        catalog,
    ):
        yield Bench(server, client, catalog)


@pytest.fixture
async def server() -> AsyncIterator[OpenRouter]:
    server = OpenRouter()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def bench(server: OpenRouter) -> AsyncIterator[Bench]:
    async with opened(server) as bench:
        yield bench


def flat(text: str | Sequence[str] = "Hello there.", **more: Any) -> Script:
    """A script without waits."""
    return Script(text=text, tokens_per_second=0, keepalive=more.pop("keepalive", 0.05), **more)
