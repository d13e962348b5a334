"""`python -m bot check`: looks at everything the bot needs, before or while it runs."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.core.proxies import proxy_for
from bot.ui.targets.failures import DISCORD_FAILURES, reason
from bot.ui.texts.findings import (
    REJECTED_TOKEN,
    Finding,
    Verdict,
    clock_finding,
    intent_finding,
    model_finding,
    token_finding,
    unreachable_finding,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import SimpleNamespace

    from bot.core.ports import Catalog

MARKS = {Verdict.FINE: "ok     ", Verdict.WARNING: "WARNING", Verdict.FAULT: "FAULT  "}
LOGIN_S = 20.0
LIST_S, LOOK_S = 15.0, 0.1  # how long to wait for the list of models, and how often to look


class NoCache:
    """A `Cache` that keeps nothing, so that the check sees what the provider says now."""

    async def load(self, key: str) -> tuple[str, int] | None:  # noqa: ARG002 - the port's
        return None

    async def keep(self, key: str, value: str, *, now: int) -> None:
        """Drop it."""


async def discord_findings(token: str, *, message_content: bool) -> list[Finding]:
    """Log in over HTTP, without connecting: the token, the intent, the clock."""
    skews: list[float] = []

    async def on_request_end(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        if date := params.response.headers.get("Date"):
            skews.append(time.time() - parsedate_to_datetime(date).timestamp())

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_request_end)
    try:
        async with (
            asyncio.timeout(LOGIN_S),
            discord.Client(
                intents=discord.Intents.none(), http_trace=trace, proxy=proxy_for(discord.http.Route.BASE)
            ) as client,
        ):
            await client.login(token)
            application = await client.application_info()
            granted = (
                application.flags.gateway_message_content or application.flags.gateway_message_content_limited
            )
    except discord.LoginFailure:
        return [REJECTED_TOKEN]
    except DISCORD_FAILURES as error:
        return [unreachable_finding(reason(error))]
    return [
        token_finding(application.name),
        intent_finding(wanted=message_content, granted=granted),
        *([clock_finding(skews[-1])] if skews else []),
    ]


async def model_findings(models: Sequence[str], catalog: Catalog) -> list[Finding]:
    """Look up the configured models, once the list has arrived."""
    for _ in range(round(LIST_S / LOOK_S)):
        if catalog.models():
            break
        await asyncio.sleep(LOOK_S)
    return [model_finding(model, catalog) for model in models]


def report(findings: Sequence[Finding]) -> str:
    """Findings for a terminal, one line each, and how to fix what is wrong."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.verdict]}  {finding.what}: {finding.detail}")
        if finding.fix:
            lines.append(f"{'':9}{finding.fix}")
    return "\n".join(lines)
