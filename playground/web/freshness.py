"""How fresh the text on show is: what the model has sent, set against what the messages say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.conversation import weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playground.discord import Message
    from playground.web.views import Json

GIVEN_UP_SECONDS = 5.0  # the text of a reply that was deleted will not be shown


@dataclass(slots=True)
class Stream:
    """One completion. Sizes are characters without white space, times monotonic seconds.

    A code fence that a cut added counts as text, so after a cut in a block of code the figure is too good.
    """

    place: str
    began: float
    sent: list[tuple[float, int]] = field(default_factory=list)  # when, and how much in all by then
    shown: int = 0
    over: bool = False
    ages: list[float] = field(default_factory=list)  # sampled while text was on its way

    def send(self, at: float, text: str) -> None:
        self.sent.append((at, weight(text) + (self.sent[-1][1] if self.sent else 0)))

    def look(self, messages: Iterable[Message]) -> None:
        """Find out how much of it is on show."""
        self.shown = sum(gained(message, self.began) for message in messages if self._shows(message))

    def _shows(self, message: Message) -> bool:
        if str(message.channel.id) != self.place or not message.history or message.history[-1].at < self.began:
            return False
        # The answer to a command used meanwhile is no part of this reply.
        return message.interaction is None or message.interaction.created < self.began

    def age(self, now: float) -> float:
        """How long the oldest text that is not on show has been waiting."""
        return next((now - at for at, size in self.sent if size > self.shown), 0.0)

    @property
    def tokens(self) -> tuple[int, int]:
        """Sent, and on show."""
        return len(self.sent), sum(size <= self.shown for _, size in self.sent)


def gained(message: Message, since: float) -> int:
    """How much more a message shows than at a time; one whose text started over counts in full."""
    before = next((version.content for version in reversed(message.history) if version.at < since), "")
    first = next(version.content for version in message.history if version.at >= since)
    goes_on = weight(first) >= weight(before)
    return weight(message.content) - (weight(before) if goes_on else 0)


class Freshness:
    """Follows the reports of the OpenRouter process; `tick` samples, and says what to show."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.last: Stream | None = None
        self._samples = 0
        self._total = 0.0

    def report(self, report: Json) -> None:
        if not report.get("place", "?"):
            return  # a model that is tried before it's chosen answers nobody
        if "news" in report:
            self.last = self.streams.setdefault(report["id"], Stream(report["place"], report["began"]))
            for at, text in report["news"]:
                self.last.send(at, text)
        elif report["whole"] and report["id"] in self.streams:
            self.streams[report["id"]].over = True
        else:
            # What a stopped reply was sent after its last edit is never shown, and not late either.
            self.streams.pop(report["id"], None)

    def tick(self, now: float, messages: Iterable[Message]) -> None:
        messages = list(messages)
        for key, stream in list(self.streams.items()):
            stream.look(messages)
            age = stream.age(now)
            stream.ages.append(age)
            self._samples, self._total = self._samples + 1, self._total + age
            if stream.over and not 0 < age < GIVEN_UP_SECONDS:
                del self.streams[key]

    def view(self, now: float) -> Json:
        """Tokens of the newest reply, sent and on show; ages in seconds: now, its mean, and all replies' mean."""
        sent, shown = self.last.tokens if self.last else (0, 0)
        ages = self.last.ages if self.last else []
        oldest = max((stream.age(now) for stream in self.streams.values()), default=0.0)
        return {
            "live": bool(self.streams),
            "sent": sent,
            "shown": shown,
            "age": oldest,
            "mean": sum(ages) / len(ages) if ages else 0.0,
            "all": self._total / self._samples if self._samples else 0.0,
        }
