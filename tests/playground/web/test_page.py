"""The page's server: whom it lets in, what it tells, what it passes on."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from playground.discord import Discord, Request
from playground.openrouter.controls import FAULTS
from playground.processes import Reports
from playground.web.page import FOLDER, Page
from playground.web.panel import LIMITS, TROUBLES
from playground.web.stage import Stage, furnish
from playground.web.views import IN_WORDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "sk-or-v1-very-secret"


class Site:
    """A page without a bot behind it, and a browser's requests to it."""

    def __init__(self, d: Discord, stage: Stage, page: Page, session: aiohttp.ClientSession) -> None:
        self.d, self.stage, self.page, self.session = d, stage, page, session
        self.own = {"Origin": page.address.rstrip("/")}
        self.place = next(iter(stage.guild.channels.values()))

    async def do(self, action: str, **body: Any) -> tuple[int, dict[str, Any]]:
        body = {"as": str(self.stage.member.id), "place": str(self.place.id), **body}
        async with self.session.post(f"{self.page.address}do/{action}", json=body, headers=self.own) as response:
            return response.status, await response.json()

    def news(self) -> Any:
        return self.session.ws_connect(f"{self.page.address}news", headers=self.own)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    d = Discord(deadline=0.1)
    await d.start()
    stage = furnish(d)
    page = Page(d, stage, Reports(base_url="http://127.0.0.1:1", key=KEY))
    await page.start()
    async with aiohttp.ClientSession() as session:
        yield Site(d, stage, page, session)
    await page.close()
    await d.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Host": "attacker.example:8787", "Origin": "http://attacker.example:8787"},
    ],
)
async def test_other_sites_and_names_are_kept_out(site: Site, headers: dict[str, str]):
    """A name pointed at this machine gets nothing, and another site's page can post nothing."""
    async with site.session.get(site.page.address, headers=headers) as response:
        assert response.status == 403
    body = {"as": str(site.stage.admin.id), "place": str(site.place.id), "text": "hi"}
    async with site.session.post(f"{site.page.address}do/say", json=body, headers=headers) as response:
        assert response.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await site.session.ws_connect(f"{site.page.address}news", headers=headers)
    assert site.d.history(site.place) == []


async def test_the_page_has_two_names(site: Site):
    """127.0.0.1 and localhost are the same page."""
    named = site.page.address.replace("127.0.0.1", "localhost")
    headers = {"Host": named.removeprefix("http://").rstrip("/"), "Origin": named.rstrip("/")}
    body = {"as": str(site.stage.admin.id), "place": str(site.place.id), "text": "hi"}
    async with site.session.post(f"{site.page.address}do/say", json=body, headers=headers) as response:
        assert response.status == 200


async def test_a_post_without_an_origin_is_refused(site: Site):
    """Browsers send it; anything else isn't a page."""
    async with site.session.post(f"{site.page.address}do/say", json={}) as response:
        assert response.status == 403


async def test_the_page_is_told_no_secret(site: Site):
    """Neither the bot's token nor the key nor an interaction's token is in anything that is served."""
    command = {"type": 1, "name": "x", "description": "x", "options": [], "id": "1"}
    site.d.world.commands[None] = [{**command, "default_member_permissions": None}]
    assert await site.do("command", path="x") == (200, {"failed": True})
    async with site.news() as socket:
        await site.do("say", text="hello")
        told = [await socket.receive_str() for _ in range(2)]
    async with site.session.get(site.page.address) as response:
        told.append(await response.text())
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert len(site.d.world.interactions) == 1
    for secret in (site.d.token, KEY, *site.d.world.interactions):
        assert not [text for text in told if secret in text]


async def test_news_begin_with_the_world_and_go_on(site: Site):
    """A page that opens is given all there is, then what changes."""
    site.d.say(site.stage.member, site.place, "before")
    async with site.news() as socket:
        world = await socket.receive_json()
        assert [place["name"] for place in world["places"]][:3] == ["general", "experiments", "a thread"]
        assert [person["role"] for person in world["people"]] == ["admin", "member"]
        said = site.d.say(site.stage.member, site.place, "after")
        assert (await socket.receive_json())["message"]["content"] == "after"
        site.d.delete(said)
        assert await socket.receive_json() == {
            "type": "deleted",
            "id": str(said.id),
            "place": str(site.place.id),
        }


async def test_messages_from_before_the_page_began_are_not_lost(site: Site):
    """The page follows from its own start; what was said then is in the world it gives."""
    site.d.say(site.stage.member, site.place, "first")
    async with site.news() as socket:
        assert [message["content"] for message in (await socket.receive_json())["messages"]] == ["first"]


async def test_people_speak_for_themselves_alone(site: Site):
    """Nobody edits another's message; a member deletes their own only, an admin any."""
    said = site.d.say(site.stage.admin, site.place, "mine")
    status, answer = await site.do("edit", message=str(said.id), text="yours")
    assert (status, answer["error"]) == (409, "people edit their own messages only")
    assert (await site.do("delete", message=str(said.id)))[0] == 409
    assert (await site.do("edit", message=str(said.id), text="ours", **{"as": str(site.stage.admin.id)}))[0] == 200
    assert said.content == "ours"
    other = site.d.say(site.stage.member, site.place, "a member's")
    assert (await site.do("delete", message=str(other.id), **{"as": str(site.stage.admin.id)}))[0] == 200
    assert other.deleted


@pytest.mark.parametrize("body", [{}, {"text": "x", "place": "nowhere"}, {"text": "x", "as": "nobody"}])
async def test_nonsense_is_refused_politely(site: Site, body: dict[str, Any]):
    """Requests that no page would send get an error and change nothing."""
    status, answer = await site.do("say", **body)
    assert status == 400
    assert "no sense" in answer["error"]


async def test_a_reply_without_ping_does_not_ask(site: Site):
    """The switch decides whether the bot is mentioned by a reply to it."""
    said = site.d.world.create(site.place, site.d.bot, {"content": "an answer"})
    await site.do("say", text="thanks", reply=str(said.id), ping=False)
    await site.do("say", text="and?", reply=str(said.id), ping=True)
    quiet, loud = site.d.history(site.place)[1:]
    assert site.d.bot not in quiet.pinged
    assert site.d.bot in loud.pinged


async def test_uploads_are_saved_and_never_run(site: Site):
    """A file comes back byte for byte, as an attachment, whatever it claims to be."""
    form = aiohttp.FormData()
    body = {"as": str(site.stage.member.id), "place": str(site.place.id), "text": ""}
    form.add_field("body", json.dumps(body))
    form.add_field("file", b"<script>alert(1)</script>", filename="x.html", content_type="text/html")
    async with site.session.post(f"{site.page.address}do/say", data=form, headers=site.own) as response:
        assert response.status == 200
    file = site.d.history(site.place)[0].attachments[0]
    async with site.session.get(f"{site.page.address}files/{file.id}/x.html") as response:
        assert await response.read() == b"<script>alert(1)</script>"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with site.session.get(f"{site.page.address}files/1/x.html") as response:
        assert response.status == 404


async def test_settings_reach_discord_and_every_page(site: Site):
    """Latency and limits change at once for all pages; values out of range are refused."""
    async with site.news() as socket:
        await socket.receive_json()
        assert (await site.do("set", name="latency", value=0.5))[0] == 200
        assert (await socket.receive_json())["settings"]["latency"] == 0.5
    assert site.d.door.latency == 0.5
    await site.do("set", name="limits", value="tight")
    assert site.d.door.limiter.limits.edit == (2, 5.0)
    for name, value in (("latency", 60), ("limits", "no such"), ("fault", "no such")):
        assert (await site.do("set", name=name, value=value))[0] == 409
    assert (await site.do("set", name="no such", value=1))[0] == 400


async def test_every_route_is_told_in_words(site: Site):
    """No request of the bot is shown as a bare route."""
    routes = {
        (route.method, route.resource.canonical.replace("/api/v10", ""))
        for route in site.d.app.router.routes()
        if route.resource and route.resource.canonical.startswith("/api/v10") and route.method != "HEAD"
    }
    assert routes
    assert routes <= IN_WORDS.keys()


async def test_requests_are_counted_by_what_they_do(site: Site):
    """Posts and edits are those of messages; what a rate limit refused counts as that alone."""
    for method, route, status in (
        ("POST", "/channels/{channel_id}/messages", 200),
        ("POST", "/channels/{channel_id}/messages/bulk-delete", 204),
        ("PATCH", "/webhooks/{application_id}/{token}/messages/{message_id}", 200),
        ("POST", "/channels/{channel_id}/messages", 429),
    ):
        site.d.world.changed("request", Request(0.0, method, route, None, status, None, {}))
    assert site.page.panel.counts == {"creates": 1, "edits": 1, "others": 1, "refused": 1}


async def test_trouble_happens_once(site: Site):
    """The next edit fails, the one after does not."""
    assert (await site.do("trouble", what="edit"))[0] == 200
    fault = site.d.door.faults[0]
    route = "/channels/{channel_id}/messages/{message_id}"
    assert [fault.strikes("PATCH", route), fault.strikes("PATCH", route)] == [True, False]
    assert fault.status == 500
    for what in TROUBLES:
        assert (await site.do("trouble", what=what))[0] == 200
    assert (await site.do("trouble", what="no such"))[0] == 400


async def test_a_page_that_does_not_listen_is_cut_off(site: Site):
    """News isn't kept forever: a page too far behind is closed, and starts over."""
    news = asyncio.Queue[str | None](1)
    site.page._pages.add(news)
    for text in ("one", "two"):
        site.d.say(site.stage.member, site.place, text)
    assert news not in site.page._pages
    assert news.get_nowait() is None


async def test_a_port_that_is_taken_is_no_hindrance(site: Site):
    """A second demo beside the first listens elsewhere."""
    port = int(site.page.address.rsplit(":", 1)[1].rstrip("/"))
    second = Page(site.d, site.stage, None)
    await second.start(port)
    assert second.address != site.page.address
    assert second.address.startswith("http://127.0.0.1:")
    await second.close()


def test_the_page_offers_what_the_panel_takes():
    """Every choice and button of the page's settings is one that the server knows."""
    script = (FOLDER / "static" / "panel.js").read_text(encoding="utf-8")
    offered = {name: set(re.findall(r'^ +\["(\w*)",', part, re.MULTILINE)) for name, part in parts(script).items()}
    assert offered == {"fault": set(FAULTS), "limits": set(LIMITS), "trouble": set(TROUBLES)}


def parts(script: str) -> dict[str, str]:
    """The lists of `panel.js`, by what they set."""
    choices, troubles = script.split("const TROUBLES = [", 1)
    _, fault, limits = choices.split("options: [")
    return {"fault": fault.split("],\n  }")[0], "limits": limits, "trouble": troubles.split("];")[0]}
