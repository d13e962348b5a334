"""The state of the provider's key: what is left on it, and when a rejected key works again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.background import Background
from bot.core.errors import AuthenticationError, ModelError, PaymentError
from bot.core.model_ids import Provider
from bot.llm.documents import mapping, number
from bot.llm.provider.api import LIST_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.ports import Clock
    from bot.llm.admission.admission import Admission
    from bot.llm.provider.api import ProviderApi

log = logging.getLogger(__name__)

PROBE_S, PROBE_CAP_S = 30.0, 1800.0  # before a rejected key is tried again: at first, at most
# OpenRouter's limits on free models per UTC day, without and with credits ever bought; `/key` has the exact ones.
FREE_A_DAY, FREE_A_DAY_WITH_CREDITS = 50, 1000
GET_KEY = "Copy one from https://openrouter.ai/settings/keys to OPENROUTER_API_KEY, or run `python -m bot setup`."
MOST_A_DAY = 1_000_000_000  # requests; what claims more is nonsense


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """What OpenRouter says about the key. Money is in dollars; None if there is no limit, or it doesn't say."""

    limit: float | None = None
    limit_remaining: float | None = None
    free_per_day: int | None = None
    free_used: int | None = None

    @property
    def exhausted(self) -> bool:
        return self.limit_remaining is not None and self.limit_remaining <= 0


class Key:
    """Watches the key for admission; asks nothing while the key works."""

    def __init__(self, api: ProviderApi, kind: Provider, admission: Admission, clock: Clock) -> None:
        self.status: KeyStatus | None = None
        self._api = api
        # Other providers have no path for the key, so their list of models is read.
        self._path = "key" if kind is Provider.OPENROUTER else "models"
        self._admission = admission
        self._clock = clock
        self._looked = kind is not Provider.OPENROUTER  # other providers don't say what is left
        self._unpaid: ModelError | None = None  # from a completion; the key hasn't been checked since
        self._called = asyncio.Event()
        self._watch = Background("the watch over the key", self._run, clock)

    def start(self) -> None:
        """Find out in the background what is left."""
        self._watch.start()

    async def aclose(self) -> None:
        await self._watch.aclose()

    def rejected(self, error: ModelError) -> None:
        """A completion got 401, or hit the key's own limit: refuse everybody until the key works again."""
        if self._admission.key_error is None:
            self._close(error)
            self._called.set()

    def unpaid(self, error: ModelError) -> None:
        """A completion got 402: if nothing is left on the key, no model can answer."""
        if self._admission.key_error is None:
            self._unpaid = error
            self._called.set()

    async def fetch(self) -> KeyStatus:
        """Ask the provider.

        Raises:
            ModelError: the key is rejected, or the provider can't be asked.
        """
        document = await self._api.fetch(self._path, limit_bytes=LIST_BYTES)
        status = _read(document) if self._path == "key" else KeyStatus()
        self.status = status
        if status.free_per_day is not None:
            self._admission.learn_free_quota(per_day=status.free_per_day, used=status.free_used or 0)
        return status

    async def _run(self) -> None:
        """Do what is due. What a run leaves undone stays in the attributes, for the next run."""
        while True:
            if not self._looked:
                self._looked = True
                await self._first_look()
            if self._admission.key_error is not None:
                await self._probe()
            elif self._unpaid is not None:
                error, self._unpaid = self._unpaid, None
                await self._look_for_credit(error)
            else:
                self._called.clear()
                await self._called.wait()

    async def _first_look(self) -> None:
        try:
            status = await self.fetch()
        except AuthenticationError as error:
            log.error("OpenRouter rejects the key (%s). %s", error.detail, GET_KEY)  # noqa: TRY400 - no trace needed
        except ModelError as error:
            log.warning("what is left on the key is unknown: %s", error.detail)
        else:
            left = "no limit of its own" if status.limit is None else f"${status.limit_remaining} left"
            log.info("the key works, with %s", left)

    async def _look_for_credit(self, error: ModelError) -> None:
        try:
            status = await self.fetch()
        except ModelError:
            return
        if status.exhausted:
            self._close(error)

    def _close(self, error: ModelError) -> None:
        log.error("the provider refuses the key; no model is called until it works again: %s", error.detail)
        self._admission.refuse_all(error)

    async def _probe(self) -> None:
        """Check less and less often whether the key works again, until it does."""
        pause = PROBE_S
        while True:
            await self._clock.sleep(pause)
            pause = min(PROBE_CAP_S, 2 * pause)
            try:
                works = not (await self.fetch()).exhausted
            except (AuthenticationError, PaymentError):
                works = False
            except ModelError as failure:
                # A server without this path can't say; the next question will.
                works = failure.status is not None and not failure.retryable
            if works:
                log.info("the key works again")
                self._unpaid = None
                self._admission.reopen()
                return


def _read(document: Mapping[str, object]) -> KeyStatus:
    data = mapping(document.get("data"))
    daily = mapping(data.get("free_model_daily_requests"))
    guess = FREE_A_DAY if data.get("is_free_tier") else FREE_A_DAY_WITH_CREDITS
    return KeyStatus(
        limit=number(data.get("limit")),
        limit_remaining=number(data.get("limit_remaining")),
        free_per_day=_count(daily.get("limit"), guess),
        free_used=_count(daily.get("used"), 0),
    )


def _count(value: object, unknown: int) -> int:
    count = number(value)
    return int(count) if count is not None and 0 <= count <= MOST_A_DAY else unknown
