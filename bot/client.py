"""The bot as Discord knows it: intents, extensions, commands, and what happens when one fails."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.errors import HeadwaterError, StorageError
from bot.ui.targets.buttons import ReplyButton
from bot.ui.targets.own_deletions import OwnDeletions
from bot.ui.targets.rate_limit_headers import RateLimitTrace
from bot.ui.targets.reply_targets import ChannelTarget, InteractionTarget
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from bot.services import Services

log = logging.getLogger(__name__)

EXTENSIONS = (
    "cogs.budget",
    "cogs.chat",
    "cogs.conversation",
    "cogs.help",
    "cogs.models",
    "cogs.settings",
    "cogs.status",
    "cogs.privacy",
    "cogs.prompts",
    "cogs.sync",
    "cogs.usage",
)


class ChatBot(commands.Bot):
    """discord.py's bot with narrow intents, no pings, and commands that are registered when they change."""

    def __init__(self, services: Services, *, message_content: bool) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
        intents = discord.Intents.default()
        intents.message_content = message_content
        trace = RateLimitTrace(services.scheduler)
        super().__init__(
            command_prefix=commands.when_mentioned,  # unused: every command is a slash command
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,  # nothing here looks messages up in discord.py's cache
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=trace.config,
        )
        self.services = services
        self.own_deletions = OwnDeletions(trace.config)
        self._trace = trace
        self.tree.on_error = self.command_failed  # type: ignore[method-assign] # the documented way

    async def setup_hook(self) -> None:
        """Load everything before the gateway connects; a broken extension ends the start-up."""
        self.add_dynamic_items(ReplyButton)
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        await self._register_commands()

    async def close(self) -> None:
        await self._trace.aclose()
        await super().close()

    def channel_target(self, channel_id: int, *, answer_to: int | None = None) -> ChannelTarget:
        """Show a reply in a channel, as an answer to a message if there is one."""
        return ChannelTarget(self.get_partial_messageable(channel_id), trace=self._trace, answer_to=answer_to)

    def interaction_target(self, interaction: discord.Interaction[Any], *, private: bool) -> InteractionTarget:
        """Show a reply as the answer to an interaction that was deferred."""
        assert interaction.channel_id is not None  # noqa: S101 - Discord: every command comes from a channel
        channel = self.channel_target(interaction.channel_id)
        return InteractionTarget(interaction, private=private, clock=self.services.clock, channel=channel)

    async def on_message(self, message: discord.Message, /) -> None:
        """Messages are questions, which `cogs.chat` sees to, never text commands."""

    async def on_ready(self) -> None:
        log.info("ready as %s (%s) in %d servers", self.user, self.application_id, len(self.guilds))

    async def _register_commands(self) -> None:
        """Discord allows 200 new commands a day: send them only when they are not the ones sent last."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        fingerprint = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        scope, key = f"app:{self.application_id}", f"commands {discord.http.Route.BASE}"
        settings, now = self.services.settings.store, int(self.services.clock.time())
        known = await settings.get(scope, key)
        if known is not None and known.value == fingerprint:
            return
        await self.tree.sync()
        try:
            await settings.set(scope, key, fingerprint, by=0, now=now)
        except StorageError as error:
            log.warning("the commands will be registered again at the next start: %s", error)
        log.info("registered %d commands", len(payload))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - discord.py's
        """Events that memory cannot follow are no bugs: a full disk makes one line of log, not a page."""
        error = sys.exc_info()[1]
        if isinstance(error, HeadwaterError):
            log.warning("%s was not dealt with: %s", event_method, error)
        else:
            await super().on_error(event_method, *args, **kwargs)

    async def command_failed(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """The one place where a failed command turns into a sentence."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if isinstance(cause, HeadwaterError):
            log.warning("command refused: %s", cause)
            sentence = cause.sentence
        elif isinstance(cause, app_commands.CheckFailure):
            sentence = texts.NOT_ADMIN
        else:
            log.error("a command failed by a bug", exc_info=cause)
            sentence = texts.UNEXPECTED
        await tell(interaction, sentence)


async def tell(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Say something to the person who pressed or typed, and to nobody else."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except discord.HTTPException as error:
        log.warning("a sentence did not reach its reader: %s", error)
