"""`python -m bot setup` from its flags to its exit code."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from bot.config.reading import SettingsError
from bot.setup.answers import START, Answers
from bot.setup.conversation import Talk
from bot.setup.env_file import EnvFile
from bot.setup.prompts import NoAnswerError, Tone, prompts_for
from bot.setup.wizard import Wizard
from bot.ui.targets.failures import reason
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable
    from pathlib import Path

STOPPED = 130  # what shells say of Ctrl-C
EX_CONFIG = 78  # sysexits.h: something in the configuration


def run(
    arguments: argparse.Namespace,
    path: Path,
    *,
    check: Callable[[], Awaitable[int]],
    connect: Callable[[str | None, str | None], None],
) -> int | None:
    """Ask, write `.env` at a path, check, and say how to go on; None where the bot is to be started.

    `check` looks at everything with what was written; `connect` points discord.py to another address.
    """
    try:
        return asyncio.run(_run(arguments, EnvFile(path), check, connect))
    except (KeyboardInterrupt, EOFError):
        sys.stdout.write(f"\n{texts.STOPPED}\n")
        return STOPPED
    except (NoAnswerError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{texts.unwritable(str(path), reason(error))}\n")
    return EX_CONFIG


async def _run(
    arguments: argparse.Namespace,
    env_file: EnvFile,
    check: Callable[[], Awaitable[int]],
    connect: Callable[[str | None, str | None], None],
) -> int | None:
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries would say, the steps say better
    prompts = prompts_for(sys.stdin, sys.stdout, ask=not arguments.non_interactive)
    flags = {name: value for name, value in vars(arguments).items() if isinstance(value, str)}
    answers = Answers(flags, os.environ, env_file.values())
    connect(answers.elsewhere("DISCORD_API_BASE"), answers.elsewhere("DISCORD_GATEWAY"))
    talk = Talk(prompts=prompts, answers=answers, env_file=env_file, out=sys.stdout)
    env_file.protect()
    await Wizard(talk).run()
    prompts.say(f"\n{texts.CHECKING}", Tone.HEAD)
    if code := await check():
        prompts.say(texts.NOT_WELL)
        return code
    if arguments.start or (talk.attended and await talk.yes(texts.START_NOW, START, known="", default="y")):
        return None
    prompts.say(texts.HOW_TO_START)
    return 0
