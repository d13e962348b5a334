"""What goes wrong between a person and a command."""

from __future__ import annotations

from discord import app_commands

from bot.core.errors import HeadwaterError


class NoServerError(HeadwaterError):
    """A direct message has no server to set something for."""

    text = "There's no server here. Leave the scope at `channel`."


class FileUnderWayError(HeadwaterError):
    """Somebody asks for a file while another of theirs is being made."""

    text = "I'm still making your last file. Please wait for it."


class NotInAudienceError(app_commands.CheckFailure):
    """A command isn't for this person, or not here; `sentence` says who it is for."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
