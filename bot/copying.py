"""`python -m bot copy FROM_URL TO_URL`: moves everything to another database, and shows how far it is."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError
from tqdm import tqdm

from bot.config.fields import DatabaseUrl
from bot.core.errors import StorageError
from bot.storage.engine.opening import database_name, open_url
from bot.storage.transfer.copying import copy

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("bot")

FORMS = "sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name"


async def copy_urls(source_url: str, target_url: str) -> int:
    """Copy a database to another; returns the exit code."""
    for url in (source_url, target_url):
        try:
            TypeAdapter(DatabaseUrl).validate_python(url)
        except ValidationError:
            log.critical("An address isn't one of a database. Give two, each as %s.", FORMS)
            return 1
    names = database_name(source_url), database_name(target_url)
    if names[0] == names[1]:
        log.critical("%s can't be copied to itself.", names[0])
        return 1
    try:
        counts = await _copy(source_url, target_url)
    except StorageError as error:
        log.critical(
            "%s isn't copied to %s: %s. An unfinished copy goes on when you run the command again.",
            *names,
            error.reason,
        )
        return 1
    log.info("copied %d rows of %d tables; counts and sums are the same", sum(counts.values()), len(counts))
    log.info("set DATABASE_URL to the new address, and start the bot")
    return 0


async def _copy(source_url: str, target_url: str) -> dict[str, int]:
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(open_url(source_url))
        target = await stack.enter_async_context(open_url(target_url))
        await stack.enter_async_context(target.alone())
        bar = stack.enter_context(closing(tqdm(unit=" rows", dynamic_ncols=True)))
        return await copy(source, target, _shown_on(bar))


def _shown_on(bar: tqdm[None]) -> Callable[[str, int, int], None]:
    def progress(table: str, done: int, total: int) -> None:
        if bar.desc != f"{table}: ":
            bar.set_description(table, refresh=False)
        bar.total, bar.n = total, done
        bar.refresh()

    return progress
