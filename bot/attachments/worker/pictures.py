"""A picture of any common kind becomes one that every model reads: upright, small, and without metadata."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from bot.attachments.limits import JPEG_PIXELS, PIXELS, PNG_BYTES, SIDE_PX
from bot.attachments.problems import FileProblemError
from bot.attachments.worker.results import Result
from bot.conversation.extras.unread import Problem

# Of the 45 formats that Pillow knows: those without programs, fonts or other files in them.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
# What Discord shows, and no picture that a model made has reason to be anything else.
POSTED = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
POSTED_QUALITY, SMALLER = 90, 0.8  # where a picture is too large for a message
PHOTOS = {"JPEG", "AVIF"}  # and what a PNG is too large for
JPEG_QUALITY = 88
Image.MAX_IMAGE_PIXELS = None  # the pixels are counted here, before anything is decoded


def read_picture(data: bytes) -> Result:
    image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    width, height = image.size
    kind, is_animated = image.format or "", bool(getattr(image, "is_animated", False))
    if width * height > (JPEG_PIXELS if kind == "JPEG" else PIXELS):
        raise FileProblemError(Problem.TOO_MANY_PIXELS)
    image = upright(shrunk(image))
    payload, media_type = encoded(image, photo=kind in PHOTOS)
    facts = {"media_type": media_type, "width": image.width, "height": image.height, "animated": is_animated}
    return Result(payload, facts)


def fit_picture(data: bytes, *, limit: int) -> Result:
    """A picture to post: as it came where it's sound and has at most `limit` bytes, else smaller until it has."""
    image: Image.Image = Image.open(io.BytesIO(data), formats=tuple(POSTED))
    if image.width * image.height > PIXELS:
        raise FileProblemError(Problem.TOO_MANY_PIXELS)
    image.load()
    if len(data) <= limit:
        return Result(data, {"media_type": POSTED[image.format or ""]})
    image = colors(image)
    while True:
        kind = "WEBP" if image.mode == "RGBA" else "JPEG"
        out = io.BytesIO()
        bare(image).save(out, kind, quality=POSTED_QUALITY)
        if out.tell() <= limit:
            return Result(out.getvalue(), {"media_type": POSTED[kind]})
        smaller = (max(1, round(image.width * SMALLER)), max(1, round(image.height * SMALLER)))
        image = image.resize(smaller, Image.Resampling.LANCZOS)


def shrunk(image: Image.Image) -> Image.Image:
    """The first frame, no larger than a model reads, in the colors that a picture can be saved in."""
    scale = min(1.0, SIDE_PX / max(image.size))
    target = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image.draft("RGB", target)  # a JPEG is then decoded at a half, a quarter or an eighth
    if image.width * image.height > PIXELS:
        raise FileProblemError(Problem.TOO_MANY_PIXELS)
    orientation = image.getexif().get(0x0112, 1)
    plain = colors(image)
    if scale < 1:
        plain.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    plain.getexif()[0x0112] = orientation
    return plain


def colors(image: Image.Image) -> Image.Image:
    """The picture in gray, RGB or RGBA."""
    if image.mode.startswith("I;16"):  # plain conversion would clip it
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in {"L", "RGB", "RGBA"} and "transparency" not in image.info:
        image.load()
        return image
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def upright(image: Image.Image) -> Image.Image:
    """Turned as its camera was held."""
    return ImageOps.exif_transpose(image)


def encoded(image: Image.Image, *, photo: bool) -> tuple[bytes, str]:
    """The picture's bytes without any metadata: as PNG where that is small, so that small type stays sharp."""
    if not photo:
        out = io.BytesIO()
        bare(image).save(out, "PNG")
        if out.tell() <= PNG_BYTES:
            return out.getvalue(), "image/png"
    out = io.BytesIO()
    bare(flat(image)).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue(), "image/jpeg"


def flat(image: Image.Image) -> Image.Image:
    """On white where it's transparent, as Discord and models show it."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def bare(image: Image.Image) -> Image.Image:
    """The picture without what its file said beside the pixels: place, camera, comments, profiles."""
    image.info.clear()
    image.getexif().clear()
    return image
