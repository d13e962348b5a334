"""In the page: what an answer brings besides its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

if TYPE_CHECKING:
    from tests.playground.web.conftest import Visit


async def test_a_picture_is_seen_under_the_answer(visit: Visit):
    """With its alt text, which is what was asked for."""
    await visit.go("a thread")
    reply = await visit.ask("Draw me an evening")
    picture = reply.last.locator("figure img")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_attribute("alt", "Draw me an evening")
    assert "Here is an evening" in await visit.ended(reply)


async def test_sources_are_links_and_what_the_model_made_up_is_none_of_them(visit: Visit):
    """They come after a search that is seen to go on, and no title does anything."""
    await visit.go("a thread")
    form = await visit.use("ask")
    await form.get_by_label("prompt").fill("Search for the tides")
    await form.get_by_label("web").select_option("true")
    await form.get_by_role("button", name="Send").click()
    reply = visit.messages.last
    await expect(reply).to_contain_text("Searching the web…")
    await expect(reply).to_contain_text("Sources:")
    links = reply.locator("small a")
    await expect(links).to_have_count(3)
    await expect(links.last).to_have_attribute("href", "https://www.fundy.example/visit?place=hopewell#times")
    await expect(links.last).to_have_text("Hopewell (Rocks) *tide times*")
    await expect(reply.locator("small").first).not_to_contain_text("invented.example")


async def test_thoughts_are_behind_a_button(visit: Visit):
    """Shown to the person who presses, and to nobody else."""
    await visit.be("admin")
    await visit.go("experiments")
    form = await visit.use("settings set")
    await form.get_by_label("setting").select_option(label="reasoning")
    await form.get_by_role("combobox", name="value").fill("button")
    await form.get_by_role("button", name="Send").click()
    await expect(visit.messages.last).to_contain_text("reasoning")
    reply = await visit.ask("Think about it")
    await visit.ended(reply)
    await reply.last.get_by_role("button", name="Thinking").click()
    await expect(visit.messages.last).to_contain_text("They ask why.")
    await expect(visit.messages.last).to_contain_text("Only you can see this")
