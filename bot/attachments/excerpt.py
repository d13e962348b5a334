"""A text and what is left out of its middle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text, or its beginning and its end: then `left_out` characters are missing after the first `at`."""

    text: str
    at: int = 0
    left_out: int = 0

    def within(self, limit: int) -> Excerpt:
        """At most `limit` characters of it: three fifths from the beginning, the rest from the end."""
        surplus = len(self.text) - limit
        if surplus <= 0:
            return self
        begin = limit * 3 // 5
        end = len(self.text) - (limit - begin)
        return Excerpt(self.text[:begin] + self.text[end:], begin, self.left_out + surplus)

    def marked(self) -> str:
        """The text with a mark in its gap that says how large it is, for the model."""
        if not self.left_out:
            return self.text
        mark = f"\n[… {self.left_out:,} characters left out …]\n"
        return self.text[: self.at] + mark + self.text[self.at :]


def share(lengths: list[int], limit: int) -> list[int]:
    """How many of `limit` characters each of several texts gets: short ones all they need, long ones the same."""
    shares = [0] * len(lengths)
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for place, index in enumerate(order):
        shares[index] = min(lengths[index], limit // (len(order) - place))
        limit -= shares[index]
    return shares
