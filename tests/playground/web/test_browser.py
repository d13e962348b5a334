"""The demo's page in a browser, with the real bot behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from playground.discord import Discord
from playground.openrouter.model import INTRODUCTION, LONG_CHARS, long_answer
from playground.web.page import Page
from playground.web.stage import furnish

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.playground.web.conftest import Visit

pytestmark = pytest.mark.timeout(180)

PAIRS = [("text", ground) for ground in ("ground", "side", "raised", "accent-soft", "warm", "danger-soft")]
PAIRS += [
    ("quiet", ground) for ground in ("ground", "side", "raised", "hover", "sunken", "accent-soft", "tint", "warm")
]
PAIRS += [("accent-text", ground) for ground in ("ground", "side", "raised", "accent-soft", "hover")]
PAIRS += [("danger", ground) for ground in ("ground", "raised", "sunken")]

CODE = "```python\n@wraps\nclass Tide(Sea):  # twice a day\n    def rise(self): return 'up' + str(6.2)\n```"


def bare(text: str) -> str:
    """Letters and digits alone: what a page says, whatever it looks like."""
    return "".join(re.findall(r"\w", text))


async def test_a_question_by_mention_streams_to_its_end(visit: Visit):
    """An answer appears with a cursor and Stop, grows by edits, and ends whole, without either."""
    await visit.go("a thread")
    reply = await visit.ask("Hello, who are you?")
    await expect(reply.last.get_by_role("button", name="Stop")).to_be_visible()
    await expect(reply.last).to_contain_text("▌")
    assert bare(INTRODUCTION) in bare(await visit.ended(reply))
    await expect(reply.last.locator(".edited")).to_be_visible()
    await expect(reply.last.locator("strong").first).to_have_text("long")


async def test_a_long_reply_is_shown_whole(visit: Visit):
    """Ten thousand characters come in several messages and lose none."""
    await visit.go("experiments")
    reply = await visit.ask("Write something long")
    await expect(reply.last).to_contain_text("That was the long answer.", timeout=90_000)
    said = await visit.ended(reply)
    assert len(said) > LONG_CHARS * 0.9
    assert await reply.count() > 5
    expected = bare(re.sub(r"^```.*$", "", long_answer(), flags=re.MULTILINE))
    assert bare(said.replace("(edited)", "")) == expected


async def test_stop_ends_a_reply(visit: Visit):
    """The button ends the reply, keeps its text, and the small print says who pressed it."""
    await visit.go("a thread")
    reply = await visit.ask("Write something long")
    await expect(reply.last).to_contain_text("▌")
    await reply.last.get_by_role("button", name="Stop").click()
    said = await visit.ended(reply)
    await expect(reply.last.locator(".content small")).to_contain_text("Ada")
    assert len(said) < LONG_CHARS


async def test_an_admin_sets_the_model_with_autocomplete(visit: Visit):
    """Typing asks the bot for models; the one taken with the keyboard is set for all to see."""
    await visit.be("admin")
    await visit.go("experiments")
    form = await visit.use("model set")
    await form.get_by_role("combobox", name="model").press_sequentially("gemini")
    option = visit.page.get_by_role("option").filter(has_text="google/gemini-2.5-flash ·")
    await expect(option).to_be_visible()
    await visit.page.keyboard.press("Enter")
    await expect(form.get_by_role("combobox", name="model")).to_have_value("google/gemini-2.5-flash")
    await visit.page.keyboard.press("Enter")
    await expect(visit.messages.last).to_contain_text("Ada chose google/gemini-2.5-flash for this channel")
    await expect(visit.messages.last).to_contain_text("Ada used /model set")


async def test_a_member_is_refused_in_private(visit: Visit, opened: Any):
    """A member who isn't an admin is told so privately, and can dismiss it."""
    await visit.be("member")
    await visit.go("general")
    form = await visit.use("model set")
    await form.get_by_role("combobox", name="model").fill("openai/gpt-4o")
    await form.get_by_role("button", name="Send").click()
    await expect(visit.messages.last).to_contain_text("Only admins can do that here")
    await expect(visit.messages.last).to_contain_text("Only you can see this")
    async with opened() as admin:
        await expect(admin.messages.filter(has_text="Only admins can do that here")).to_have_count(0)
    await visit.messages.last.get_by_role("button", name="Dismiss").click()
    await expect(visit.messages.filter(has_text="Only admins can do that here")).to_have_count(0)


async def test_two_pages_see_the_same(visit: Visit, opened: Any):
    """What is asked at one page streams at both, and is deleted at both."""
    async with opened() as other:
        for each in (visit, other):
            await each.go("general")
        reply = await visit.ask("Make a list of what matters")
        await expect(other.page.locator(".content").filter(has_text="▌")).to_be_visible()
        said = await visit.ended(reply)
        await expect(other.messages.last.locator(".content")).to_have_text(
            re.compile(re.escape(said.splitlines()[0]))
        )
        await expect(other.messages.last.locator(".content")).not_to_contain_text("▌")
        assert await other.messages.last.locator(".content").inner_text() == said
        question = visit.messages.filter(has_text="Make a list of what matters").first
        await question.hover()
        await question.get_by_role("button", name="Delete").click()
        await expect(other.messages.filter(has=other.page.locator("p", has_text="Make a list"))).to_have_count(0)


async def test_a_form_asks_about_a_message(visit: Visit):
    """A message's menu opens a modal, and what is filled in is answered."""
    await visit.go("general")
    await visit.say("The moon makes the sea breathe.")
    tide = visit.messages.filter(has_text="The moon makes").last
    await tide.hover()
    await tide.get_by_role("button", name="Apps").click()
    await visit.page.get_by_role("menuitem", name="Ask about this").press("Enter")
    dialog = visit.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Ask about this message")
    await dialog.get_by_label("Your question").fill("Hello, who says so?")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_be_hidden()
    await expect(visit.messages.last).to_contain_text("The bot that shows you my words is the real one.")


async def test_people_reply_edit_and_delete(visit: Visit):
    """A reply carries what it answers, arrow up edits one's last message, and the bin deletes it."""
    await visit.go("experiments")
    await visit.say("one to reply to")
    first = visit.messages.filter(has_text="one to reply to").last
    await first.hover()
    await first.get_by_role("button", name="Reply").click()
    await visit.say("second, of *two*")
    await expect(visit.messages.last).to_contain_text(re.compile("Ada.*one to reply.*second, of two", re.DOTALL))
    await visit.text.press("ArrowUp")
    await expect(visit.text).to_have_value("second, of *two*")
    await visit.say("second, corrected")
    await expect(visit.messages.last).to_contain_text("second, corrected (edited)")
    await visit.messages.last.hover()
    await visit.messages.last.get_by_role("button", name="Delete").click()
    await expect(visit.messages.filter(has_text="second, corrected")).to_have_count(0)


async def test_files_go_up_and_down(visit: Visit):
    """An attached file stands under its message and comes back as it was."""
    await visit.go("general")
    await visit.page.locator("#file").set_input_files(
        {"name": "note.txt", "mimeType": "text/plain", "buffer": b"as it was"}
    )
    await visit.say("a file")
    async with visit.page.expect_download() as waiting:
        await visit.messages.last.get_by_role("link", name="note.txt").click()
    path = await (await waiting.value).path()
    assert path.read_bytes() == b"as it was"


async def test_text_is_shown_and_never_run(visit: Visit):
    """Markup and dangerous links in messages are text; Discord's own marks are drawn."""
    await visit.go("experiments")
    await visit.say(
        "<img src=x onerror=alert(1)> [x](javascript:alert(1)) __u__ ||hid|| <t:0:D>\n-# small\n#### four"
    )
    content = visit.messages.last.locator(".content")
    await expect(content).to_contain_text("<img src=x onerror=alert(1)> [x](javascript:alert(1))")
    await expect(content).to_contain_text("#### four")
    for drawn, text in (("u", "u"), (".spoiler", "hid"), ("time", "1 January 1970"), ("small", "small")):
        await expect(content.locator(drawn)).to_have_text(text)
    assert await content.locator("img, a").count() == 0


async def test_the_panel_shows_what_goes_on(visit: Visit):
    """Requests are listed in words, the text's age is measured, and a fault strikes the next answer."""
    panel = visit.page.get_by_role("complementary")
    await visit.go("a thread")
    reply = await visit.ask("Show me some code")
    await visit.ended(reply)
    await expect(panel.locator("#requests")).to_contain_text("edit a message in #a thread")
    await expect(panel.locator("#mean")).to_have_text(re.compile(r"^[0-3]\.\d\d s$"))
    await expect(panel.locator("#count-refused")).to_have_text("0")
    await expect(panel.locator("#age")).to_have_text("\N{EN DASH}")  # nothing is under way
    sent, shown = panel.locator("#tokens-sent"), panel.locator("#tokens-shown")
    assert await sent.inner_text() == await shown.inner_text()
    await panel.get_by_label("The next answer").select_option("is refused")
    reply = await visit.ask("Show me some code")
    await expect(reply.last.get_by_role("button", name="Retry")).to_be_visible()
    await expect(panel.get_by_label("The next answer")).to_have_value("")


async def test_the_keyboard_is_enough(visit: Visit):
    """From the text field: a mention, a command and its way out, a person, a dialog, without a mouse."""
    await visit.go("general")
    keyboard = visit.page.keyboard
    await keyboard.type("@He")
    await expect(visit.page.get_by_role("option", name="@Headwater")).to_be_visible()
    await keyboard.press("Tab")
    await expect(visit.text).to_have_value("@Headwater ")
    await visit.text.fill("/model list")
    await keyboard.press("Enter")
    await expect(visit.page.get_by_role("form", name="Command /model list")).to_be_visible()
    await keyboard.press("Escape")
    await visit.text.fill("/model")
    await expect(visit.page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(visit.page.get_by_role("form", name="Command /model set")).to_be_visible()
    await keyboard.press("Escape")
    await expect(visit.text).to_be_focused()
    await visit.page.get_by_role("button", name="Go live").press("Enter")
    await expect(visit.page.get_by_role("dialog")).to_contain_text("openrouter.ai")
    await keyboard.press("Escape")
    await expect(visit.page.get_by_role("button", name="Go live")).to_be_focused()
    for text in ("one", "two"):
        await visit.say(text)
        await expect(visit.messages.last).to_contain_text(text)
    await visit.messages.last.focus()
    await keyboard.press("ArrowUp")
    await expect(visit.messages.nth(-2)).to_be_focused()
    await keyboard.press("Tab")
    await expect(visit.messages.nth(-2).get_by_role("button", name="Reply")).to_be_focused()


@pytest.mark.parametrize("width", [360, 390, 430, 480, 760])
async def test_the_head_fits_a_small_screen(opened: Any, width: int):
    """Its parts stand beside or below each other, never on top."""
    async with opened(viewport={"width": width, "height": 740}) as visit:
        boxes = [
            await visit.page.locator(part).bounding_box()
            for part in ("#open-places", ".brand", ".people", ".top-end")
        ]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
        apart = [
            a["x"] + a["width"] <= b["x"] + 1 or a["y"] + a["height"] <= b["y"] + 1
            for number, a in enumerate(boxes)
            for b in boxes[number + 1 :]
        ]
        assert all(apart)


async def test_a_narrow_screen_has_everything(opened: Any):
    """At 360 pixels nothing sticks out, and places and panel open and close."""
    async with opened(viewport={"width": 360, "height": 740}, has_touch=True) as visit:
        page = visit.page
        await page.get_by_role("button", name="Places").click()
        await visit.go("experiments")
        await expect(page.locator("#place-name")).to_have_text("#experiments")
        await expect(page.get_by_role("navigation")).to_be_hidden()
        await page.get_by_role("button", name="Behind the scenes").click()
        await expect(page.get_by_role("complementary")).to_be_visible()
        await page.get_by_role("button", name="Close the panel").click()
        await visit.say("from a telephone")
        await expect(visit.messages.last).to_contain_text("from a telephone")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_a_messages_parts_are_drawn_and_work(browser: Browser):
    """Embeds, menus, links and pictures look like what they are; a bot that doesn't answer is reported."""
    d = Discord(deadline=0.05)
    await d.start()
    stage = furnish(d)
    served = Page(d, stage, None)
    await served.start()
    place = next(iter(stage.guild.channels.values()))
    options = [{"label": label, "value": label.lower()} for label in ("Tea", "Coffee")]
    menu = {"type": 3, "custom_id": "drink", "placeholder": "A drink?", "options": options}
    link = {"type": 2, "style": 5, "label": "The harbour", "url": "https://example.org/"}
    embed = {"title": "Tides", "description": "**High** at noon", "fields": [{"name": "Low", "value": "at six"}]}
    rows = [{"type": 1, "components": [menu]}, {"type": 1, "components": [link]}]
    d.world.create(
        place, d.bot, {"embeds": [embed], "components": rows}, files=[("dot.png", b"\x89PNG\r\n\x1a\n")]
    )
    page = await browser.new_page()
    await page.goto(served.address)
    message = page.locator("#messages > li")
    await expect(message.locator(".embed")).to_contain_text(
        re.compile("Tides.*High at noon.*Low.*at six", re.DOTALL)
    )
    await expect(message.get_by_role("link", name="The harbour")).to_have_attribute("href", "https://example.org/")
    await expect(message.get_by_role("img", name="dot.png")).to_be_attached()
    await message.get_by_role("combobox", name="A drink?").select_option("Coffee")
    await expect(page.get_by_role("alert")).to_have_text("The application did not respond.")
    chosen = next(iter(d.world.interactions.values()))
    assert chosen.data["values"] == ["coffee"]
    await served.close()
    await d.close()


async def test_a_page_finds_back(browser: Browser):
    """A page whose demo has ended says so, and goes on, draft and all, when there is one again."""
    d = Discord()
    await d.start()
    stage = furnish(d)
    served = Page(d, stage, None)
    await served.start()
    page = await browser.new_page()
    await page.goto(served.address)
    await page.get_by_label("Message", exact=True).fill("a draft")
    port = int(served.address.rsplit(":", 1)[1].rstrip("/"))
    await served.close()
    await expect(page.locator("#bot-state")).to_have_text("No connection to the demo")
    again = Page(d, stage, None)
    await again.start(port)
    await expect(page.locator("#bot-state")).to_contain_text("connecting")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("a draft")
    await again.close()
    await d.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read(opened: Any, scheme: str):
    """Plain and quiet text and buttons have a contrast of 4.5 or more in both schemes."""
    async with opened(color_scheme=scheme) as visit:
        colours = {
            name: await visit.page.evaluate(
                f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')"
            )
            for name in {name for pair in PAIRS for name in pair}
        }
        await visit.go("experiments")
        await visit.say(CODE)
        await expect(visit.messages.last.locator("pre span").first).to_be_visible()
        shades = await visit.messages.last.locator("pre span").evaluate_all(
            "(spans) => spans.map((span) => [getComputedStyle(span).color,"
            " getComputedStyle(span.closest('pre')).backgroundColor])"
        )
    assert len(shades) > 5
    pairs = [(colours[text], colours[ground]) for text, ground in PAIRS] + shades
    assert min(contrast(*pair) for pair in pairs) >= 4.5


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines define it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Of `#rrggbb` or `rgb(r, g, b)`."""
    digits = [int(pair, 16) for pair in re.findall("[0-9a-f]{2}", colour.lower())]
    parts = [part / 255 for part in (digits if "#" in colour else map(int, re.findall(r"\d+", colour)))]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
