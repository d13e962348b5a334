"""Pictures on their way to Discord: through the real worker, whatever a provider sends."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from bot.attachments.parsing import Parser
from bot.attachments.posting import ALT_CHARS, UPLOAD_BYTES, PostedPictures
from playground.openrouter.pictures import data_url, evening, noise, png

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FILE_BYTES = 10 * 2**20  # Discord: of one file, where nobody pays for more


@pytest.fixture
async def posted() -> AsyncIterator[PostedPictures]:
    parser = Parser()
    yield PostedPictures(parser)
    await parser.aclose()


def saved(kind: str, size: tuple[int, int] = (30, 20), mode: str = "RGB") -> str:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind)
    return data_url(out.getvalue(), f"image/{kind.lower()}")


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif")])
async def test_a_sound_picture_is_posted_as_it_came(posted: PostedPictures, kind: str, ending: str):
    """Named by its content, with what was asked for as its alt text, on one line."""
    (file,) = await posted.files([saved(kind)], alt="a red\nbox " + "x" * 5000)
    assert file.name == f"picture-1.{ending}"
    assert Image.open(io.BytesIO(file.data)).size == (30, 20)
    assert file.description.startswith("a red box x")
    assert len(file.description) == ALT_CHARS


async def test_pictures_too_large_for_a_message_are_made_smaller(posted: PostedPictures):
    """All of them fit into one message together, and each into Discord's limit of a file."""
    files = await posted.files([noise(9.5, seed) for seed in range(4)], alt="noise")
    assert len(files) == 4
    assert all(len(file.data) <= FILE_BYTES for file in files)
    assert sum(len(file.data) for file in files) <= UPLOAD_BYTES
    assert all(Image.open(io.BytesIO(file.data)).width > 1000 for file in files)


async def test_three_pictures_of_five_megabytes_are_posted_untouched(posted: PostedPictures):
    """They fit as they are."""
    files = await posted.files([noise(5, seed) for seed in range(3)], alt="noise")
    assert [round(len(file.data) / 10**6) for file in files] == [5, 5, 5]


BOMB = png(40_000, 40_000, b"")  # claims 1,600 megapixels
CUT = evening()[: len(evening()) // 2]


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,",
        "data:image/png;base64,!!!!",
        "data:image/png",
        data_url(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
        data_url(b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/png"),
        data_url(BOMB),
        data_url(zlib.compress(b"\0" * 10**6)),
        CUT,
        saved("BMP"),
    ],
    ids=["empty", "no base64", "no data", "SVG", "EPS", "a bomb", "no picture", "cut off", "BMP"],
)
async def test_what_is_no_sound_picture_is_left_out(posted: PostedPictures, url: str):
    """And hurts none of the others."""
    (file,) = await posted.files([url, evening()], alt="x")
    assert file.name == "picture-1.png"
