"""What only the bot's owner can do about a failure, told in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.core import errors

if TYPE_CHECKING:
    from bot.core.errors import ModelError
    from bot.core.ports import Clock

log = logging.getLogger(__name__)

AGAIN_S = 3600.0  # until the same advice is given again
KEPT = 1000
# The first that fits counts, so the special come before the general.
ADVICE: tuple[tuple[type[ModelError], str], ...] = (
    (errors.AuthenticationError, "check the provider's API key in the settings"),
    (errors.KeyLimitError, "raise the key's limit: https://openrouter.ai/settings/keys"),
    (errors.PaymentError, "add credits with the provider, such as https://openrouter.ai/settings/credits"),
    (
        errors.DataPolicyError,
        "set DATA_COLLECTION=allow, change https://openrouter.ai/settings/privacy, or choose another model",
    ),
    (errors.ProviderQuotaError, "another model or a key of your own with that provider has limits of its own"),
    (errors.PermissionDeniedError, "check with the provider which models the key may use, and from where"),
    (errors.ModelNotFoundError, "choose another model: MODEL, FALLBACK_MODELS, or /model set"),
)


class OwnerAdvice:
    """Logs each piece of advice once an hour for each model, so that a busy bot doesn't fill its log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[tuple[str, str], float] = {}

    def about(self, failure: ModelError) -> None:
        """Log what the owner can do about a failure, if there is something."""
        advice = next((advice for kind, advice in ADVICE if isinstance(failure, kind)), None)
        now, key = self._clock.monotonic(), (type(failure).__name__, failure.model)
        if advice is None or now < self._given.get(key, -AGAIN_S) + AGAIN_S:
            return
        if len(self._given) >= KEPT:
            self._given.clear()
        self._given[key] = now
        log.warning("%s: %s (%s); %s", failure.model, key[0], failure.detail, advice)
