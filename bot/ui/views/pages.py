"""Lines too many for one message, a page at a time, for one person to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.display.text.markdown import utf16_length
from bot.display.text.pager import MESSAGE_LIMIT, paginate
from bot.ui.texts import replies as texts
from bot.ui.views.base import BaseView
from bot.ui.views.failures import tell

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from bot.ui.views.base import Check

PAGE_CHARS = 1900  # Discord: 2,000 characters of content; the rest is for the page's number
CHOICES, VALUE_LIMIT = 25, 100  # Discord: options of a select menu, characters of each


def paginate_lines(lines: Iterable[str], *, head: str = "", most: int | None = None) -> list[str]:
    """Fill pages with whole lines, `most` on each; each begins with the head. A line that is too long is cut."""
    room = PAGE_CHARS - len(head) - 1
    pages: list[list[str]] = [[]]
    used = 0
    for line in lines:
        cut = line if len(line) <= room else line[: room - 1] + "…"
        if pages[-1] and (used + len(cut) + 1 > room or len(pages[-1]) == most):
            pages.append([])
            used = 0
        pages[-1].append(cut)
        used += len(cut) + 1
    return ["\n".join(filter(None, [head, *page])) for page in pages]


class Picker(discord.ui.Select["Pages"]):
    """A menu of what is on a page; `on_pick` gets the interaction and one of the values offered."""

    def __init__(self, label: str, on_pick: Callable[[discord.Interaction[Any], str], Awaitable[None]]) -> None:
        super().__init__(placeholder=label)
        self._on_pick = on_pick

    def offer(self, values: Sequence[str]) -> None:
        fitting = [value for value in values[:CHOICES] if len(value) <= VALUE_LIMIT]
        self.options = [discord.SelectOption(label=value, value=value) for value in fitting]

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take a value only from the menu: what a client sends may be anything."""
        picked = next(iter(self.values), "")
        if picked in {option.value for option in self.options}:
            await self._on_pick(interaction, picked)
        else:
            await tell(interaction, texts.NOT_OFFERED)


class Pages(BaseView):
    """Pages through text. The message is ephemeral, and its controls are for the person who asked for it."""

    def __init__(
        self,
        pages: Sequence[str],
        *,
        owner_id: int,
        check: Check | None = None,
        picker: Picker | None = None,
        picks: Sequence[Sequence[str]] = (),
    ) -> None:
        """With a `picker`, a menu offers what `picks` has for each page. `check` is made at each press."""
        super().__init__(owner_id=owner_id, check=check)
        self._pages = pages
        self._picker = picker
        self._picks = picks
        self._number = 0
        if picker is not None:
            self.add_item(picker)

    async def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the command, deferred or not, with the first page."""
        self.answers(interaction)
        extra: dict[str, Any] = {"view": self} if len(self._pages) > 1 or self._picker else {}
        if interaction.response.is_done():
            await interaction.followup.send(self._page(), ephemeral=True, **extra)
        else:
            await interaction.response.send_message(self._page(), ephemeral=True, **extra)

    @discord.ui.button(label="Previous")
    async def previous(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[Pages]) -> None:
        await self._turn(interaction, self._number - 1)

    @discord.ui.button(label="Next")
    async def next(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[Pages]) -> None:
        await self._turn(interaction, self._number + 1)

    async def _turn(self, interaction: discord.Interaction[Any], number: int) -> None:
        self.answers(interaction)
        self._number = min(max(0, number), len(self._pages) - 1)
        await interaction.response.edit_message(content=self._page(), view=self)

    def _page(self) -> str:
        if self._picker is not None:
            self._picker.offer(self._picks[self._number])
        self.previous.disabled = self._number == 0
        self.next.disabled = self._number == len(self._pages) - 1
        foot = texts.page(self._number + 1, len(self._pages)) if len(self._pages) > 1 else ""
        content = self._pages[self._number]
        return content + foot if utf16_length(content + foot) <= MESSAGE_LIMIT else content


async def show_text(interaction: discord.Interaction[Any], text: str, *, check: Check | None = None) -> None:
    """Answer a press with a text in Markdown, on as many pages as it needs."""
    pages = [page.content for page in paginate(text, done=True)]
    await Pages(pages, owner_id=interaction.user.id, check=check).begin(interaction)


async def show_lines(
    interaction: discord.Interaction[Any], lines: Iterable[str], *, head: str = "", check: Check | None = None
) -> None:
    """Answer a command with lines, on as many pages as they need; `check` says who may turn them."""
    await Pages(paginate_lines(lines, head=head), owner_id=interaction.user.id, check=check).begin(interaction)
