"""The bot as Discord knows it: intents, extensions, commands, and what happens when one fails."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from bot.connection import Gateway, log_in, recommended_shards
from bot.core.background import Background
from bot.core.errors import HeadwaterError
from bot.core.proxies import proxy_for
from bot.events import EventGuard
from bot.registration import CommandRegistration
from bot.shards import IdentifyTurns, Shards
from bot.ui.incoming.arrivals import Arrivals
from bot.ui.incoming.notices import Notices
from bot.ui.incoming.reading.recent import RecentMessages
from bot.ui.targets.buttons import ReplyButton
from bot.ui.targets.failures import DISCORD_FAILURES, reason
from bot.ui.targets.own_deletions import OwnDeletions
from bot.ui.targets.permissions import INVITED_SCOPES, INVITED_WITH
from bot.ui.targets.rate_limit_headers import RateLimitTrace
from bot.ui.targets.reply_targets import ChannelTarget, InteractionTarget
from bot.ui.targets.requests import DiscordRequests
from bot.ui.targets.watchdog import HTTPState, Watchdog
from bot.ui.texts.models import prices
from bot.ui.views.failures import tell_failure

if TYPE_CHECKING:
    import random

    from bot.services import Services

log = logging.getLogger(__name__)

REGISTRATION_PATIENCE_S = 5.0  # a start waits so long for the commands; mentions work without them
LONGEST_WAIT_S = 30.0  # for longer rate limits discord.py raises at once; it allows no less
EXTENSIONS = (
    "cogs.budget",
    "cogs.chat",
    "cogs.help",
    "cogs.history",
    "cogs.mentions",
    "cogs.models",
    "cogs.settings",
    "cogs.status",
    "cogs.privacy",
    "cogs.prompts",
    "cogs.sync",
    "cogs.usage",
)


class ChatBot(commands.AutoShardedBot):
    """discord.py's bot with narrow intents, no pings, and commands that are registered when they change."""

    def __init__(self, services: Services, *, message_content: bool, rng: random.Random, shards: Shards) -> None:
        """`rng` spreads reconnections in time."""
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
        intents = discord.Intents.default()
        intents.message_content = message_content
        self.requests = DiscordRequests(services.clock, admit=services.scheduler.admit, on_busy=self._watch)
        trace = RateLimitTrace(services.scheduler, self.requests)
        super().__init__(
            command_prefix=commands.when_mentioned,  # unused: every command is a slash command
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,  # nothing here looks messages up in discord.py's cache
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=trace.config,
            max_ratelimit_timeout=LONGEST_WAIT_S,
            proxy=proxy_for(discord.http.Route.BASE),
            shard_count=shards.count,
            shard_ids=list(shards.ids) or None,  # type: ignore[arg-type] # the documentation says None
        )
        self.services = services
        self.own_deletions = OwnDeletions(trace.config, services.clock)
        self.arrivals = Arrivals()
        self.recent = RecentMessages()
        self.notices = Notices(services.scheduler, services.clock, rng)
        self._events = EventGuard(self)
        self._http_state = HTTPState(self.http)
        self.watchdog = Watchdog(self.requests, self._http_state, services.clock)
        self._watching = Background("the watchdog over Discord's answers", self.watchdog.run, services.clock)
        self._rng = rng
        self.shards_here = shards
        turns = IdentifyTurns(
            services.clock, services.conversation.leases.take_turn if shards.are_shared else None
        )
        self.gateway = Gateway(self, services.clock, rng, turn=turns.wait)
        self._told_start = False
        self._registration: CommandRegistration | None = None
        self.tree.on_error = tell_failure  # type: ignore[method-assign] # the documented way

    async def start(self, token: str, *, reconnect: bool = True) -> None:  # noqa: ARG002 - it always reconnects
        """Run until closed, through whatever passes by itself; raises `NeedsPersonError` for the rest."""
        clock, rng = self.services.clock, self._rng
        await log_in(self, token, clock=clock, rng=rng)
        count = self.shards_here.count or await recommended_shards(self, clock=clock, rng=rng)
        shard_ids = self.shards_here.ids or tuple(range(count))
        self.shard_count = self._connection.shard_count = count
        self._connection.shard_ids = list(shard_ids)
        if count > 1:
            log.info("shards %s of %d", ", ".join(map(str, shard_ids)), count)
        await self.gateway.run(shard_ids)

    @property
    def latency(self) -> float:
        """Of Discord's gateway, in seconds."""
        return self.gateway.latency_s

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Turns are taken before a connection is opened: see `Gateway`."""

    async def setup_hook(self) -> None:
        """Load everything before the gateway connects; a broken extension ends the start-up."""
        self._http_state.limit_waits()
        self.add_dynamic_items(ReplyButton)
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        self._registration = CommandRegistration(self.tree, self.services.clock)
        await self._registration.begin(patience_s=REGISTRATION_PATIENCE_S)

    async def register_again(self) -> int | None:
        """Send the commands to Discord, whatever it has; how many there are, None where it refused."""
        return await self._registration.again() if self._registration is not None else None

    async def close(self) -> None:
        if self._registration is not None:
            await self._registration.aclose()
        await self._watching.aclose()
        await self.requests.aclose()
        await self.gateway.close()
        await super().close()

    def _watch(self) -> None:
        self._watching.start()

    def channel_target(self, channel_id: int, *, answer_to: int | None = None) -> ChannelTarget:
        """Show a reply in a channel, as an answer to a message if there is one."""
        channel = self.get_partial_messageable(channel_id)
        return ChannelTarget(channel, requests=self.requests, answer_to=answer_to)

    def interaction_target(self, interaction: discord.Interaction[Any], *, private: bool) -> InteractionTarget:
        """Show a reply as the answer to an interaction that was deferred."""
        assert interaction.channel_id is not None  # noqa: S101 - Discord: every command comes from a channel
        channel = self.channel_target(interaction.channel_id)
        return InteractionTarget(interaction, private=private, clock=self.services.clock, channel=channel)

    async def on_message(self, message: discord.Message, /) -> None:
        """Messages are questions, which `cogs.mentions` answers, never text commands."""

    async def on_ready(self) -> None:
        log.info("ready as %s (%s) in %d servers", self.user, self.application_id, len(self.guilds))
        if not self._told_start:
            self._told_start = True
            self._tell_start()

    def _tell_start(self) -> None:
        """What else holds, and where to look; once, as `ready` comes after each new session."""
        models = self.services.settings.models
        info = self.services.model.catalog.get(models.default)
        cost = prices(info) if info else "not on the provider's list yet"
        log.info("model: %s of %s, %s", models.default, self.services.model.provider, cost)
        assert self.application_id is not None  # noqa: S101 - known since the login
        link = discord.utils.oauth_url(self.application_id, permissions=INVITED_WITH, scopes=INVITED_SCOPES)
        log.info("invite me: %s", link)
        log.info("something wrong? /doctor in Discord, python -m bot check here")

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - discord.py's
        """A full disk or a failure of Discord isn't a bug: it takes one line of log, not a page."""
        error = sys.exc_info()[1]
        if isinstance(error, HeadwaterError):
            log.warning("%s wasn't handled: %s", event_method, error)
        elif isinstance(error, DISCORD_FAILURES):
            log.warning("%s wasn't handled: %s", event_method, reason(error))
        else:
            await super().on_error(event_method, *args, **kwargs)
