"""How the process is doing, for load balancers and alarms: `/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from bot.core.errors import HeadwaterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from bot.client import ChatBot

log = logging.getLogger(__name__)

OK = "ok"
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus's text format
CHECKS: web.AppKey[Mapping[str, Callable[[], Awaitable[str]]]] = web.AppKey("checks")
METRICS: web.AppKey[Callable[[], bytes]] = web.AppKey("metrics")
TURN: web.AppKey[asyncio.Lock] = web.AppKey("turn")
ANSWER_S = 5.0  # for one check; probes of Kubernetes and Docker wait between 1 and 30 s


@asynccontextmanager
async def serve_health(
    checks: Mapping[str, Callable[[], Awaitable[str]]],
    *,
    host: str,
    port: int,
    metrics: Callable[[], bytes] = bytes,
) -> AsyncIterator[None]:
    """Answer until the block ends. Each check gives `ok`, or says what is wrong.

    `/healthz` answers 200 while the event loop turns. `/readyz` answers 200 when every check is fine and 503
    otherwise, with a line for each check and no secrets. `/metrics` is for Prometheus. Where the port can't be
    had, the bot runs without them.
    """
    app = web.Application()
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    app.router.add_get("/metrics", _metrics)
    app[CHECKS], app[METRICS] = checks, metrics
    app[TURN] = asyncio.Lock()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
            log.info("health: http://%s:%d/readyz", host, port)
        except OSError as error:
            log.error("no health checks at %s:%d: %s", host, port, error.strerror)  # noqa: TRY400 - one line says it
        yield
    finally:
        await runner.cleanup()


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text=f"{OK}\n")


async def _metrics(request: web.Request) -> web.Response:
    return web.Response(body=request.app[METRICS](), headers={"Content-Type": METRICS_TYPE})


async def _readyz(request: web.Request) -> web.Response:
    async with request.app[TURN]:  # a check writes to the database: many probes at once do so one by one
        said = {name: await _said(check) for name, check in request.app[CHECKS].items()}
    is_ready = all(word == OK for word in said.values())
    lines = "".join(f"{name}: {word}\n" for name, word in said.items())
    return web.Response(text=lines, status=200 if is_ready else 503)


async def _said(check: Callable[[], Awaitable[str]]) -> str:
    try:
        async with asyncio.timeout(ANSWER_S):
            return await check()
    except HeadwaterError as error:
        return error.sentence
    except TimeoutError:
        return f"no answer in {ANSWER_S:.0f} s"


def health_checks(bot: ChatBot) -> Mapping[str, Callable[[], Awaitable[str]]]:
    """What the bot needs to answer a question."""

    async def gateway() -> str:
        return OK if bot.is_ready() else "not connected"

    async def discord() -> str:
        return "requests don't come back" if bot.watchdog.is_mute else OK

    async def database() -> str:
        await bot.services.examine_database()
        return OK

    async def provider() -> str:
        return bot.services.model.status().key_error or OK

    return {"gateway": gateway, "discord": discord, "database": database, "provider": provider}
