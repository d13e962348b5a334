"""Pictures, documents, texts and recordings, read from the test Discord by the real worker."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from bot.attachments.excerpt import Excerpt, share
from bot.core.errors import ModelError
from bot.core.events import Usage
from bot.core.records import AttachmentKind
from tests.attachments import samples
from tests.attachments.conftest import Scribe, Shelf, a_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.records import Attachment, Transcript
    from tests.attachments.conftest import Desk

OGG = b"OggS\0\x02" + bytes(200)


async def seen(desk: Desk, data: bytes, name: str = "a.png") -> tuple[Attachment, Image.Image]:
    """A picture as the model gets it."""
    read = await desk.read((name, data))
    assert not read.notes
    [attachment] = read.attachments
    image = Image.open(io.BytesIO(attachment.data))
    assert (attachment.kind, image.size) == (AttachmentKind.PICTURE, (attachment.width, attachment.height))
    assert attachment.media_type == f"image/{(image.format or '').lower()}"
    return attachment, image


# --- Pictures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
async def test_pictures_of_every_common_kind_become_png_or_jpeg(desk: Desk, kind: str):
    """What the model gets has the same size and colors, in a format that every family reads."""
    attachment, image = await seen(desk, samples.picture(kind), "misnamed.txt")
    assert attachment.media_type in {"image/png", "image/jpeg"}
    red, green, blue = image.convert("RGB").getpixel((320, 240))
    assert (red > 190, green < 45, blue < 45, image.size) == (True, True, True, (640, 480))


async def test_a_phones_photo_is_upright_small_and_anonymous(desk: Desk):
    """It's turned as the camera was held, scaled to what models read, and doesn't tell where it was taken."""
    attachment, image = await seen(desk, samples.photo())
    assert image.size == (1176, 1568)
    assert not image.getexif()
    assert samples.SECRET.encode() not in attachment.data


@pytest.mark.parametrize(
    ("data", "color"),
    [
        (samples.picture(mode="RGBA", color=(0, 0, 0, 0)), (0, 0, 0, 0)),
        (samples.picture(mode="P", color=7), None),
        (samples.picture(mode="1", color=1), 255),
        (samples.picture(mode="I;16", color=65_000), 253),
        (samples.picture("TIFF", mode="CMYK", color=(0, 255, 255, 0)), (254, 0, 0)),
    ],
)
async def test_unusual_colors_stay_what_they_are(desk: Desk, data: bytes, color: Any):
    """Transparent, indexed, one-bit, sixteen-bit and print pictures are shown as their makers see them."""
    _, image = await seen(desk, data)
    if color is not None:
        found = image.getpixel((3, 3))
        pairs = zip(found, color, strict=True) if isinstance(color, tuple) else [(found, color)]
        assert all(abs(one - other) <= 2 for one, other in pairs)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_an_animation_is_its_first_frame_and_says_so(desk: Desk, kind: str):
    """However many frames there are, one is read."""
    attachment, image = await seen(desk, samples.animation(1000, kind))
    assert (image.convert("RGB").getpixel((1, 1)), attachment.note) == (
        (0, 0, 0),
        "the first frame of an animation",
    )


async def test_a_picture_for_a_model_that_sees_none_is_named_with_models_that_would(open_desk: Callable[..., Any]):
    """The question goes on without it, and the small print names two of the nearest that see, with their ids."""
    shelf = Shelf(
        a_model("image", id_="other/far", price=900),
        a_model("image", id_="other/near", price=110),
        a_model("image", id_="maker/big", price=5000),
        a_model(id_="maker/blind"),
    )
    async with open_desk(catalog=shelf) as desk:
        desk.model = a_model(id_="maker/text")
        read = await desk.read(("a.png", samples.picture()), ("b.png", samples.picture()))
    assert not read.attachments
    [note] = read.notes
    assert note == (
        "maker/text can't look at pictures, so it didn't see `a.png`, `b.png`. `maker/big` or `other/near` could: "
        "an admin can choose with `/model set`."
    )


async def test_where_nobody_says_what_a_model_takes_it_gets_the_picture(open_desk: Callable[..., Any]):
    """Ollama's list doesn't tell which models see."""
    async with open_desk(is_openrouter=False) as desk:
        desk.model = a_model()
        assert (await desk.read(("a.png", samples.picture()))).attachments


# --- Texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus Köln, schöne Straße\n" * 20, "utf-8"),
        ("Grüße aus Köln, schöne Straße\n" * 20, "latin-1"),
        ("Привет мир, как дела сегодня? Всё хорошо.\n" * 20, "cp1251"),
        ("こんにちは世界。今日はいい天気ですね。\n" * 20, "shift_jis"),
        ("a plain log\n" * 20, "utf-16-le"),
        ("a plain log\n" * 20, "utf-16-be"),
    ],
)
async def test_text_is_read_in_any_encoding(desk: Desk, text: str, encoding: str):
    """With nothing but the bytes to go by."""
    assert await desk.text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
async def test_a_byte_order_mark_decides(desk: Desk, mark: bytes, encoding: str):
    """It names the encoding, and isn't part of the text."""
    assert await desk.text(mark + "Ünïcode 😀".encode(encoding)) == "Ünïcode 😀"


async def test_a_log_is_readable_text(desk: Desk):
    """Terminal colors, carriage returns and a character cut in two by a rotation don't get in the way."""
    log = "\x1b[31mERROR\x1b[0m Käse fehlt\r\n".encode() * 50
    cut = log.rindex("ä".encode()) + 1
    assert await desk.text(log, "app.log") == "ERROR Käse fehlt\n" * 50
    assert await desk.text(log[:cut], "app.log") == "ERROR Käse fehlt\n" * 49 + "ERROR K\ufffd"


async def test_an_encoding_is_told_by_the_part_that_shows_it(desk: Desk):
    """Plain English up to its last pages, then a word in Latin-1."""
    text = "a plain line\n" * 7_000 + "Grüße aus Köln, schöne Straße\n" * 20
    assert (await desk.text(text.encode("latin-1"))) == text


async def test_an_svg_is_read_as_the_text_it_is(desk: Desk):
    """It's never drawn, so nothing it refers to is fetched."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.2/x"/></svg>'
    assert await desk.text(svg, "a.svg") == svg.decode()


async def test_a_long_texts_middle_is_left_out_with_a_note_of_how_much(desk: Desk):
    """Beginning and end are where the question usually is."""
    text = "".join(f"line {n}\n" for n in range(40_000))
    read = await desk.read(("big.log", text.encode()))
    [attachment] = read.attachments
    left_out = len(text) - 100_000
    assert attachment.note == f"{left_out:,} characters in the middle left out"
    assert attachment.text.startswith("line 0\nline 1\n")
    assert attachment.text.endswith("line 39999\n")
    assert f"[… {left_out:,} characters left out …]" in attachment.text
    assert len(attachment.text) < 100_100


async def test_texts_share_what_one_question_may_bring(desk: Desk):
    """A short file is whole beside long ones, which get the same each; a small model gets less."""
    read = await desk.read(("a.txt", b"a" * 90_000), ("b.txt", b"b" * 500), ("c.txt", b"c" * 90_000))
    assert [len(each.text) // 1000 for each in read.attachments] == [49, 0, 49]
    desk.model = a_model(context=8_000)
    read = await desk.read(("a.txt", b"a" * 90_000))
    assert 12_000 <= len(read.attachments[0].text) < 12_100


def test_excerpts_of_excerpts_count_all_that_is_missing():
    """However often it's cut, the mark tells the whole gap."""
    once = Excerpt("abcdefghij" * 10).within(50)
    twice = once.within(10)
    assert (twice.left_out, twice.text) == (90, "abcdef" + "ghij")
    assert share([5, 100, 100], 105) == [5, 50, 50]


# --- Documents ----------------------------------------------------------------------------------------------


async def test_a_pdfs_text_is_read_page_by_page(desk: Desk):
    """With the pages' numbers, and without running what is in it."""
    words = ["The first page has words", "The second page has others"]
    assert await desk.text(samples.pdf(*words, script="app.alert(1)"), "a.pdf") == (
        f"[Page 1]\n{words[0]}\n\n[Page 2]\n{words[1]}"
    )


async def test_of_ten_thousand_pages_the_first_and_last_are_read(desk: Desk):
    """The note says how many."""
    pages = [f"This is what page number {n} has to say" for n in range(10_000)]
    read = await desk.read(("a.pdf", samples.pdf(*pages)))
    [attachment] = read.attachments
    assert (attachment.pages, attachment.note) == (10_000, "1,000 of 10,000 pages")
    assert attachment.text.startswith("[Page 1]\nThis is what page number 0")
    assert attachment.text.endswith("[Page 10000]\nThis is what page number 9999 has to say")
    assert "[… 9,000 pages left out …]" in attachment.text


async def test_a_scan_goes_to_the_provider_as_a_document(desk: Desk):
    """A PDF whose pages have no text keeps its bytes and its number of pages, by which it's paid for."""
    scan = samples.pdf("", "", "")
    [attachment] = (await desk.read(("scan.pdf", scan))).attachments
    assert (attachment.kind, attachment.pages, attachment.data) == (AttachmentKind.DOCUMENT, 3, scan)


async def test_a_scan_that_nobody_can_read_is_declined(open_desk: Callable[..., Any]):
    """Too long for what it would cost, or with a provider that has no parser."""
    async with open_desk() as desk:
        assert "a scan of more than 100 pages" in await desk.declined(samples.pdf(*[""] * 101), "a.pdf")
    async with open_desk(is_openrouter=False) as desk:
        desk.model = a_model()
        assert "a scan without text" in await desk.declined(samples.pdf(""), "a.pdf")


async def test_office_documents_are_read_as_text(desk: Desk):
    """Paragraphs, tables, breaks, footnotes and slides in order; deleted words aren't there."""
    table = "<w:tbl><w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc></w:tr></w:tbl>"
    gone = "<w:p><w:del><w:delText>gone</w:delText></w:del></w:p>"
    assert (
        await desk.text(samples.docx("One", "Two &amp; three", body=table + gone)) == "a \tb\n\nOne\nTwo & three"
    )
    assert await desk.text(samples.PPTX) == (
        "[Slide 1]\nSlide text 1\n\n[Slide 2]\nSlide text 2\n\n[Slide 10]\nSlide text 10"
    )
    assert await desk.text(samples.ODT) == "Title\nOne\ttwo"


async def test_a_sheet_is_read_as_people_see_it(desk: Desk):
    """Shared, rich and inline texts, numbers, dates as dates, empty cells kept as gaps."""
    assert await desk.text(samples.XLSX) == "[Sheet Costs]\nName\t\tDate\nRent\t12.5\t2023-03-15\tTRUE"


# --- Recordings ---------------------------------------------------------------------------------------------


async def test_a_model_that_hears_gets_the_recording_as_it_is(desk: Desk):
    """Nothing is transcribed or paid for."""
    file = ("voice-message.ogg", OGG, {"duration_secs": 4.0, "content_type": "audio/ogg"})
    assert desk.files.price(desk.sent(file), desk.model) == 0
    read = await desk.read(file)
    [attachment] = read.attachments
    assert (attachment.kind, attachment.data, attachment.media_type, attachment.seconds) == (
        AttachmentKind.AUDIO,
        OGG,
        "audio/ogg",
        4.0,
    )
    assert not read.notes


async def test_a_recording_is_transcribed_where_the_owner_set_a_model(open_desk: Callable[..., Any]):
    """Its price is told before, its cost after, and the person sees what was heard, without markup or pings."""
    scribe = Scribe("hello *there* @everyone")
    async with open_desk(transcriber=scribe) as desk:
        desk.model = a_model("image")
        file = ("voice-message.ogg", OGG * 100, {"duration_secs": 4.0, "content_type": "audio/ogg"})
        assert desk.files.price(desk.sent(file), desk.model) == 4000
        read = await desk.read(file)
    [attachment] = read.attachments
    assert (attachment.text, attachment.data) == ("hello *there* @everyone", b"")
    assert (read.usage.cost_nano_usd, read.model) == (77, "maker/scribe")
    assert read.notes == ("I heard in `voice-message.ogg`: hello \\*there\\* @\u200beveryone",)


@pytest.mark.parametrize(("claimed", "reserved"), [(0.01, 1000), (4.0, 4000), (9999.0, 8000), (None, 8000)])
async def test_a_recordings_length_is_not_taken_on_trust(
    open_desk: Callable[..., Any], claimed: float | None, reserved: int
):
    """Its sender says how long it is; what is set aside follows from its size where that can't be."""
    async with open_desk(transcriber=Scribe()) as desk:
        desk.model = a_model("image")
        file = ("voice-message.ogg", bytes(16_000), {"duration_secs": claimed, "content_type": "audio/ogg"})
        assert desk.files.price(desk.sent(file), desk.model) == reserved


async def test_a_recording_that_could_not_be_transcribed_is_said_to_be(open_desk: Callable[..., Any]):
    """The provider failed, or heard nothing, which it charges for: the question goes on."""

    class Failing(Scribe):
        async def transcribe(self, recording: Attachment) -> Transcript:
            raise ModelError(model=self.model, status=502, detail=recording.name)

    cases = ((Failing(), "couldn't be transcribed", None), (Scribe(" "), "nothing in it", Usage(cost_nano_usd=77)))
    for transcriber, said, usage in cases:
        async with open_desk(transcriber=transcriber) as desk:
            desk.model = a_model("image")
            read = await desk.read(("a.ogg", OGG, {"content_type": "audio/ogg"}))
        assert said in read.notes[0]
        assert read.usage == usage


async def test_a_recording_that_nobody_hears_is_said_to_be_unheard(desk: Desk):
    """By default nothing is transcribed, since that isn't covered by the owner's data policy."""
    desk.model = a_model("image")
    assert "can't listen to recordings" in await desk.declined(OGG, "a.ogg")


async def test_what_hides_that_it_is_a_recording_costs_nothing(open_desk: Callable[..., Any]):
    """Nothing was set aside for it, so it isn't sent to be transcribed."""
    scribe = Scribe()
    async with open_desk(transcriber=scribe) as desk:
        desk.model = a_model("image")
        assert desk.files.price(desk.sent(("a.txt", OGG)), desk.model) == 0
        assert "can't listen" in await desk.declined(OGG, "a.txt")
    assert not scribe.heard
