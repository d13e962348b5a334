"""Asking somebody at a terminal: with menus where it can show them, line by line where it can't, or not at all."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import FuzzyWordCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.shortcuts.choice_input import ChoiceInput
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import is_dumb_terminal

from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence
    from typing import TextIO

    from bot.setup.answers import Answer

T = TypeVar("T")


class Tone(StrEnum):
    """How a line is meant; a color where the terminal has them."""

    PLAIN = ""
    HEAD = "head"
    GOOD = "good"
    BAD = "bad"
    LINK = "link"


MARKS = {Tone.GOOD: "✓ ", Tone.BAD: "✗ "}
PLAIN_MARKS = {Tone.GOOD: "OK: ", Tone.BAD: "Problem: "}  # where the terminal's encoding has no others
STYLE = Style.from_dict(
    {
        "head": "bold",
        "good": "ansigreen",
        "bad": "ansired bold",
        "link": "ansicyan underline",
        "question": "bold",
        "selected-option": "bold ansicyan",
    }
)


class Option(NamedTuple):
    """One line of a menu."""

    value: str
    label: str


class NoAnswerError(Exception):
    """Something had to be asked, and nobody is there to answer; the text says how to give it."""


class Prompts(Protocol):
    """Somebody who is asked. All raise `KeyboardInterrupt` on Ctrl-C and `EOFError` where the input ends."""

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Print a line, or several."""

    async def text(
        self, question: str, answer: Answer, *, default: str = "", hidden: bool = False, words: Sequence[str] = ()
    ) -> str:
        """A line; `answer` is how else it can be given, `words` are offered while somebody types."""

    async def choose(self, question: str, answer: Answer, options: Sequence[Option], *, default: str) -> str:
        """The value of one of the options."""

    async def enter_or(self, hint: str, work: Coroutine[object, object, T]) -> T | None:
        """Wait for some work, or until somebody presses Enter: None then."""


def prompts_for(stdin: TextIO, stdout: TextIO, *, ask: bool) -> Prompts:
    """The way of asking that fits the terminal, where there's one and `ask` allows it."""
    if not ask or not stdin.isatty() or not stdout.isatty():
        return Unattended(stdout)
    return LineByLine(stdin, stdout) if is_dumb_terminal() or os.name == "nt" else Menus(stdout)


class Unattended:
    """Prints, and asks nobody: every question is an error that names the flag."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self._out.write(f"{marked(text, tone, self._out)}\n")
        self._out.flush()

    async def text(
        self, question: str, answer: Answer, *, default: str = "", hidden: bool = False, words: Sequence[str] = ()
    ) -> str:
        del hidden, words
        if default:
            return default
        raise NoAnswerError(texts.needs(question, answer.flag, answer.setting))

    async def choose(self, question: str, answer: Answer, options: Sequence[Option], *, default: str) -> str:
        del options
        return await self.text(question, answer, default=default)

    async def enter_or(self, hint: str, work: Coroutine[object, object, T]) -> T | None:
        del hint
        return await work


class Menus:
    """A terminal that can move its cursor: menus, completion, hidden pasting, colors unless NO_COLOR is set."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        line = marked(text, tone, self._out)
        print_formatted_text(FormattedText([(f"class:{tone}" if tone else "", line)]), style=STYLE)

    async def text(
        self, question: str, answer: Answer, *, default: str = "", hidden: bool = False, words: Sequence[str] = ()
    ) -> str:
        del answer
        session: PromptSession[str] = PromptSession(style=STYLE, erase_when_done=False)
        completer = FuzzyWordCompleter(list(words)) if words else None
        shown = f"{question} [{default}] " if default else f"{question} "
        given = await session.prompt_async(
            FormattedText([("class:question", shown)]),
            is_password=hidden,
            completer=completer,
            complete_while_typing=bool(words),
        )
        return given.strip() or default

    async def choose(self, question: str, answer: Answer, options: Sequence[Option], *, default: str) -> str:
        del answer
        menu = ChoiceInput(
            message=FormattedText([("class:question", question), ("", f" {texts.MENU_HINT}")]),
            options=[(option.value, option.label) for option in options],
            default=default,
            style=STYLE,
        )
        return await menu.prompt_async()

    async def enter_or(self, hint: str, work: Coroutine[object, object, T]) -> T | None:
        session: PromptSession[str] = PromptSession(style=STYLE, erase_when_done=True)
        return await first_of(session.prompt_async(f"{hint} "), work)


class LineByLine:
    """A terminal that can only print (TERM=dumb), and Windows': numbered choices, a line for each answer."""

    def __init__(self, stdin: TextIO, out: TextIO) -> None:
        self._stdin = stdin
        self._out = out

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self._out.write(f"{marked(text, tone, self._out)}\n")
        self._out.flush()

    async def text(
        self, question: str, answer: Answer, *, default: str = "", hidden: bool = False, words: Sequence[str] = ()
    ) -> str:
        del answer, words
        self._out.write(f"{question} [{default}] " if default else f"{question} ")
        self._out.flush()
        with unseen(self._stdin, self._out) if hidden else _as_it_is():
            return await self._line() or default

    async def choose(self, question: str, answer: Answer, options: Sequence[Option], *, default: str) -> str:
        self.say(question)
        for number, option in enumerate(options, start=1):
            self.say(f"  {number}. {option.label}")
        first = next((n for n, option in enumerate(options, start=1) if option.value == default), 1)
        while True:
            typed = await self.text(texts.NUMBER, answer, default=str(first))
            if typed.isdecimal() and 1 <= int(typed) <= len(options):
                return options[int(typed) - 1].value

    async def enter_or(self, hint: str, work: Coroutine[object, object, T]) -> T | None:
        self.say(hint)
        return await first_of(self._line(), work)

    async def _line(self) -> str:
        """A line, without holding the event loop up: a thread that reads can't be ended by Ctrl-C."""
        if os.name == "nt":
            line = await asyncio.to_thread(self._stdin.readline)
        else:
            loop, readable = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(self._stdin.fileno(), readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._stdin.fileno())
            line = self._stdin.readline()  # a terminal hands over whole lines
        if not line:
            raise EOFError
        return line.strip()


async def first_of(enter: Coroutine[object, object, str], work: Coroutine[object, object, T]) -> T | None:
    """What the work gives, or None where Enter came first; the other one is ended."""
    pressing, working = asyncio.ensure_future(enter), asyncio.ensure_future(work)
    try:
        await asyncio.wait({pressing, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        await pressing  # Ctrl-C is raised here
        return None
    finally:
        for task in (pressing, working):
            task.cancel()
        await asyncio.gather(pressing, working, return_exceptions=True)


@contextmanager
def unseen(stdin: TextIO, out: TextIO) -> Iterator[None]:
    """Show nothing of what is typed."""
    if sys.platform == "win32":
        yield
        return
    import termios  # noqa: PLC0415 - there's none on Windows

    before = termios.tcgetattr(stdin)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
        out.write("\n")


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


def marked(text: str, tone: Tone, out: TextIO) -> str:
    """A line with its mark; in letters where the terminal has no others."""
    return f"{(MARKS if can_show('✓', out) else PLAIN_MARKS).get(tone, '')}{text}"


def can_show(text: str, out: TextIO) -> bool:
    """Whether a terminal's encoding has these characters."""
    try:
        text.encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
