"""Joins a continued answer to the text on the screen, so that no word appears twice."""

from __future__ import annotations

REACH = 4000  # characters of the shown text that a model may repeat: a long paragraph, two messages


class Join:
    """Removes from a continuation its longest overlap with the end of the shown text.

    Models that continue often start by repeating the last word, sentence or paragraph. Text is held back while it
    may still be such a repetition, for `REACH` characters at most. An overlap counts only if it starts with a
    whole word: "book" and "keeper" share a letter, but repeat nothing.
    """

    def __init__(self, shown: str) -> None:
        self._tail = shown[-REACH:]
        self._starts = [at for at in range(len(self._tail)) if at == 0 or not (_in_word(self._tail, at - 1, at))]
        self._held = ""
        self._joined = False

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
                return self._held[len(self._tail) - at :]
        return self._held


def _in_word(text: str, left: int, right: int) -> bool:
    return text[left].isalnum() and text[right].isalnum()
