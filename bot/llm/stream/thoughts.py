"""Thoughts that a model writes into its answer, in tags before the first word of it."""

from __future__ import annotations

import re

from bot.llm.stream.deltas import Kind, Words

# What model families use. Those in lower case stand for any case; `[Think]` may begin a sentence.
TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|channel|>analysis<|message|>": "<|start|>assistant<|channel|>final<|message|>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
}
LONGEST_TAG = max(map(len, TAGS))
BLANK_CHARS = 200  # after so much white space no tag is expected any more


class LeadingThoughts:
    """Tells leading thoughts from the answer. Once the answer has begun, tags in it are text.

    Attributes:
        over: the answer has begun; the text from here on needs no look.
    """

    def __init__(self) -> None:
        self.over = False
        self._held = ""  # not told apart yet
        self._close = ""  # the tag that ends the thought that has begun
        self._fresh = False  # nothing of that thought has been given yet
        self._block: list[str] = []  # all of that thought as it came, its tag included
        self._closed = False  # a thought has ended

    def feed(self, text: str) -> Words:
        """The words that are certain with this piece; the beginning of a tag is held back."""
        words: Words = []
        self._held += text
        if self._close:
            self._block.append(text)
        while not self.over and (self._think(words) if self._close else self._look(words)):
            pass
        return words

    def end(self, *, complete: bool) -> Words:
        """Nothing more comes: gives what is held back.

        A thought that never ends, in an answer that does as `complete` says, was the answer: it's given as text.
        """
        self.over = True
        if self._close and complete:
            return [(Kind.TEXT, "".join(self._block))]
        is_answer = self._held.strip() or not self._closed  # white space after a thought isn't one
        if not self._held or not (self._close or is_answer):
            return []
        return [(Kind.REASONING if self._close else Kind.TEXT, self._held)]

    def _look(self, words: Words) -> bool:
        """Look for a tag; whether one is there, so that there's more to do."""
        text = self._held.lstrip()
        if not text and len(self._held) < BLANK_CHARS:
            return False
        start = text[:LONGEST_TAG]
        if tag := next((tag for tag in TAGS if _alike(start[: len(tag)], tag)), None):
            self._close, self._fresh, self._block = TAGS[tag], True, [self._held]
            self._held = text[len(tag) :]
            return True
        if not text or not any(_alike(start, tag[: len(start)]) for tag in TAGS):
            self.over = True
            if text := self._without_blank_lines(text) if self._closed else self._held:
                words.append((Kind.TEXT, text))
        return False

    def _without_blank_lines(self, text: str) -> str:
        """What follows a thought, less the lines that only set it off from the thought."""
        return self._held[: len(self._held) - len(text)].rpartition("\n")[2] + text

    def _think(self, words: Words) -> bool:
        """Pass thoughts on; whether they ended, so that there's more to do."""
        if self._fresh:
            self._held = self._held.lstrip()
        if end := re.search(re.escape(self._close), self._held, re.IGNORECASE):
            thought, self._held = self._held[: end.start()], self._held[end.end() :]
            self._close, self._closed, self._block = "", True, []
        else:
            certain = len(self._held) - self._cut_tag()
            thought, self._held = self._held[:certain], self._held[certain:]
        if thought:
            self._fresh = False
            words.append((Kind.REASONING, thought))
        return not self._close

    def _cut_tag(self) -> int:
        """How many of the last characters may be the beginning of the closing tag."""
        longest = min(len(self._close) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if _alike(self._held[-n:], self._close[:n])), 0)


def _alike(text: str, tag: str) -> bool:
    return tag in (text, text.lower())
