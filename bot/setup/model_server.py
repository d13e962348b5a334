"""What the provider of models says before there's a bot: the key's standing, its models, a key for a code."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bot.core.clock import SystemClock
from bot.core.errors import ModelError
from bot.core.model_ids import Provider
from bot.llm.config import ProviderConfig
from bot.llm.documents import mapping, number
from bot.llm.provider.api import LIST_BYTES, ProviderApi
from bot.llm.provider.models import read_models
from bot.llm.provider.session import TITLE, open_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.core.records import ModelInfo

OLLAMA_HERE = "http://localhost:11434"
LOOK_S = 2.0  # for a server on this computer
CHOICES = 5
CHEAP_NANO = 1_000, 5_000  # nano-dollars a prompt token and an answer's: one and five dollars a million
SMALLEST_CONTEXT = 32_000
# By name alone it shows what isn't for talking.
SPECIAL = re.compile(r"audio|image|guard|embed|search|code|vision|tts|transcribe|preview|exp\b|base\b")
AUTHORS = ("openai", "google", "anthropic", "deepseek", "mistralai", "qwen", "meta-llama", "x-ai")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """OpenRouter's sign-in without a key to copy: a page that shows a code, good once and only with the verifier.

    RFC 7636 (PKCE), as https://openrouter.ai/docs/guides/overview/auth/oauth has it.
    """

    verifier: str
    base: str

    @classmethod
    def begin(cls, base: str) -> SignIn:
        return cls(verifier=secrets.token_urlsafe(48), base=base)

    @property
    def link(self) -> str:
        """The page to open; OpenRouter's own, or that of the server at the base."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        query = {"code_challenge": challenge, "code_challenge_method": "S256", "key_label": TITLE}
        return f"{self.base.removesuffix('/api/v1')}/auth?{urlencode(query)}"

    async def key_for(self, code: str) -> str:
        """The key that the code is good for. Raises `ModelError`."""
        body = {"code": code, "code_verifier": self.verifier, "code_challenge_method": "S256"}
        async with _api(ProviderConfig(kind=Provider.OPENROUTER, api_base=self.base)) as api:
            key = (await api.send_json("auth/keys", body)).get("key")
        if not isinstance(key, str) or not key:
            raise ModelError(detail="an answer without a key")
        return key


async def standing(config: ProviderConfig) -> float | None:
    """The dollars left on OpenRouter's key, None where it has no limit. Raises `ModelError`."""
    async with _api(config) as api:
        return number(mapping((await api.fetch("key")).get("data")).get("limit_remaining"))


async def models_of(config: ProviderConfig) -> Sequence[ModelInfo]:
    """The models that the provider offers. Raises `ModelError`."""
    async with _api(config) as api:
        document = await api.fetch("models", limit_bytes=LIST_BYTES)
    return await asyncio.to_thread(read_models, document, config.kind)


async def found_ollama(address: str) -> Sequence[ModelInfo] | None:
    """The models of an Ollama at an address; None where there is no Ollama."""
    config = ProviderConfig(kind=Provider.OLLAMA, api_base=address)
    try:
        async with asyncio.timeout(LOOK_S), _api(config) as api:
            return read_models(await api.fetch("models", limit_bytes=LIST_BYTES), Provider.OLLAMA)
    except (ModelError, TimeoutError):
        return None


def sensible(models: Sequence[ModelInfo], default: str) -> list[ModelInfo]:
    """Five to choose from: the default, then the newest cheap general model of each well-known author.

    OpenRouter's list has the newest first. Where nothing fits, these are the first of the list.
    """
    chosen = [model for model in models if model.id == default]
    fitting = [model for model in models if _fits(model)]
    for author in AUTHORS:
        chosen += [model for model in fitting if model.id.startswith(f"{author}/") and model not in chosen][:1]
    chosen += [model for model in (*fitting, *models) if model not in chosen]
    return chosen[:CHOICES]


def _fits(model: ModelInfo) -> bool:
    if model.prompt_price is None or model.completion_price is None or ":" in model.id:
        return False
    cheap = 0 < model.prompt_price <= CHEAP_NANO[0] and model.completion_price <= CHEAP_NANO[1]
    return cheap and model.context_length >= SMALLEST_CONTEXT and not SPECIAL.search(model.id)


@asynccontextmanager
async def _api(config: ProviderConfig) -> AsyncIterator[ProviderApi]:
    async with open_session(config) as session:
        yield ProviderApi(session, config, SystemClock())
