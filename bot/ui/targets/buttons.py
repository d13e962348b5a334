"""The buttons under a reply. They carry the reply's id and nothing else, so they work after a restart."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import discord

if TYPE_CHECKING:
    from bot.display.target import Controls


class Press(StrEnum):
    """What a button under a reply asks for."""

    STOP = "stop"
    RETRY = "retry"
    CONTINUE = "continue"
    THINKING = "thinking"
    SOURCES = "sources"


CUSTOM_ID = rf"headwater:(?P<press>{'|'.join(Press)}):(?P<reply>\d{{1,18}})"


class ReplyButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=CUSTOM_ID,
):
    """A button under a reply; a press is dispatched as the event `reply_button`, for a cog to check and act on."""

    def __init__(self, press: Press, reply_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=press.value.capitalize(),
                style=discord.ButtonStyle.secondary,
                custom_id=f"headwater:{press}:{reply_id}",
            )
        )
        self._press = press
        self._reply_id = reply_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(Press(match["press"]), int(match["reply"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch("reply_button", interaction, self._press, self._reply_id)


def parse(custom_id: str) -> tuple[Press, int] | None:
    """What a button asks for, and the reply that it is about; None for other buttons."""
    match = re.fullmatch(CUSTOM_ID, custom_id)
    return (Press(match["press"]), int(match["reply"])) if match else None


def buttons(controls: Controls) -> discord.ui.View | None:
    """The buttons as discord.py sends them; None where there are none."""
    presses = [
        press
        for press, wanted in (
            (Press.STOP, controls.stop),
            (Press.RETRY, controls.retry),
            (Press.CONTINUE, controls.continue_),
            (Press.THINKING, controls.thinking),
            (Press.SOURCES, controls.sources),
        )
        if wanted
    ]
    if not presses:
        return None
    view = discord.ui.View(timeout=None)
    for press in presses:
        view.add_item(ReplyButton(press, controls.reply_id))
    return view
