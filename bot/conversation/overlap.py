"""Where a continued answer joins what is on show, so that no word stands twice."""

from __future__ import annotations

REACH = 4000  # characters of the text shown that a model may repeat: a long paragraph, twice a message


class Join:
    """Drops from a continuation its longest overlap with the end of what is shown.

    Models asked to go on often begin by repeating the last word, sentence or paragraph. Text is held back while it
    may still be such a repetition, which at most `REACH` characters can. An overlap counts only where it begins at
    the start of a word: "book" and "keeper" share a letter, but nothing was repeated.
    """

    def __init__(self, shown: str) -> None:
        self._tail = shown[-REACH:]
        self._starts = [at for at in range(len(self._tail)) if at == 0 or not (_in_word(self._tail, at - 1, at))]
        self._held = ""
        self._joined = False

    def feed(self, text: str) -> str:
        """Take the next piece of the continuation; return what of all pieces may be shown now."""
        if self._joined:
            return text
        self._held += text
        if any(self._tail.startswith(self._held, at) for at in self._starts):
            return ""
        return self.end()

    def end(self) -> str:
        """No more comes: return what was still held back."""
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
