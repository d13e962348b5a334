"""Reads jobs on stdin and answers on stdout: each a line of JSON that says how many bytes follow it.

What is parsed here may be made to break a parser. The process can't write files, is given little memory and
time, knows no secret, and is killed where it takes too long.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from bot.attachments.limits import CPU_S, MEMORY_BYTES
from bot.attachments.problems import FileProblemError
from bot.attachments.worker.documents import read_pdf
from bot.attachments.worker.office import read_office
from bot.attachments.worker.pictures import fit_picture, read_picture
from bot.attachments.worker.texts import read_text
from bot.conversation.extras.unread import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.attachments.worker.results import Result

LIMITED = importlib.util.find_spec("resource") is not None  # Windows knows no such limits
if LIMITED:
    import resource
READERS: dict[str, Callable[..., Result]] = {
    "picture": read_picture,
    "pdf": read_pdf,
    "zip": read_office,
    "text": read_text,
    "posted": fit_picture,
}
TERMS = ("limit",)  # what a job may say besides its format and size


def main() -> None:
    warnings.simplefilter("ignore")  # Pillow's about the pictures
    if LIMITED:
        confine()
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := jobs.readline():
        job = json.loads(line)
        if LIMITED:
            allow_time()
        head, payload = done(
            job["format"], jobs.read(job["bytes"]), **{term: job[term] for term in TERMS if term in job}
        )
        answers.write(json.dumps({**head, "bytes": len(payload)}).encode() + b"\n" + payload)
        answers.flush()


def done(format_: str, data: bytes, **terms: int) -> tuple[dict[str, Any], bytes]:
    """What a file is made into, or the problem with it."""
    try:
        result = READERS[format_](data, **terms)
    except FileProblemError as error:
        return {"problem": error.problem}, b""
    except MemoryError:
        return {"problem": Problem.UNPACKS_TOO_LARGE}, b""
    except Exception as error:  # noqa: BLE001 - whatever a parser says of what it can't read
        return {"problem": Problem.DAMAGED, "error": type(error).__name__}, b""
    return result.facts, result.payload


def confine() -> None:
    """Give up what parsing needs none of."""
    for limit, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # what a platform doesn't know
            resource.setrlimit(limit, (amount, amount))
    os.nice(5)  # answers that stream go first


def allow_time() -> None:
    """Let the next job have its seconds of the processor, whatever the last ones took."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_S + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
