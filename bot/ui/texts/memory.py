"""What `/history` answers, and the small print under answers about memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.names import plain_name
from bot.ui.texts.names import shown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import Attachment

MY_NAME = "Me"
NO_HISTORY = "I don't remember anything of this channel."
RESTORED_NOTHING = "There's nothing to bring back. Nobody has used `/history clear` here since the last undo."
NOTHING_TO_EXPORT = "I don't remember anything of this channel, so there's nothing to export."
NO_THREADS_HERE = "I can't open a thread here. Branching works in a server's text channels."
MAY_NOT_BRANCH = "You can't branch here, because you don't have permission to create threads."
MAY_NOT_BRANCH_PRIVATELY = (
    "You can't branch here. The conversation of a private thread goes on in a private thread, and you don't have "
    "permission to create one."
)
I_MAY_NOT_BRANCH = (
    "I can't create threads here. An admin can give me the permissions Create Public Threads, Create Private "
    "Threads and Send Messages in Threads."
)
HISTORY_TRUNCATED = "Earlier messages no longer fit into what this model can read at once."
NOT_AN_ANSWER = "That isn't one of my saved answers."
RETRYING = "I'm answering that question again."


def not_saved(reason: str) -> str:
    """Under an answer that memory doesn't have."""
    return f"I couldn't save this answer: the database is unavailable ({reason})."


def cleared(hidden: int, by: str) -> str:
    """After `/history clear`, for the channel to see."""
    if not hidden:
        return "I don't remember anything of this channel, so there's nothing to clear."
    return (
        f"{shown_name(by)} started a new conversation here. I no longer use the {messages(hidden)} before it. "
        "To bring them back, use `/history undo`."
    )


def restored(turns: int, by: str) -> str:
    """After `/history undo`, for the channel to see."""
    return f"{shown_name(by)} brought the earlier conversation back. I use {messages(turns)} of it again."


def exported(turns: int, *, whole: bool) -> str:
    """With the file of `/history export`."""
    what = "Everything I remember of this channel" if whole else "The newest part of what I remember here"
    return f"{what}: {messages(turns)}. Only you can see this."


def branched(thread: str, turns: int) -> str:
    """After `/history branch`, for the person who did it."""
    return f"The conversation goes on in {thread}. I remember {messages(turns)} there."


def branch_begins(by: str, turns: int) -> str:
    """In the new thread."""
    last = f"I remember its last {messages(turns)}"
    return f"-# {shown_name(by)} branched this conversation. {last}. Mention me to go on."


def attached(attachments: Sequence[Attachment]) -> str:
    """What came with a question, by name."""
    return "With: " + ", ".join(plain_name(each.name) for each in attachments)


def messages(count: int) -> str:
    """A number of messages."""
    return "1 message" if count == 1 else f"{count:,} messages"
