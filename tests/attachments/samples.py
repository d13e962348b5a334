"""Files of all kinds, good and bad, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

SECRET = "48.85N 2.35E"


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 480), **more: Any) -> bytes:
    out, mode, color = io.BytesIO(), more.pop("mode", "RGB"), more.pop("color", (200, 30, 30))
    Image.new(mode, size, color).save(out, kind, **more)
    return out.getvalue()


def photo(size: tuple[int, int] = (4000, 3000), *, orientation: int = 6) -> bytes:
    """A JPEG as a phone makes it: large, on its side, and telling where it was taken."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, SECRET
    return picture("JPEG", size, exif=exif, comment=SECRET.encode())


def noise(kind: str, size: tuple[int, int], **more: Any) -> bytes:
    """A picture that hardly compresses."""
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, kind, **more)
    return out.getvalue()


def animation(frames: int, kind: str = "GIF") -> bytes:
    pictures = [Image.new("RGB", (32, 32), (n % 256, n // 256, 0)) for n in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, kind, save_all=True, append_images=pictures[1:], duration=20)
    return out.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixel_bomb(side: int = 30_000) -> bytes:
    """A PNG of a few hundred bytes that says it has 900 megapixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + data + png_chunk(b"IEND", b"")


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(*paragraphs: str, body: str = "") -> bytes:
    marked = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return zipped(
        **{"word/document.xml": f'<w:document xmlns:w="urn:w"><w:body>{body}{marked}</w:body></w:document>'}
    )


def pdf(*pages: str, script: str = "") -> bytes:
    """A PDF with a page for each text."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    action = f"/OpenAction << /S /JavaScript /JS ({script}) >>" if script else ""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {action} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET" if text else ""
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents {5 + 2 * n} 0 R {fonts} >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    return assembled(objects)


def assembled(objects: list[str]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>"
    return out + f"{end}\nstartxref\n{len(out)}\n%%EOF".encode()


XLSX = zipped(
    **{
        "xl/workbook.xml": '<workbook xmlns="urn:x" xmlns:r="urn:r"><workbookPr/><sheets>'
        '<sheet name="Costs" sheetId="1" r:id="rId7"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId7" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/sharedStrings.xml": "<sst><si><t>Name</t></si><si><r><t>Da</t></r><r><t>te</t></r></si></sst>",
        "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
        "</styleSheet>",
        "xl/worksheets/sheet1.xml": '<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c>'
        '<c r="C1" t="s"><v>1</v></c></row><row><c r="A2" t="inlineStr"><is><t>Rent</t></is></c>'
        '<c r="B2"><v>12.5</v></c><c r="C2" s="1"><v>45000</v></c><c r="D2" t="b"><v>1</v></c></row>'
        "</sheetData></worksheet>",
    }
)
SLIDE = '<p:sld xmlns:p="urn:p" xmlns:a="urn:a"><a:p><a:r><a:t>Slide text {}</a:t></a:r></a:p></p:sld>'
PPTX = zipped(
    **{
        "ppt/presentation.xml": "<p/>",
        **{f"ppt/slides/slide{n}.xml": SLIDE.format(n) for n in (10, 2, 1)},
    }
)
ODT = zipped(
    **{
        "content.xml": '<office:document-content xmlns:office="urn:o" xmlns:text="urn:t"><text:h>Title</text:h>'
        "<text:p>One<text:tab/>two</text:p></office:document-content>"
    }
)
