"""`python -m playground.openapi FILE`: how the test Discord differs from Discord's description of itself.

FILE is the `openapi.json` that Discord publishes (github.com/discord/discord-api-spec). The exit code is 1 where
anything differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playground.openapi.description import Description
from playground.openapi.tour import Answer, tour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


# Where the description itself is wrong: it says that errors of a request's fields have numbers as codes. Discord
# sends names such as BASE_TYPE_MAX_LENGTH, as its reference says under "Error Messages".
MISTAKEN = (": .errors.",)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m playground.openapi",
        description="Check the test Discord against the description that Discord publishes of its API.",
    )
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="openapi.json of github.com/discord/discord-api-spec"
    )
    parsed = parser.parse_args(arguments)
    description = Description(json.loads(parsed.file.read_text(encoding="utf-8")))
    answers, left_out = asyncio.run(tour())
    found = [*compared(description, answers), *(f"{route}: not visited" for route in left_out)]
    lines = [line for line in found if not any(part in line for part in MISTAKEN)]
    print(*lines, sep="\n", end="\n" * bool(lines))
    visited = {(answer.method, answer.route) for answer in answers}
    passed = f"{len(found) - len(lines)} where the description is wrong"
    print(f"{len(answers)} answers on {len(visited)} routes: {len(lines)} differences, and {passed}")
    return 1 if lines else 0


def compared(description: Description, answers: Sequence[Answer]) -> list[str]:
    """One line for each difference, a route's equal ones once."""
    found = [f"{a.method} {a.route} {a.status}: {what}" for a in answers for what in differences(description, a)]
    return list(dict.fromkeys(found))


def differences(description: Description, answer: Answer) -> Iterator[str]:
    schema = description.answer(answer.method, answer.route, answer.status)
    if schema is None:
        yield "not described"
    elif (answer.body is None) != (not schema):
        yield "has a body" if answer.body is not None else "has no body"
    elif schema:
        yield from description.differences(answer.body, schema)


if __name__ == "__main__":
    sys.exit(main())
