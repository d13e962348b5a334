"""A channel's memory, a page at a time, for one person to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.conversation.extras.quoting import cut
from bot.core.records import Role
from bot.ui.targets.permissions import may_read
from bot.ui.texts import memory as texts
from bot.ui.texts.names import shown_name, shown_text
from bot.ui.views.base import BaseView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.conversation.ports import ConversationStore
    from bot.core.records import Place, Turn

PAGE_TURNS = 6  # turns on a page; with their heads they fit an embed's 4,096 characters
EXCERPT = 240  # characters of a turn


class HistoryPages(BaseView):
    """Pages through the turns, newest first, for a reader who can still see the channel."""

    def __init__(self, store: ConversationStore, place: Place, *, owner_id: int) -> None:
        super().__init__(owner_id=owner_id, check=_still_reads)
        self._store = store
        self._place = place
        self._before: tuple[int | None, ...] = (None,)  # where each page up to this one begins
        self._oldest: int | None = None

    async def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the command with the first page."""
        self.answers(interaction)
        embed = await self._page()
        await interaction.response.send_message(embed=embed, view=self, ephemeral=True)

    @discord.ui.button(label="Older")
    async def older(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[HistoryPages]) -> None:
        await self._turn(interaction, (*self._before, self._oldest))

    @discord.ui.button(label="Newer")
    async def newer(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[HistoryPages]) -> None:
        await self._turn(interaction, self._before[:-1] or (None,))

    async def _turn(self, interaction: discord.Interaction[Any], before: tuple[int | None, ...]) -> None:
        self.answers(interaction)
        await interaction.response.defer()  # memory may take longer than the three seconds Discord gives
        self._before = before
        await interaction.edit_original_response(embed=await self._page(), view=self)

    async def _page(self) -> discord.Embed:
        turns = await self._store.window(self._place, before=self._before[-1], limit=PAGE_TURNS + 1)
        page = turns[:PAGE_TURNS]
        self._oldest = page[-1].id if page else None
        self.older.disabled = len(turns) <= PAGE_TURNS
        self.newer.disabled = len(self._before) == 1
        return discord.Embed(description=render(page))


async def _still_reads(interaction: discord.Interaction[Any]) -> bool:
    return may_read(interaction)


def render(turns: Sequence[Turn]) -> str:
    """Turns, given newest first, in the order they were said."""
    if not turns:
        return texts.NO_HISTORY
    return "\n".join(_line(turn) for turn in reversed(turns))


def _line(turn: Turn) -> str:
    name = texts.MY_NAME if turn.role is Role.ASSISTANT else shown_name(turn.author_name)
    flat = " ".join(turn.text.split())
    lines = [f"**{name}** <t:{turn.created_at}:R>", shown_text(cut(flat, EXCERPT))]
    if turn.attachments:
        lines.append(f"-# {shown_text(cut(texts.attached(turn.attachments), EXCERPT))}")
    return "\n".join(line for line in lines if line)
