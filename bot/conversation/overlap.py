"""Joins a continued answer to the text on the screen, so that no word appears twice."""

from __future__ import annotations

import re

# What a model may put before words that it repeats: a new line, quotes, an ellipsis, the fence of a code block.
LEAD = re.compile(r"(?:```\w*(?:\n|\Z)|[\s\"'`\u201c\u201d\u201e\u2018\u2019«»\u2026.>])*")
LEAD_CHARS = 200
# Scripts without spaces between words: kana, Chinese, and those of Thailand, Laos, Myanmar and Cambodia.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
LEAST_UNSPACED = 3  # characters; fewer are repeated by chance, as there's no telling where a word begins
REACH = 4000  # characters of the shown text that a model may repeat: a long paragraph, two messages


class Join:
    """Removes from a continuation its longest overlap with the end of the shown text.

    Models that continue often start by repeating the last word, sentence or paragraph. Text is held back while it
    may still be such a repetition, for `REACH` characters at most. An overlap counts only if it starts with a
    whole word: "book" and "keeper" share a letter, but repeat nothing. Where no spaces part words, a few
    characters in common are one.
    """

    def __init__(self, shown: str) -> None:
        self._tail = shown[-REACH:]
        self._starts = [at for at in range(len(self._tail)) if at == 0 or not _in_word(self._tail, at)]
        self._held = ""
        self._joined = False
        self._repeated = False

    @property
    def joined(self) -> bool:
        """Whether it's settled what was repeated."""
        return self._joined

    @property
    def repeated(self) -> bool:
        """Whether something was, and has been removed."""
        return self._repeated

    def feed(self, text: str) -> str:
        """Take the next piece of the continuation; return the text that can be shown now."""
        if self._joined:
            return text
        self._held += text
        if any(self._tail.startswith(self._held, at) for at in self._starts):
            return ""
        return self.end()

    def end(self) -> str:
        """The continuation has ended: return the text still held back."""
        if self._joined:
            return ""
        self._joined = True
        for at in self._starts:  # the longest overlap first
            said = self._tail[at:]
            if self._held.startswith(said) and any(map(str.isalnum, said)):
                self._repeated = True
                return self._held[len(self._tail) - at :]
        return self._held


class Continuation:
    """What a continued answer adds to the shown text: less what it repeats, and less the marks before that.

    A model that is asked to repeat its last words may do so on a new line, in quotes, after an ellipsis or in
    a code block of its own. The marks go only together with a repetition; without one, everything stays.
    """

    def __init__(self, shown: str) -> None:
        self._whole, self._bare = Join(shown), Join(shown)
        self._of_whole, self._of_bare = "", ""
        self._lead: str | None = ""  # what came before the first word; None from then on
        self._settled = not shown

    def feed(self, text: str) -> str:
        """Take the next piece; return the text that can be shown now."""
        if self._settled:
            return text
        bare = self._without_lead(text)
        self._of_whole += self._whole.feed(text)
        self._of_bare += self._bare.feed(bare) if bare else ""
        return self._settle() if self._whole.joined and self._bare.joined else ""

    def end(self) -> str:
        """The continuation has ended: return the text still held back."""
        if self._settled:
            return ""
        self._of_whole += self._whole.end()
        self._of_bare += self._bare.end()
        return self._settle()

    def _without_lead(self, text: str) -> str:
        if self._lead is None:
            return text
        self._lead += text
        lead = LEAD.match(self._lead[:LEAD_CHARS])
        bare = self._lead[lead.end() if lead else 0 :]
        self._lead = None if bare else self._lead
        return bare

    def _settle(self) -> str:
        self._settled = True
        return self._of_bare if self._bare.repeated and not self._whole.repeated else self._of_whole


def _in_word(text: str, at: int) -> bool:
    if UNSPACED.match(text, at):
        return text[at - 1].isalnum() and len(text) - at < LEAST_UNSPACED
    return text[at - 1].isalnum() and text[at].isalnum()
