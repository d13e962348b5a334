"""Files at the demo's page: pasted, dropped, forwarded, shown, and told of by the scripted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.playground.web.conftest import Visit

pytestmark = pytest.mark.timeout(180)

GIVE = """async ([kind, name, size]) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [300, 200];
  canvas.getContext("2d").fillRect(20, 20, 100, 100);
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const data = new DataTransfer();
  if (name === "text") data.setData("text/plain", "a line of a log\\n".repeat(size));
  else if (name.endsWith(".png")) data.items.add(new File([picture], name, { type: "image/png" }));
  else data.items.add(new File(["ERROR: no water\\n", "x".repeat(size)], name, { type: "text/plain" }));
  const given = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
  const type = kind === "paste" ? ClipboardEvent : DragEvent;
  document.getElementById("text").dispatchEvent(new type(kind, { ...given, bubbles: true, cancelable: true }));
}"""


async def give(visit: Visit, kind: str, name: str, size: int = 10) -> None:
    """Paste or drop a picture, a file of so many letters, or so many lines of text."""
    await visit.page.evaluate(GIVE, [kind, name, size])


async def test_a_pasted_picture_is_seen_before_and_after_it_is_sent(visit: Visit):
    """A look at it above the text, the picture in the chat, and what the model got of it."""
    await visit.be("admin")
    await visit.go("a thread")
    await give(visit, "paste", "image.png")
    waiting = visit.page.get_by_role("list", name="Files to send")
    await expect(waiting.locator("img")).to_have_js_property("naturalWidth", 300)
    reply = await visit.ask("what's on it?")
    await expect(waiting).to_have_count(0)
    await expect(visit.messages.locator(".files img").last).to_have_js_property("naturalWidth", 300)
    said = await visit.ended(reply)
    assert "I got one file" in said
    assert "a picture: image/png" in said
    assert "300 by 200 pixels" in said


async def test_dropped_files_go_along_and_can_be_removed(visit: Visit):
    """Anywhere on the page; the model tells the first line of a log."""
    await visit.be("admin")
    await visit.go("experiments")
    await give(visit, "drop", "app.log")
    await give(visit, "drop", "other.log")
    await visit.page.get_by_role("button", name="Remove other.log").click()
    reply = await visit.ask("what's wrong?")
    said = await visit.ended(reply)
    assert "a text, app.log: 26 characters. It begins: ERROR: no water" in said
    assert "other.log" not in said


async def test_a_long_paste_becomes_a_file(visit: Visit):
    """As in Discord's clients; a short one stays text."""
    await visit.be("admin")
    await visit.go("experiments")
    await give(visit, "paste", "text", 200)
    waiting = visit.page.get_by_role("list", name="Files to send")
    await expect(waiting).to_contain_text("message.txt")
    await give(visit, "paste", "text", 10)
    await expect(waiting.get_by_role("listitem")).to_have_count(1)
    await visit.page.get_by_role("button", name="Remove message.txt").click()


async def test_a_file_that_discord_would_not_take_is_refused_here(visit: Visit):
    """Too large for Discord without Nitro, or one too many."""
    await visit.be("admin")
    await visit.go("experiments")
    await give(visit, "drop", "big.log", 11 * 2**20)
    await expect(visit.page.get_by_role("alert")).to_contain_text("big.log is too large")
    await expect(visit.page.get_by_role("list", name="Files to send")).to_have_count(0)


async def test_a_forward_to_the_bot_is_answered(visit: Visit):
    """Forwarded into a direct message, it shows what was forwarded, and the bot reads its file."""
    await visit.be("admin")
    await visit.go("experiments")
    await give(visit, "drop", "forwarded.log")
    await visit.say("look at this")
    await expect(visit.messages.last).to_contain_text("forwarded.log")
    await visit.messages.last.hover()
    await visit.messages.last.get_by_role("button", name="Forward").click()
    await visit.page.get_by_role("menuitem", name="@Headwater").click()
    await visit.go("Headwater")
    forward = visit.messages.locator(".forwarded").last
    await expect(forward).to_contain_text("look at this")
    await expect(forward).to_contain_text("forwarded.log")
    await expect(visit.messages.last).to_contain_text("forwarded.log: 26 characters")


async def test_the_introduction_has_something_to_look_at(visit: Visit):
    """One press sends a picture and a log, and both arrive."""
    await visit.be("admin")
    await visit.go("general")
    await visit.page.get_by_role("button", name="A picture and a log").click()
    await expect(visit.messages.last).to_contain_text("480 by 200 pixels")
    await expect(visit.messages.last).to_contain_text("kettle.log")
