"""What the model client is told by the owner's settings."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

from bot.core.model_ids import Provider
from bot.llm.admission.limits import AdmissionLimits
from bot.llm.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """Where the models are. `api_base` is as the owner wrote it; `url` makes of it what the paths hang on."""

    kind: Provider
    api_base: str
    api_key: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The base of the OpenAI-style paths; Ollama's are under `/v1`, which people leave out."""
        base = self.api_base.rstrip("/")
        return base if self.kind is not Provider.OLLAMA or base.endswith("/v1") else f"{base}/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The clocks of one answer, in seconds.

    Attributes:
        first_token_s: of silence before the first word or thought. The model counts as dead then.
        gap_s: of silence after it.
        thinking_s: without a word or a thought from a model that shows signs of life: keep-alive comments, or
            thoughts that it hides. It's never shorter than the silence allowed.
        total_s: for the whole answer. With the retries before it this stays within the 15 minutes for which
            Discord lets an answer to a command be edited.
    """

    first_token_s: float = 60.0
    gap_s: float = 60.0
    thinking_s: float = 300.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Everything the model client is told."""

    provider: ProviderConfig
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: AdmissionLimits = field(default_factory=AdmissionLimits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    data_collection: Literal["allow", "deny"] = "deny"  # may a provider keep what is asked?
    transcription_model: str | None = (
        None  # OpenRouter's; None: recordings are sent to models that hear, or nowhere
    )
    configured: tuple[str, ...] = ()  # model ids of the settings, for a word in the log where the list lacks them

    def pseudonym(self, user_id: int) -> str:
        """A stable name for a user that cannot be turned back into the Discord id."""
        secret = b"headwater:" + self.provider.api_key.encode()
        return hmac.new(secret, str(user_id).encode(), hashlib.sha256).hexdigest()[:32]
