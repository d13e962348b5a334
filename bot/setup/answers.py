"""Answers that were given beforehand: by a flag, by the environment, or by an earlier run in `.env`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


class Answer(NamedTuple):
    """One thing that can be answered: its flag, and the setting that it becomes (empty for those that depend)."""

    flag: str
    setting: str
    help: str


TOKEN = Answer("--token", "DISCORD_TOKEN", texts.HELP_TOKEN)
CONTENT = Answer("--message-content", "MESSAGE_CONTENT_INTENT", texts.HELP_CONTENT)
WAIT = Answer("--wait", "", texts.HELP_WAIT)
PROVIDER = Answer("--provider", "MODEL_PROVIDER", texts.HELP_PROVIDER)
KEY = Answer("--key", "OPENROUTER_API_KEY", texts.HELP_KEY)
ADDRESS = Answer("--address", "OPENAI_API_BASE", texts.HELP_ADDRESS)
MODEL = Answer("--model", "MODEL", texts.HELP_MODEL)
BUDGET = Answer("--budget", "BUDGET_USD_PER_MONTH", texts.HELP_BUDGET)
START = Answer("--start", "", texts.HELP_START)
TYPED = (TOKEN, CONTENT, WAIT, PROVIDER, KEY, ADDRESS, MODEL, BUDGET)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give the command its flags: one for each answer."""
    for answer in TYPED:
        parser.add_argument(answer.flag, metavar="VALUE", help=answer.help)
    parser.add_argument(START.flag, action="store_true", help=START.help)
    parser.add_argument("--non-interactive", action="store_true", help=texts.HELP_NON_INTERACTIVE)


@dataclass(slots=True)
class Answers:
    """What is known before anybody is asked. A flag wins over the environment, which wins over the file.

    An answer that turned out to be wrong is `reject`ed, so that the next source, or the person, is asked.
    """

    flags: Mapping[str, str | None]
    environment: Mapping[str, str]
    file: dict[str, str]
    rejected: set[tuple[str, str]] = field(default_factory=set)

    def given(self, answer: Answer, setting: str = "") -> str:
        """An answer for this run, from a flag or the environment; empty where there's none."""
        name = setting or answer.setting
        flag = self.flags.get(answer.flag.lstrip("-").replace("-", "_")) or ""
        return self._sound(answer, (flag, self.environment.get(name, "") if name else ""))

    def known(self, answer: Answer, setting: str = "") -> str:
        """The same, or what an earlier run wrote."""
        name = setting or answer.setting
        return self.given(answer, setting) or self._sound(answer, (self.file.get(name, ""),))

    def elsewhere(self, setting: str) -> str:
        """A setting that's never asked for, such as a proxy's address."""
        return self.environment.get(setting, "") or self.file.get(setting, "")

    def flagged(self) -> bool:
        """Whether there was any flag."""
        return any(self.flags.values())

    def forget(self, setting: str) -> None:
        """Ask for it again; the file keeps its line until there's another answer."""
        self.file.pop(setting, None)

    def reject(self, answer: Answer, value: str) -> None:
        self.rejected.add((answer.flag, value))

    def _sound(self, answer: Answer, values: tuple[str, ...]) -> str:
        stripped = (value.strip() for value in values)
        return next((value for value in stripped if value and (answer.flag, value) not in self.rejected), "")
