"""Health checks for load balancers: what they answer when all is well, and when it isn't."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.core.errors import StorageError
from bot.monitoring import health
from bot.monitoring.health import serve_health

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"


async def fine() -> str:
    return "ok"


async def away() -> str:
    return "not connected"


async def full() -> str:
    raise StorageError("disk full")


async def hangs() -> str:
    await asyncio.Event().wait()
    return "ok"


async def asked(port: int, path: str, **checks: Callable[[], Awaitable[str]]) -> tuple[int, str]:
    async with (
        serve_health(checks, host=HOST, port=port),
        aiohttp.ClientSession() as session,
        session.get(f"http://{HOST}:{port}{path}") as response,
    ):
        return response.status, await response.text()


async def test_all_is_well(unused_tcp_port: int):
    assert await asked(unused_tcp_port, "/readyz", gateway=fine, database=fine) == (
        200,
        "gateway: ok\ndatabase: ok\n",
    )


@pytest.mark.parametrize(
    ("check", "said"),
    [(away, "not connected"), (full, StorageError("disk full").sentence), (hangs, "no answer in 0 s")],
    ids=["says so", "raises", "hangs"],
)
async def test_one_fault_is_enough_for_503(
    unused_tcp_port: int, check: Callable[[], Awaitable[str]], said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "ANSWER_S", 0.01)
    assert await asked(unused_tcp_port, "/readyz", broken=check, gateway=fine) == (
        503,
        f"broken: {said}\ngateway: ok\n",
    )


async def test_a_process_that_works_is_healthy_whatever_else_fails(unused_tcp_port: int):
    assert await asked(unused_tcp_port, "/healthz", gateway=away) == (200, "ok\n")


async def test_a_taken_port_is_a_line_in_the_log(unused_tcp_port: int, caplog: pytest.LogCaptureFixture):
    port = unused_tcp_port
    async with serve_health({}, host=HOST, port=port), serve_health({}, host=HOST, port=port):
        pass
    (error,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert error.startswith(f"no health checks at {HOST}:{port}: ")


async def test_many_probes_at_once_are_checked_one_by_one(unused_tcp_port: int):
    running: list[int] = []
    most = 0

    async def counted() -> str:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        await asyncio.sleep(0)
        running.pop()
        return "ok"

    async with (
        serve_health({"counted": counted}, host=HOST, port=unused_tcp_port),
        aiohttp.ClientSession() as session,
    ):
        probes = [session.get(f"http://{HOST}:{unused_tcp_port}/readyz") for _ in range(20)]
        answers = await asyncio.gather(*probes)
    assert [answer.status for answer in answers] == [200] * 20
    assert most == 1
