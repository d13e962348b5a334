"""The program: settings, logs, resources in the order they are needed (`bot.app`), and the bot.

`python -m bot` runs the bot; `python -m bot --help` names the other things it can do.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import random
import signal
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import yarl

from bot import __version__
from bot.app import client_config, credit_left, open_bot, supervised
from bot.config.reading import SettingsError, load_settings, misspelled
from bot.connection import NeedsPersonError
from bot.conversation.upkeep.erasure import RetentionSweeper
from bot.core.clock import SystemClock
from bot.core.errors import StorageError
from bot.core.telemetry.meter import UNMETERED
from bot.doctor import NoCache, discord_findings, model_findings, report
from bot.llm.client import open_client
from bot.logs import set_up_logging
from bot.monitoring.health import health_checks, serve_health
from bot.monitoring.hearing import hearing_of
from bot.monitoring.metrics import PrometheusMeter, gauges, measure_lag
from bot.settings.resolver import guild_scope
from bot.setup.answers import add_flags
from bot.setup.importing import command as importing_command
from bot.storage.engine.backup import copy_database
from bot.storage.engine.opening import database_name, open_url
from bot.storage.health import examine
from bot.storage.settings import SqliteSettings
from bot.ui.targets.failures import plain_failures
from bot.ui.texts.findings import Verdict, database_finding, key_finding
from bot.ui.texts.terminal import importing as import_texts
from bot.ui.texts.terminal import setup as setup_texts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from bot.client import ChatBot
    from bot.config.settings import Settings
    from bot.core.telemetry.meter import Meter


log = logging.getLogger("bot")

ENV_FILE = Path(".env")
EX_CONFIG = 78  # sysexits.h: something in the configuration; init systems know not to try again
GRACE_S = 4.0  # Docker and systemd kill ten seconds after they ask; running replies get this long, twice


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    arguments = parse(argv)
    if arguments.run in {run_setup, run_import}:  # before there are settings
        return int(arguments.run(arguments))
    try:
        offline = arguments.run in {run_backup, run_copy, run_migrate}
        settings = load_settings(os.environ, ENV_FILE, offline=offline)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before there are logs
        return EX_CONFIG
    # A check reports what libraries would warn about itself.
    set_up_logging(settings, libraries=logging.CRITICAL if arguments.run is run_check else logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(plain_failures)
    for setting, name in misspelled(os.environ, ENV_FILE).items():
        log.warning("%s isn't a setting and is ignored. Did you mean %s?", name, setting)
    try:
        code: int = asyncio.run(arguments.run(settings, arguments))
    except KeyboardInterrupt:  # where the platform has no signal handlers
        return 0
    except StorageError as error:
        name = database_name(settings.database_url)
        log.critical("the database %s can't be used: %s. Check DATABASE_URL.", name, error.reason)
        return EX_CONFIG
    return code


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line: `run` is the function of the command that was typed."""
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="A Discord bot that streams answers of language models. .env.example explains its settings.",
    )
    parser.add_argument("--version", action="version", version=f"Headwater {__version__}")
    parser.set_defaults(run=run_bot)
    commands = parser.add_subparsers(title="commands (without one, the bot runs)")
    setup = commands.add_parser("setup", help=setup_texts.HELP, description=setup_texts.ABOUT)
    add_flags(setup)
    setup.set_defaults(run=run_setup)
    importing = commands.add_parser("import", help=import_texts.HELP, description=import_texts.ABOUT)
    importing_command.add_flags(importing)
    importing.set_defaults(run=run_import)
    backup = commands.add_parser("backup", help="copy the database to FILE, even while the bot is running")
    backup.add_argument("file", metavar="FILE", type=Path)
    backup.add_argument("--force", action="store_true", help="replace an older backup of that name")
    backup.set_defaults(run=run_backup)
    copying = commands.add_parser(
        "copy", help="copy everything from one database to another, such as from SQLite to PostgreSQL"
    )
    copying.add_argument("source", metavar="FROM_URL", help="as DATABASE_URL names it; no bot should run on it")
    copying.add_argument("target", metavar="TO_URL", help="an empty database, or one with an unfinished copy")
    copying.set_defaults(run=run_copy)
    check = commands.add_parser("check", help="check everything the bot needs, and say how to fix what is wrong")
    check.set_defaults(run=run_check)
    migrate = commands.add_parser(
        "migrate", help="update the database to this version, as every start of the bot does"
    )
    migrate.set_defaults(run=run_migrate)
    return parser.parse_args(argv)


def run_setup(arguments: argparse.Namespace) -> int:
    """Set the bot up; then start it, if that's wanted."""
    from bot.setup.command import run  # noqa: PLC0415 - what asks at a terminal isn't loaded for a run

    def check() -> Awaitable[int]:
        return run_check(load_settings(os.environ, ENV_FILE), arguments)

    code = run(arguments, ENV_FILE, check=check, connect=use_endpoints)
    return main([]) if code is None else code


def run_import(arguments: argparse.Namespace) -> int:
    """Take over another bot's settings."""

    async def store(guild_id: int, settings: Mapping[str, str]) -> None:
        url, now = load_settings(os.environ, ENV_FILE, offline=True).database_url, int(SystemClock().time())
        async with open_url(url) as database:
            for key, value in settings.items():
                await SqliteSettings(database).set(guild_scope(guild_id), key, value, by=0, now=now)

    return importing_command.run(arguments, ENV_FILE, store=store)


async def run_backup(settings: Settings, arguments: argparse.Namespace) -> int:
    if settings.database_path is None:
        log.critical("`backup` copies a SQLite file. Back up a PostgreSQL server with pg_dump, or use `copy`.")
        return 1
    try:
        await asyncio.to_thread(copy_database, settings.database_path, arguments.file, force=arguments.force)
    except StorageError as error:
        log.critical("the backup of %s to %s failed: %s", settings.database_path, arguments.file, error.reason)
        return 1
    log.info("copied the database to %s", arguments.file)
    return 0


async def run_copy(_settings: Settings, arguments: argparse.Namespace) -> int:
    """Copy a database; 1 when it couldn't be done, and running it again goes on from there."""
    from bot.copying import copy_urls  # noqa: PLC0415 - a run doesn't need it

    return await copy_urls(arguments.source, arguments.target)


async def run_migrate(settings: Settings, _arguments: argparse.Namespace) -> int:
    async with open_url(settings.database_url):
        log.info("the database %s is up to date", database_name(settings.database_url))
    return 0


async def run_check(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Print what is fine and what isn't; 0 when nothing is wrong."""
    use_endpoints(settings.discord_api_base, settings.discord_gateway)
    clock = SystemClock()

    async def examine_database() -> int:
        async with open_url(settings.database_url) as database:
            return await examine(database, now=int(clock.time()))

    token = settings.discord_token.get_secret_value()
    findings = await discord_findings(token, message_content=settings.message_content_intent)
    opened = open_client(client_config(settings), cache=NoCache(), clock=clock, rng=random.Random())  # noqa: S311 - jitter
    async with opened as (llm, catalog):
        findings.append(await key_finding(lambda: credit_left(llm)))
        findings += await model_findings((settings.model, *settings.fallback_models), catalog)
    findings.append(await database_finding(examine_database))
    print(f"Headwater {__version__}", report(findings), sep="\n")  # noqa: T201 - what was asked for
    return 1 if any(finding.verdict is Verdict.FAULT for finding in findings) else 0


async def run_bot(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Open everything, run until a signal or a fatal error, close everything in reverse order."""
    use_endpoints(settings.discord_api_base, settings.discord_gateway, settings.discord_cdn_base)
    announce(settings)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_url(settings.database_url))
        meter: Meter = UNMETERED if settings.port is None else PrometheusMeter()
        bot = await stack.enter_async_context(await open_bot(settings, database, stack, meter=meter))
        supervised(stack, "hearing", hearing_of(bot, meter).run, bot.services.clock)
        supervised(stack, "erasing what is too old", lambda: erase_what_is_due(bot), bot.services.clock)
        stack.push_async_callback(bot.services.conversation.chat.aclose, grace_s=GRACE_S)
        if settings.port is not None and isinstance(meter, PrometheusMeter):
            meter.watch(partial(gauges, bot))
            supervised(stack, "loop lag", partial(measure_lag, bot.services.clock, meter), bot.services.clock)
            await stack.enter_async_context(
                serve_health(health_checks(bot), host=settings.health_host, port=settings.port, metrics=meter.page)
            )
        return await serve(bot, settings.discord_token.get_secret_value())


def announce(settings: Settings) -> None:
    """Say what applies; the servers and the model's price follow when Discord and the provider have told."""
    log.info("Headwater %s, Python %s, discord.py %s", __version__, platform.python_version(), discord.__version__)
    log.info("database: %s", database_name(settings.database_url))
    reads = "all messages" if settings.message_content_intent else "mentions, replies and direct messages only"
    log.info("message content intent: %s, so I read %s", "on" if settings.message_content_intent else "off", reads)
    month = settings.budget_usd_per_month
    ceiling = "no monthly ceiling (BUDGET_USD_PER_MONTH)" if month is None else f"at most ${month} a month"
    streams, person = settings.max_streams, settings.max_streams_per_person
    log.info("limits: %d answers at once, %d of one person; %s", streams, person, ceiling)


async def erase_what_is_due(bot: ChatBot) -> None:
    """Erase what is kept no longer, for as long as the bot runs."""
    services = bot.services
    privacy = services.privacy
    sweeper = RetentionSweeper(privacy.erasure, privacy.retention, services.clock, here=bot.shards_here.has)
    await sweeper.run(lambda: {guild.id for guild in bot.guilds} if bot.is_ready() else None)


def use_endpoints(api_base: str | None, gateway: str | None, cdn: str | None = None) -> None:
    """Point discord.py somewhere else; it has no public setting for these addresses."""
    if api_base:
        discord.http.Route.BASE = api_base
    if gateway:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    if cdn:
        discord.asset.Asset.BASE = cdn.rstrip("/")


async def serve(bot: ChatBot, token: str) -> int:
    """Run the bot until SIGTERM or Ctrl-C; returns the exit code."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows: asyncio.run turns Ctrl-C into a cancellation
            break
    running = asyncio.create_task(bot.start(token), name="discord")
    signalled = asyncio.create_task(stopping.wait(), name="signals")
    try:
        await asyncio.wait({running, signalled}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        log.info("stopping")
    except NeedsPersonError as error:
        log.critical("%s", error)
        return EX_CONFIG
    finally:
        signalled.cancel()
    return 0


if __name__ == "__main__":
    sys.exit(main())
