"""The demo's terminal: what people do, and replies as they grow."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from playground.discord import Change, Message, User

UP_AND_CLEAR = "\x1b[{}A\x1b[J"
INDENT = "    "


@dataclass(slots=True, eq=False)
class Terminal:
    """Prints lines; a terminal shows a growing message in place, a pipe what it says in the end."""

    out: TextIO
    bot: User
    growing: Message | None = None
    settled: set[int] = field(default_factory=set)  # ids of messages that are printed for good
    drawn: int = 0  # lines on the screen that belong to it

    def line(self, text: str = "") -> None:
        self.settle()
        self.out.write(text + "\n")
        self.out.flush()

    def follow(self, change: Change) -> None:
        """Show what the bot posts and edits; for `World.listeners`."""
        if change.kind in {"message", "edit"} and change.subject.author is self.bot:
            if self.out.isatty():
                self._redraw(change.subject)
            else:
                self._note(change.subject)

    def settle(self) -> None:
        """Leave the message that was growing as it stands now, in full."""
        if self.growing and self.drawn:
            self._draw(self.growing, whole=True)
            self.settled.add(self.growing.id)
        elif self.growing:
            self._write_out(self.growing)
        self.growing, self.drawn = None, 0

    def _note(self, message: Message) -> None:
        """A pipe can't be drawn over: it gets each message once, when the next one begins."""
        if message is not self.growing and message.id not in self.settled:
            self.settle()
            self.growing = message

    def _write_out(self, message: Message) -> None:
        edits, private = len(message.history) - 1, ", private" if message.ephemeral_to else ""
        how = f"{edits} edits" if edits != 1 else "1 edit"
        lines = [f"bot ({how}{private}):", *message.content.split("\n"), *_buttons(message)]
        self.out.write("".join(f"{INDENT}{line}\n" for line in lines))
        self.out.flush()
        if "Stop" not in message.labels:  # else it goes on, and its end is to be read as well
            self.settled.add(message.id)

    def _redraw(self, message: Message) -> None:
        if message.id in self.settled:
            return
        if message is not self.growing:
            self.settle()
            self.growing = message
        self._draw(message, whole=False)

    def _draw(self, message: Message, *, whole: bool) -> None:
        width, height = shutil.get_terminal_size()
        wrapped = [
            piece
            for line in [
                *message.content.split("\n"),
                *_buttons(message),
            ]
            for piece in textwrap.wrap(line, width - len(INDENT) - 1, drop_whitespace=False) or [""]
        ]
        # What has scrolled off the screen cannot be drawn over: a tall message shows its end while it grows.
        lines = wrapped if whole else wrapped[-(height - 2) :]
        clear = UP_AND_CLEAR.format(self.drawn) if self.drawn else ""
        self.out.write(clear + "".join(f"{INDENT}{line}\n" for line in lines))
        self.out.flush()
        self.drawn = len(lines)


def _buttons(message: Message) -> list[str]:
    return [f"[{' | '.join(message.labels)}]"] if message.labels else []


def standard_output() -> TextIO:
    """Standard output that can say everything a model can."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdout
