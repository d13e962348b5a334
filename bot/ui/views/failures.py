"""How a failed command, press or form turns into a sentence for one person and a line of log."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import HeadwaterError
from bot.ui.errors import NotInAudienceError
from bot.ui.targets.failures import DISCORD_FAILURES, logged_failures, reason
from bot.ui.targets.refusals import EXPIRED
from bot.ui.texts import replies as texts

log = logging.getLogger(__name__)

# Discord's error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
ALREADY_ANSWERED = 40060  # the same interaction was delivered twice, or to two processes
OVER = frozenset({*EXPIRED, ALREADY_ANSWERED})
MISSING_ACCESS, MISSING_PERMISSIONS = 50001, 50013
OUTDATED = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)


async def tell_failure(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Answer an interaction that failed, and log why. The one place for commands, views, buttons and forms."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if sentence := _explain(cause, _name(interaction)):
        await tell(interaction, sentence)


async def tell(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Say something to the person who pressed or typed, and to nobody else."""
    with logged_failures(log, "a sentence didn't reach its reader"):
        if interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)


def _name(interaction: discord.Interaction[Any]) -> str:
    """An interaction for the log: the command, or what kind it is, and who used it."""
    command = interaction.command
    what = f"/{command.qualified_name}" if command else interaction.type.name
    return f"{what} of user {interaction.user.id}"


def _explain(error: Exception, name: str) -> str:
    """The sentence to tell; empty when nobody can be told any more. Logs one line, a traceback for bugs alone."""
    if isinstance(error, NotInAudienceError):  # anybody can bring this about, as often as they like
        log.debug("%s was refused: %s", name, error)
        return error.sentence
    if isinstance(error, HeadwaterError):
        log.warning("%s was refused: %s", name, error)
        return error.sentence
    if isinstance(error, OUTDATED):
        log.warning("%s is a command of another version: %s", name, type(error).__name__)
        return texts.OUTDATED_COMMAND
    if isinstance(error, app_commands.TransformerError):  # a client that sends what it doesn't offer
        log.warning("%s has a value that isn't one: %s", name, error.type.name)
        return texts.NOT_OFFERED
    if isinstance(error, DISCORD_FAILURES):
        log.warning("%s failed at Discord: %s", name, reason(error))
        return _about_discord(error)
    log.error("%s failed by a bug", name, exc_info=error)
    return texts.UNEXPECTED


def _about_discord(error: Exception) -> str:
    """What to say of a failure of Discord; nothing where the interaction is over or answered."""
    code = getattr(error, "code", None)
    if code in OVER or isinstance(error, discord.InteractionResponded):
        return ""
    return texts.MISSING_PERMISSION if code in (MISSING_ACCESS, MISSING_PERMISSIONS) else texts.DISCORD_FAILED
