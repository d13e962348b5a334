"""A channel's memory, a page at a time, for one person to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.core.records import Role
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.conversation.ports import ConversationStore
    from bot.core.records import Place, Turn

BRANCHED_TURNS = 200  # copied into a new thread: more than most models read, and soon done
PAGE_TURNS = 6  # turns on a page; with their heads they fit an embed's 4,096 characters
EXCERPT = 240  # characters of a turn
TIMEOUT_S = 14 * 60.0  # the interaction that edits the message lasts 15 minutes


class HistoryPages(discord.ui.View):
    """Pages through the turns from the newest backwards; the message is ephemeral."""

    def __init__(self, store: ConversationStore, place: Place) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self._store = store
        self._place = place
        self._before: list[int | None] = [None]  # where each page up to this one begins

    async def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the command with the first page."""
        await interaction.response.send_message(embed=await self._page(), view=self, ephemeral=True)

    @discord.ui.button(label="Older")
    async def older(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[HistoryPages]) -> None:
        self._before.append(self._oldest)
        await interaction.response.edit_message(embed=await self._page(), view=self)

    @discord.ui.button(label="Newer")
    async def newer(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[HistoryPages]) -> None:
        self._before.pop()
        await interaction.response.edit_message(embed=await self._page(), view=self)

    async def _page(self) -> discord.Embed:
        turns = await self._store.window(self._place, before=self._before[-1], limit=PAGE_TURNS + 1)
        page = turns[:PAGE_TURNS]
        self._oldest = page[-1].id if page else None
        self.older.disabled = len(turns) <= PAGE_TURNS
        self.newer.disabled = len(self._before) == 1
        return discord.Embed(description=render(page))


def render(turns: Sequence[Turn]) -> str:
    """Turns, newest first, as they were said: oldest on top."""
    if not turns:
        return texts.NO_HISTORY
    return "\n".join(_line(turn) for turn in reversed(turns))


def _line(turn: Turn) -> str:
    name = texts.MY_NAME if turn.role is Role.ASSISTANT else discord.utils.escape_markdown(turn.author_name)
    flat = " ".join(turn.text.split())
    excerpt = flat if len(flat) <= EXCERPT else flat[: EXCERPT - 1] + "…"
    return f"**{name}** <t:{turn.created_at}:R>\n{discord.utils.escape_markdown(excerpt)}"
