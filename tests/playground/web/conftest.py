"""The demo as `make demo` starts it, and a browser to look at its page with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ROOT = Path(__file__).parents[3]
PATIENCE_MS = 30_000  # the model client takes seconds to load on a busy machine
CURSOR = "▌"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--no-first-run"]
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is. Without it these tests are skipped, or fail if every test must run."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    if found := next(filter(None, map(shutil.which, names)), None):
        return found
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail("Chromium is not installed, and REQUIRE_ALL=1 wants every test run")
    pytest.skip("Chromium is not installed: the page was not tested in a browser")


@pytest.fixture(scope="session")
def demo(chromium: str) -> Iterator[str]:  # noqa: ARG001 - nothing is started that no browser will look at
    """The address of a running demo."""
    process = subprocess.Popen(
        [sys.executable, "-m", "playground"],
        cwd=ROOT,
        env={**os.environ, "OPENROUTER_API_KEY": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        yield re.search(r"http://\S+", process.stdout.readline())[0]
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0, rest


class Visit:
    """A person at a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.text = page.get_by_label("Message", exact=True)
        self.messages = page.locator("#messages > li")

    async def go(self, place: str) -> None:
        """Open a place by its name in the list."""
        await self.page.get_by_role("navigation").get_by_role("button", name=place).click()

    async def be(self, role: str) -> None:
        await self.page.get_by_role("radio", name=role).check(force=True)

    async def say(self, text: str) -> None:
        await self.text.fill(text)
        if "@" in text:
            await self.text.press("Escape")  # the list of people
        await self.text.press("Enter")

    async def ask(self, question: str) -> Locator:
        """Ask by mention; the messages that come after the question."""
        before = await self.messages.count()
        await self.say(f"@Headwater {question}")
        await expect(self.messages.nth(before + 1)).to_be_visible()
        return self.page.locator(f"#messages > li:nth-child(n + {before + 2})")

    async def ended(self, reply: Locator) -> str:
        """Wait for a reply to end; its text."""
        await expect(reply.last.get_by_role("button", name="Stop")).to_have_count(0)
        await expect(reply.last.locator(".content")).not_to_contain_text(CURSOR)
        return "\n".join(await reply.locator(".content").all_inner_texts())

    async def use(self, path: str) -> Locator:
        """Take a slash command from the picker; its form."""
        await self.text.fill(f"/{path}")
        option = self.page.get_by_role("option").filter(has_text=f"/{path}").first
        await expect(option).to_be_visible()
        await self.text.press("Enter")
        return self.page.get_by_role("form", name=f"Command /{path}")


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def opened(browser: Browser, demo: str) -> Any:
    """Open a page of one's own; an error in its script fails the test."""

    @asynccontextmanager
    async def visit(**options: Any) -> AsyncIterator[Visit]:
        context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        page, errors = await context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        await page.goto(demo)
        await expect(page.locator("#bot-state")).to_have_attribute("data-online", "true")
        yield Visit(page)
        await context.close()
        assert errors == []

    return visit


@pytest.fixture
async def visit(opened: Any) -> AsyncIterator[Visit]:
    async with opened() as it:
        yield it
