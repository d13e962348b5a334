"""Transcribing at the test OpenRouter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.clock import SystemClock
from bot.core.errors import ModelError
from bot.core.model_ids import Provider
from bot.core.records import Attachment, AttachmentKind
from bot.llm.config import ProviderConfig
from bot.llm.provider.api import ProviderApi
from bot.llm.provider.session import open_session
from bot.llm.provider.transcriptions import OpenRouterTranscriptions
from playground.openrouter import OpenRouter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MODEL = "openai/whisper-1"


def recording(media_type: str = "audio/ogg", size: int = 40_000) -> Attachment:
    return Attachment(name="secret.txt", kind=AttachmentKind.AUDIO, data=bytes(size), media_type=media_type)


@pytest.fixture
async def router() -> AsyncIterator[OpenRouter]:
    router = OpenRouter()
    await router.start()
    yield router
    await router.close()


async def transcribed(router: OpenRouter, sound: Attachment, model: str = MODEL) -> tuple[str, int | None]:
    provider = ProviderConfig(kind=Provider.OPENROUTER, api_base=router.base_url, api_key=router.key)
    async with open_session(provider) as session:
        transcriptions = OpenRouterTranscriptions(ProviderApi(session, provider, SystemClock()), model)
        transcript = await transcriptions.transcribe(sound)
    return transcript.text, transcript.usage.cost_nano_usd


async def test_a_recording_becomes_text_at_the_price_that_the_provider_tells(router: OpenRouter):
    """What is sent is what was recorded, under a name that tells its format and nothing else."""
    router.transcribe = lambda sound: f"{len(sound.data)} bytes"
    assert await transcribed(router, recording(size=2_000_000)) == ("2000000 bytes", 50_000_000)
    [sent] = router.transcriptions
    assert (sent.model, sent.name) == (MODEL, "recording.ogg")


async def test_what_is_set_aside_is_more_than_it_costs(router: OpenRouter):
    """The price before the call is a bound of what usual models take."""
    provider = ProviderConfig(kind=Provider.OPENROUTER, api_base=router.base_url, api_key=router.key)
    async with open_session(provider) as session:
        transcriptions = OpenRouterTranscriptions(ProviderApi(session, provider, SystemClock()), MODEL)
        _, cost = await transcribed(router, recording(size=4_000 * 60))
        assert transcriptions.price(60.0) > cost


@pytest.mark.parametrize(("media_type", "model"), [("audio/aiff", MODEL), ("audio/ogg", "openai/no-such-model")])
async def test_what_cannot_be_transcribed_fails_as_a_model_does(router: OpenRouter, media_type: str, model: str):
    """A format that no provider takes isn't sent at all."""
    with pytest.raises(ModelError):
        await transcribed(router, recording(media_type), model)
    assert not router.transcriptions
