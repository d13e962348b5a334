"""The steps at Discord: the token, what the bot may read, the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.config.fields import TOKEN_FORM
from bot.setup.answers import CONTENT, TOKEN, WAIT
from bot.setup.conversation import NotThatError, UnreachableError
from bot.setup.portal import opened
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from bot.setup.conversation import Talk
    from bot.setup.portal import Portal

JOIN_S = 600.0  # nobody looks for their server's password for longer


async def token(talk: Talk, stack: AsyncExitStack) -> Portal:
    """Ask for the token until Discord knows it; the stack closes the connection."""

    async def ask() -> str:
        return await talk.prompts.text(texts.BOT_QUESTION, TOKEN, hidden=True)

    async def attempt(value: str) -> Portal:
        if not TOKEN_FORM.fullmatch(value):
            raise NotThatError(texts.BOT_FORM)
        return await stack.enter_async_context(opened(value))

    value, portal = await talk.settled(TOKEN, talk.answers.known(TOKEN), ask, attempt, texts.BOT_WHERE)
    talk.keep({TOKEN.setting: value})
    talk.good(texts.bot_found(portal.name, portal.picture))
    return portal


async def content(talk: Talk, portal: Portal) -> None:
    """Explain the message content intent, show its state, and turn it on if it's wanted."""
    known = talk.answers.given(CONTENT)
    if not known:
        talk.prompts.say(f"{texts.CONTENT_ABOUT}\n{texts.content_state(granted=portal.reads_content)}")
    wanted = await talk.yes(texts.CONTENT_QUESTION, CONTENT, known=known, default="n")
    if wanted and not portal.reads_content:
        await _allow(talk, portal)
    wanted = wanted and portal.reads_content
    talk.keep({CONTENT.setting: str(wanted).lower()})
    talk.good(texts.CONTENT_ON if wanted else texts.CONTENT_OFF)


async def _allow(talk: Talk, portal: Portal) -> None:
    try:
        if await portal.allow_content():
            return
        talk.bad(texts.CONTENT_BY_HAND)
        if talk.attended:
            await talk.prompts.text(texts.CONTENT_DONE, CONTENT)
            await portal.look_again()
    except UnreachableError as error:
        talk.bad(str(error))
    if not portal.reads_content:
        talk.bad(texts.CONTENT_STILL_OFF)


async def server(talk: Talk, portal: Portal, *, again: bool) -> None:
    """Show the invite link and wait until the bot is in a server; `again` where it's in one already."""
    before = await _servers(talk, portal)
    if before:
        talk.good(texts.in_servers(list(before.values())))
        if not again:
            return
    talk.prompts.say(texts.INVITE)
    talk.show_link(portal.invite_link)
    name = await _joined(talk, portal, set(before))
    if name is None:
        talk.prompts.say(texts.INVITE_LATER)
    else:
        talk.good(texts.joined(name))


async def _servers(talk: Talk, portal: Portal) -> dict[int, str]:
    try:
        return await portal.servers()
    except UnreachableError as error:
        talk.bad(str(error))
        return {}


async def _joined(talk: Talk, portal: Portal, before: set[int]) -> str | None:
    """The server that the bot joined; None where nobody wants to wait any longer."""
    given = talk.answers.given(WAIT)
    seconds = float(given) if given.isdecimal() else JOIN_S if talk.attended else 0.0
    try:
        async with asyncio.timeout(seconds):
            return await talk.prompts.enter_or(texts.INVITE_WAITING, portal.joined(before=before))
    except TimeoutError:
        return None
