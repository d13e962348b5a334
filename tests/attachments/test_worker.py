"""What the worker makes of each kind of file, asked directly: its process is tried by the other tests."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from bot.attachments.worker import __main__ as worker
from bot.conversation.extras.unread import Problem
from tests.attachments import samples

TRANSPARENT = samples.picture(mode="RGBA", color=(0, 0, 0, 0))
LARGE_TRANSPARENT = samples.noise("PNG", (1500, 1200))
READ = [
    ("picture", samples.picture(), {"media_type": "image/png", "animated": False}),
    ("picture", samples.photo(), {"media_type": "image/jpeg", "width": 1176, "height": 1568}),
    ("picture", samples.animation(3), {"animated": True}),
    ("picture", TRANSPARENT, {"media_type": "image/png"}),
    ("picture", LARGE_TRANSPARENT, {"media_type": "image/jpeg"}),
    ("picture", samples.picture(mode="P", color=7), {"media_type": "image/png"}),
    ("picture", samples.picture(mode="1", color=1), {"media_type": "image/png"}),
    ("picture", samples.picture(mode="I;16", color=65_000), {"media_type": "image/png"}),
    ("text", b"words", {"left_out": 0}),
    ("text", b"\xff\xfew\0o\0", {"left_out": 0}),
    ("text", "words ".encode("utf-16-be") * 9, {"left_out": 0}),
    ("text", "Grüße aus Köln, schöne Straße\n".encode("latin-1") * 9, {"left_out": 0}),
    ("text", b"x" * 200_000, {"left_out": 100_000, "at": 60_000}),
    ("pdf", samples.pdf("words that are on a page"), {"pages": 1, "read": 1}),
    ("pdf", samples.pdf(*["words that are on a page"] * 1200), {"pages": 1200, "read": 1000}),
    ("pdf", samples.pdf("", ""), {"pages": 2, "scan": True}),
    ("zip", samples.docx("words"), {"left_out": 0}),
    ("zip", samples.XLSX, {"left_out": 0}),
    ("zip", samples.PPTX, {"left_out": 0}),
    ("zip", samples.ODT, {"left_out": 0}),
]
DECLINED = [
    ("picture", samples.pixel_bomb(), Problem.TOO_MANY_PIXELS),
    ("picture", b"not a picture", Problem.DAMAGED),
    ("text", bytes(range(256)) * 40, Problem.UNKNOWN),
    ("text", b" ", Problem.EMPTY),
    ("pdf", b"%PDF-1.7", Problem.DAMAGED),
    ("zip", samples.zipped(**{"a.txt": "words"}), Problem.ARCHIVE),
    ("zip", samples.docx(), Problem.EMPTY),
    ("zip", b"PK\x03\x04", Problem.DAMAGED),
    ("zip", samples.docx("x" * 40_000_000), Problem.UNPACKS_TOO_LARGE),
]


def run(monkeypatch: pytest.MonkeyPatch, *jobs: tuple[str, bytes]) -> list[tuple[dict[str, Any], bytes]]:
    """The answers of a worker that may do as it likes; its limits would be this process's."""

    class Pipe:
        def __init__(self, data: bytes = b"") -> None:
            self.buffer = io.BytesIO(data)

    heads = (json.dumps({"format": kind, "bytes": len(data)}).encode() for kind, data in jobs)
    sent = b"".join(head + b"\n" + data for head, (_, data) in zip(heads, jobs, strict=True))
    out = Pipe()
    monkeypatch.setattr(worker, "LIMITED", False)
    monkeypatch.setattr(sys, "stdin", Pipe(sent))
    monkeypatch.setattr(sys, "stdout", out)
    worker.main()
    out.buffer.seek(0)
    answers = []
    while line := out.buffer.readline():
        head = json.loads(line)
        answers.append((head, out.buffer.read(head["bytes"])))
    return answers


def test_each_kind_of_file_is_read(monkeypatch: pytest.MonkeyPatch):
    """One after the other, each answered with its facts and as many bytes as they say."""
    answers = run(monkeypatch, *[(kind, data) for kind, data, _ in READ])
    for (head, payload), (kind, _, facts) in zip(answers, READ, strict=True):
        assert facts.items() <= head.items(), kind
        assert bool(payload) != bool(head.get("scan")), kind


def test_each_kind_of_problem_is_named(monkeypatch: pytest.MonkeyPatch):
    """Whatever a parser says of a file, the answer is one of the problems that people are told."""
    answers = run(monkeypatch, *[(kind, data) for kind, data, _ in DECLINED])
    assert [(head["problem"], payload) for head, payload in answers] == [
        (problem, b"") for _, _, problem in DECLINED
    ]
