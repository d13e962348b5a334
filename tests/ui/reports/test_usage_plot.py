"""The plot is drawn by another process, which may fail."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from bot.ui.reports.usage_chart import Chart
from bot.ui.reports.usage_plot import PNG, Plotter, environment

if TYPE_CHECKING:
    from pathlib import Path

CHART = Chart(title="T", x="X", y="Y", money=True, labels=["1"], series=[("a/model · $1", [1.0])])


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


async def test_a_chart_comes_back_as_a_picture():
    """From the real process."""
    png = await Plotter().draw(CHART)
    assert png
    assert png.startswith(PNG)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (script("raise SystemExit('no module named fonts')"), "exit code 1, 0 bytes, no module named fonts"),
        (script("print('hello')"), "exit code 0, 6 bytes, -"),
        (("/does/not/exist",), "No such file"),
    ],
)
async def test_a_failure_is_logged_and_gives_no_picture(
    command: tuple[str, ...], said: str, caplog: pytest.LogCaptureFixture
):
    """Whether the process fails, says something else, or cannot be started."""
    assert await Plotter(command=command).draw(CHART) is None
    assert said in caplog.text


async def test_one_that_hangs_is_killed(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """After its time is up; those who waited behind it have waited long enough too."""
    pid = tmp_path / "pid"
    hang = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    plotter = Plotter(command=script(hang), timeout_s=1)
    assert await asyncio.gather(plotter.draw(CHART), plotter.draw(CHART)) == [None, None]
    assert "drawing it took too long" in caplog.text
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_a_cancelled_plot_leaves_no_process(tmp_path: Path):
    """The bot may be told to stop in the middle of one."""
    pid = tmp_path / "pid"
    hang = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    drawing = asyncio.create_task(Plotter(command=script(hang)).draw(CHART))
    while not pid.exists() or not pid.read_text():  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.01)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_the_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch):
    """Its environment has what a process needs to run, and nothing of the bot's."""
    monkeypatch.setenv("DISCORD_TOKEN", "a secret token")
    monkeypatch.setenv("ANYTHING_ELSE", "also")
    given = environment()
    assert not {"DISCORD_TOKEN", "ANYTHING_ELSE"} & given.keys()
    assert given["PATH"] == os.environ["PATH"]
