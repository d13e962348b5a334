"""How the steps talk: answers given beforehand first, then the person, until something works."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import segno

from bot.setup.prompts import NoAnswerError, Option, Prompts, Tone, Unattended, can_show
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TextIO

    from bot.setup.answers import Answer, Answers
    from bot.setup.env_file import EnvFile

T = TypeVar("T")
QUIET_ZONE = 2  # light modules around a code; scanners want four on paper, and a terminal has a margin


class NotThatError(Exception):
    """An answer doesn't work; the text says why and where to find the right one."""


class UnreachableError(Exception):
    """An answer couldn't be tried: nobody was there; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What every step works with."""

    prompts: Prompts
    answers: Answers
    env_file: EnvFile
    out: TextIO

    @property
    def attended(self) -> bool:
        """Whether somebody is there to answer."""
        return not isinstance(self.prompts, Unattended)

    def good(self, text: str) -> None:
        self.prompts.say(text, Tone.GOOD)

    def bad(self, text: str) -> None:
        self.prompts.say(text, Tone.BAD)

    def keep(self, settings: Mapping[str, str]) -> None:
        """Write answers down at once, so that a run that is stopped here can go on later."""
        changed = {name: value for name, value in settings.items() if self.answers.file.get(name) != value}
        if changed:
            self.env_file.put(changed)
            self.answers.file.update(changed)

    async def settled(
        self,
        answer: Answer,
        known: str,
        ask: Callable[[], Awaitable[str]],
        attempt: Callable[[str], Awaitable[T]],
        explain: str = "",
    ) -> tuple[str, T]:
        """An answer that works, and what trying it gave: the known one, or else what somebody types.

        Raises:
            NoAnswerError: nobody is there to give a better one.
        """
        value = known
        while True:
            if not value:
                if explain:
                    self.prompts.say(explain)
                    explain = ""
                value = await ask()
            try:
                return value, await attempt(value)
            except NotThatError as error:
                if not self.attended:
                    raise NoAnswerError(texts.refused(answer.flag, str(error))) from None
                self.bad(str(error))
                self.answers.reject(answer, value)
                value = ""
            except UnreachableError as error:
                if not self.attended:
                    raise NoAnswerError(str(error)) from None
                self.bad(str(error))
                await self.prompts.text(texts.TRY_AGAIN, answer)

    async def yes(self, question: str, answer: Answer, *, known: str, default: str) -> bool:
        """Yes or no."""
        said = known
        while True:
            said = (said or await self.prompts.text(question, answer, default=default)).lower()
            if said in (*texts.YES, *texts.NO):
                return said in texts.YES
            if not self.attended:
                raise NoAnswerError(texts.refused(answer.flag, texts.YES_OR_NO))
            self.bad(texts.YES_OR_NO)
            said = ""

    async def choose(self, question: str, answer: Answer, options: list[Option], *, default: str) -> str:
        return await self.prompts.choose(question, answer, options, default=default)

    def show_link(self, link: str) -> None:
        """A link to open, and as a code to scan where the terminal can draw one."""
        if self.attended and can_show("▀▄█", self.out):
            code = io.StringIO()
            segno.make_qr(link, error="l").terminal(code, border=QUIET_ZONE, compact=True)
            self.prompts.say(code.getvalue().rstrip("\n"))
        self.prompts.say(link, Tone.LINK)
