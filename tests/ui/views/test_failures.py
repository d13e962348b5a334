"""What people read, and what the log says, when an interaction fails."""

from __future__ import annotations

import logging

import discord
import pytest
from discord import app_commands

from bot.core.errors import StorageError
from bot.ui.errors import NotInAudienceError
from bot.ui.texts import replies as texts
from bot.ui.views.failures import tell, tell_failure
from tests.fakes.interaction import FakeInteraction, refused

FORGED = app_commands.TransformerError("x", discord.AppCommandOptionType.string, app_commands.Transformer())
OUTDATED = app_commands.CommandNotFound("history", ["show"])


@pytest.mark.parametrize(
    ("error", "sentence", "line"),
    [
        (StorageError("the disk is full"), StorageError("the disk is full").sentence, "the disk is full"),
        (NotInAudienceError(texts.NOT_ADMIN), texts.NOT_ADMIN, "was refused"),
        (OUTDATED, texts.OUTDATED_COMMAND, "CommandNotFound"),
        (FORGED, texts.NOT_OFFERED, "string"),
        (refused(403, 50013), texts.MISSING_PERMISSION, "403, code 50013"),
        (refused(403, 50001), texts.MISSING_PERMISSION, "403, code 50001"),
        (refused(503, 0), texts.DISCORD_FAILED, "503, code 0"),
        (TimeoutError(), texts.DISCORD_FAILED, "TimeoutError"),
        (discord.RateLimited(30.0), texts.DISCORD_FAILED, "30 s"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_is_no_bug_is_told_and_takes_one_line(
    error: Exception, sentence: str, line: str, caplog: pytest.LogCaptureFixture
):
    """With who met it, and with Discord's status and code where Discord refused."""
    caplog.set_level(logging.DEBUG)
    interaction = FakeInteraction(7)
    await tell_failure(interaction, error)
    assert interaction.told == [sentence]
    (record,) = caplog.records
    assert record.levelno <= logging.WARNING
    assert record.exc_info is None
    assert "component of user 7" in record.message
    assert line in record.message


@pytest.mark.parametrize("error", [refused(404, 10062), refused(400, 40060), discord.InteractionResponded(None)])
async def test_nobody_is_told_when_the_interaction_is_over(error: Exception, caplog: pytest.LogCaptureFixture):
    """It came late, or twice: one line, no traceback, and no second failure."""
    interaction = FakeInteraction()
    await tell_failure(interaction, error)
    assert interaction.told == []
    (record,) = caplog.records
    assert record.exc_info is None


async def test_a_bug_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture):
    """And the person is told that it isn't their fault."""
    interaction = FakeInteraction()
    await tell_failure(interaction, KeyError("secret words"))
    assert interaction.told == [texts.UNEXPECTED]
    (record,) = caplog.records
    assert record.exc_info


async def test_a_sentence_that_cannot_be_delivered_is_one_line_of_log(caplog: pytest.LogCaptureFixture):
    """The second failure raises nothing."""
    await tell(FakeInteraction(fails=refused(404, 10062)), "Hello.")
    (record,) = caplog.records
    assert "404, code 10062" in record.message
    assert record.exc_info is None
