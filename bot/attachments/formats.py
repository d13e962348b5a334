"""What a file is, by its first bytes: neither its name nor its media type is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HEAD_BYTES = 1024
PDF = b"%PDF-"  # readers find it anywhere in the first kilobyte
# Kinds of the ISO base media format, by their brand: pictures, sound, and else films.
PICTURE_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
SOUND_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
MPEG_SOUND = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")
ADTS_SOUND = (b"\xff\xf1", b"\xff\xf9")


class Format(StrEnum):
    """What is done with a file."""

    PICTURE = "picture"
    PDF = "pdf"
    ZIP = "zip"  # an Office document, or an archive
    AUDIO = "audio"
    TEXT = "text"  # or nothing known: only decoding it tells
    VIDEO = "video"
    ARCHIVE = "archive"
    PROGRAM = "program"
    OLD_OFFICE = "old_office"
    HEIC = "heic"
    POSTED = "posted"  # a picture that a model made


@dataclass(frozen=True, slots=True)
class Recognized:
    """A file's format, and its media type where a model is told it."""

    format: Format
    media_type: str = ""


SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", Recognized(Format.PICTURE, "image/png")),
    (b"\xff\xd8\xff", Recognized(Format.PICTURE, "image/jpeg")),
    (b"GIF87a", Recognized(Format.PICTURE, "image/gif")),
    (b"GIF89a", Recognized(Format.PICTURE, "image/gif")),
    (b"II*\0", Recognized(Format.PICTURE, "image/tiff")),
    (b"MM\0*", Recognized(Format.PICTURE, "image/tiff")),
    (b"PK\x03\x04", Recognized(Format.ZIP)),
    (b"PK\x05\x06", Recognized(Format.ARCHIVE)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Recognized(Format.OLD_OFFICE)),
    (b"ID3", Recognized(Format.AUDIO, "audio/mpeg")),
    (b"fLaC", Recognized(Format.AUDIO, "audio/flac")),
    (b"\x1aE\xdf\xa3", Recognized(Format.VIDEO)),  # Matroska and WebM
    (b"\0\0\x01\xba", Recognized(Format.VIDEO)),
    (b"\x1f\x8b", Recognized(Format.ARCHIVE)),
    (b"\xfd7zXZ\0", Recognized(Format.ARCHIVE)),
    (b"(\xb5/\xfd", Recognized(Format.ARCHIVE)),  # Zstandard
    (b"7z\xbc\xaf'\x1c", Recognized(Format.ARCHIVE)),
    (b"Rar!\x1a\x07", Recognized(Format.ARCHIVE)),
    (b"\x7fELF", Recognized(Format.PROGRAM)),
    (b"\xca\xfe\xba\xbe", Recognized(Format.PROGRAM)),  # Java, and Apple's for several processors
    (b"\xcf\xfa\xed\xfe", Recognized(Format.PROGRAM)),
    (b"\xce\xfa\xed\xfe", Recognized(Format.PROGRAM)),
    (b"\0asm", Recognized(Format.PROGRAM)),
    (b"dex\n", Recognized(Format.PROGRAM)),
)
CONTAINERS = {  # of the RIFF and IFF kinds: what stands after their size
    (b"RIFF", b"WEBP"): Recognized(Format.PICTURE, "image/webp"),
    (b"RIFF", b"WAVE"): Recognized(Format.AUDIO, "audio/wav"),
    (b"RIFF", b"AVI "): Recognized(Format.VIDEO),
    (b"FORM", b"AIFF"): Recognized(Format.AUDIO, "audio/aiff"),
    (b"FORM", b"AIFC"): Recognized(Format.AUDIO, "audio/aiff"),
}


def recognize(head: bytes) -> Recognized:
    """A file's format by its first `HEAD_BYTES`."""
    for signature, known in SIGNATURES:
        if head.startswith(signature):
            return known
    if known_container := CONTAINERS.get((head[:4], head[8:12])):
        return known_container
    if head[4:8] == b"ftyp":
        return _base_media(head[8:12])
    if PDF in head[:HEAD_BYTES]:
        return Recognized(Format.PDF, "application/pdf")
    return _short_signature(head)


def _base_media(brand: bytes) -> Recognized:
    if brand in PICTURE_BRANDS:
        return Recognized(Format.PICTURE, "image/avif")
    if brand in HEIC_BRANDS:
        return Recognized(Format.HEIC)
    return Recognized(Format.AUDIO, "audio/mp4") if brand in SOUND_BRANDS else Recognized(Format.VIDEO)


def _short_signature(head: bytes) -> Recognized:
    """What a few letters announce that a text could begin with as well: a second sign is needed."""
    found = Recognized(Format.TEXT)
    if head.startswith(b"OggS"):
        found = Recognized(Format.VIDEO) if b"theora" in head else Recognized(Format.AUDIO, "audio/ogg")
    elif head.startswith(MPEG_SOUND):
        found = Recognized(Format.AUDIO, "audio/mpeg")
    elif head.startswith(ADTS_SOUND):
        found = Recognized(Format.AUDIO, "audio/aac")
    elif head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        found = Recognized(Format.PICTURE, "image/bmp")
    elif head.startswith(b"MZ") and b"\0" in head:
        found = Recognized(Format.PROGRAM)
    elif (head.startswith(b"BZh") and head[4:10] == b"1AY&SY") or head[257:262] == b"ustar":
        found = Recognized(Format.ARCHIVE)
    return found
