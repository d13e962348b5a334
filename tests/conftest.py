"""Properties are tried with the same examples each time, and on a busy machine as on a quiet one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.postgres import Server, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    "headwater", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("headwater")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server. Without one these tests are skipped, or fail if every test must run."""
    programs = installed()
    if programs is None and os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail("PostgreSQL is not installed, and REQUIRE_ALL=1 wants every test run")
    if programs is None:
        pytest.skip("PostgreSQL is not installed: nothing was tested on it")
    server = Server(programs)
    yield server
    server.remove()
