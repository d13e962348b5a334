"""The key's standing with the provider: what is left on it, and when a rejected one works again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.background import Background
from bot.core.errors import AuthenticationError, ModelError, PaymentError
from bot.core.model_ids import Provider
from bot.llm.documents import mapping, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.ports import Clock
    from bot.llm.admission.admission import Admission
    from bot.llm.provider.api import ProviderApi

log = logging.getLogger(__name__)

PROBE_S, PROBE_CAP_S = 30.0, 1800.0  # until a key that was rejected is tried again: at first, at most
LIST_BYTES = 16 * 2**20  # providers without a path for the key are asked for their list of models
# OpenRouter's limits a UTC day on free models, by whether credits were ever bought; `/key` gives the exact ones.
FREE_A_DAY, FREE_A_DAY_WITH_CREDITS = 50, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """What OpenRouter says of the key. Money is in dollars; None where there is no limit or no word of it."""

    limit: float | None = None
    limit_remaining: float | None = None
    usage: float | None = None
    free_per_day: int | None = None
    free_used: int | None = None

    @property
    def exhausted(self) -> bool:
        return self.limit_remaining is not None and self.limit_remaining <= 0


class Key:
    """Watches over the key on behalf of admission; asks nothing while all goes well."""

    def __init__(self, api: ProviderApi, kind: Provider, admission: Admission, clock: Clock) -> None:
        self.status: KeyStatus | None = None
        self._api = api
        self._path = "key" if kind is Provider.OPENROUTER else "models"
        self._admission = admission
        self._clock = clock
        self._looked = kind is not Provider.OPENROUTER  # nobody else says what is left
        self._unpaid: ModelError | None = None  # a completion met it, and the key has not been asked since
        self._called = asyncio.Event()
        self._watch = Background("the watch over the key", self._run, clock)

    def start(self) -> None:
        """Learn what is left, in the background."""
        self._watch.start()

    async def aclose(self) -> None:
        await self._watch.aclose()

    def rejected(self, error: ModelError) -> None:
        """A completion met 401, or the key's own limit: turn everybody away until the key works again."""
        if self._admission.key_error is None:
            self._close(error)
            self._called.set()

    def unpaid(self, error: ModelError) -> None:
        """A completion met 402: where the key says that nothing is left, it is not only that model."""
        if self._admission.key_error is None:
            self._unpaid = error
            self._called.set()

    async def fetch(self) -> KeyStatus:
        """Ask the provider.

        Raises:
            ModelError: the key is rejected, or the provider cannot be asked.
        """
        document = await self._api.fetch(self._path, limit_bytes=LIST_BYTES)
        status = _read(document) if self._path == "key" else KeyStatus()
        self.status = status
        if status.free_per_day is not None:
            self._admission.learn_free_quota(per_day=status.free_per_day, used=status.free_used or 0)
        return status

    async def _run(self) -> None:
        """See to whatever is due; what a run leaves undone is in the attributes, for the next one."""
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
            log.error("the provider rejects the key: %s", error.detail)  # noqa: TRY400 - the trace says nothing
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
        """Ask ever more rarely whether the key works again, until it does."""
        pause = PROBE_S
        while True:
            await self._clock.sleep(pause)
            pause = min(PROBE_CAP_S, 2 * pause)
            try:
                works = not (await self.fetch()).exhausted
            except (AuthenticationError, PaymentError):
                works = False
            except ModelError as failure:
                # A server without such a path cannot say; the next question will tell.
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
        usage=number(data.get("usage")),
        free_per_day=max(0, int(number(daily.get("limit")) or guess)),
        free_used=max(0, int(number(daily.get("used")) or 0)),
    )
