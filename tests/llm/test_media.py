"""What comes with a message reaches the provider byte for byte, and never holds up the event loop."""

from __future__ import annotations

import asyncio
import random
import time
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from bot.core.model_ids import Provider
from bot.core.records import Attachment, AttachmentKind, Message, ModelInfo, Role
from bot.llm.media import SLICE_BYTES, Media
from tests.llm.conftest import ask_for, flat, opened, quick_config

if TYPE_CHECKING:
    from playground.openrouter import OpenRouter
    from tests.llm.conftest import Bench


def picture(size: int = 1000, name: str = "a.png") -> Attachment:
    data = random.Random(size).randbytes(size)
    return Attachment(name=name, kind=AttachmentKind.PICTURE, data=data, media_type="image/png")


def asked(*attachments: Attachment, text: str = "Ann: what's this?") -> tuple[Message, ...]:
    return (Message(Role.USER, text, attachments),)


def decoded(url: str) -> bytes:
    return b64decode(url.partition(";base64,")[2], validate=True)


async def test_pictures_arrive_as_they_were_sent(bench: Bench):
    """Text first, then each picture in its order, whatever its length leaves over in base64."""
    sent = [picture(size) for size in (1, 2, 3, SLICE_BYTES - 1, SLICE_BYTES, 3 * SLICE_BYTES + 1)]
    bench.play(flat())
    await bench.ask(ask_for(messages=asked(*sent)))
    text, *parts = bench.server.calls[0].messages[-1]["content"]
    assert text == {"type": "text", "text": "Ann: what's this?"}
    assert [part["type"] for part in parts] == ["image_url"] * len(sent)
    assert [decoded(part["image_url"]["url"]) for part in parts] == [each.data for each in sent]


async def test_ten_large_pictures_leave_the_event_loop_free():
    """Eighty megabytes are encoded in slices."""
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            begun = time.thread_time()  # not the clock's: others use this machine, too
            await asyncio.sleep(0)
            worst = max(worst, time.thread_time() - begun)

    media = Media()
    content = str(media.content("x", [picture(8_000_000)] * 10)).encode()
    watching = asyncio.create_task(watch())
    total = 0
    async for piece in media.body(content):
        total += len(piece)
    watching.cancel()
    assert total == media.size(content) > 10 * 8_000_000 * 4 / 3
    assert worst < 0.05


def test_sound_and_documents_are_sent_in_their_own_forms():
    """Sound is bare base64 with its format; a document has its name; nothing is an address."""
    sound = Attachment(name="v.ogg", kind=AttachmentKind.AUDIO, data=b"OggS", media_type="audio/ogg; codecs=opus")
    document = Attachment(name="s.pdf", kind=AttachmentKind.DOCUMENT, data=b"%PDF-", media_type="application/pdf")
    media = Media()
    _, heard, read = media.content("x", [sound, document])  # type: ignore[misc] # it's a list of three here
    assert heard["input_audio"]["format"] == "ogg"
    assert ":" not in heard["input_audio"]["data"]
    assert read["file"]["filename"] == "s.pdf"
    assert read["file"]["file_data"].startswith("data:application/pdf;base64,")


async def test_who_reads_a_document_is_always_named(bench: Bench):
    """Else OpenRouter would choose the reader that costs most; models that read documents do it themselves."""
    document = Attachment(name="s.pdf", kind=AttachmentKind.DOCUMENT, data=b"%PDF-", media_type="application/pdf")
    bench.play(flat())
    await bench.ask(ask_for(messages=asked(document)))
    await bench.ask()
    plugins = [
        [plugin for plugin in call.body["plugins"] if plugin["id"] == "file-parser"] for call in bench.server.calls
    ]
    assert plugins == [[{"id": "file-parser", "pdf": {"engine": "mistral-ocr"}}], []]


def test_a_model_that_cannot_see_is_told_what_it_misses():
    """A picture from before the model was changed doesn't make its every answer fail."""
    blind = ModelInfo(id="a/b", name="B", context_length=1)
    content = Media(blind).content("Ann: and this?", [picture(name="shot.png")])
    assert content == "Ann: and this?\n(shot.png: a picture that you can't read.)"


async def test_nobody_can_write_what_stands_for_a_picture(bench: Bench):
    """Text that looks like a mark stays text."""
    text = "Ann: media-0." + "media-" + "0" * 32 + "-0."
    bench.play(flat())
    await bench.ask(ask_for(messages=asked(picture(), text=text)))
    assert bench.server.calls[0].messages[-1]["content"][0]["text"] == text


async def test_pictures_of_turns_that_are_joined_stay_with_them(bench: Bench):
    """Two questions in a row are one message to the model, with the pictures of both."""
    first, second = picture(10), picture(20)
    messages = (*asked(first, text="Ann: one"), *asked(second, text="Bob: two"))
    bench.play(flat())
    await bench.ask(ask_for(messages=messages))
    text, *parts = bench.server.calls[0].messages[-1]["content"]
    assert text["text"] == "Ann: one\n\nBob: two"
    assert [decoded(part["image_url"]["url"]) for part in parts] == [first.data, second.data]


async def test_other_providers_get_pictures_as_well(server: OpenRouter):
    """A server of OpenAI's protocol gets the same parts."""
    config = quick_config(server.base_url, server.key, kind=Provider.OPENAI)
    async with opened(server, config) as bench:
        bench.play(flat())
        sent = picture()
        await bench.ask(ask_for(messages=asked(sent)))
        parts: list[dict[str, Any]] = server.calls[0].messages[-1]["content"]
        assert decoded(parts[1]["image_url"]["url"]) == sent.data


async def test_sound_and_documents_arrive_as_they_were_sent(bench: Bench):
    """By way of litellm, which rewrites some parts; the model reads the document itself."""
    sound = Attachment(name="v.ogg", kind=AttachmentKind.AUDIO, data=b"OggS" * 99, media_type="audio/ogg")
    document = Attachment(
        name="s.pdf", kind=AttachmentKind.DOCUMENT, data=b"%PDF-" * 99, media_type="application/pdf"
    )
    while bench.catalog.get("google/gemini-2.5-flash") is None:  # noqa: ASYNC110 - the catalog has no event
        await asyncio.sleep(0.01)
    bench.play(flat())
    await bench.ask(ask_for(model="google/gemini-2.5-flash", messages=asked(sound, document)))
    call = bench.server.calls[0]
    _, heard, read = call.messages[-1]["content"]
    assert heard["type"] == "input_audio"
    assert b64decode(heard["input_audio"]["data"], validate=True) == sound.data
    assert heard["input_audio"]["format"] == "ogg"
    assert read["file"]["filename"] == "s.pdf"
    assert decoded(read["file"]["file_data"]) == document.data
    assert {"id": "file-parser", "pdf": {"engine": "native"}} in call.body["plugins"]
