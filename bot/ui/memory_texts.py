"""Sentences about what is remembered: history, privacy, forgetting."""

from __future__ import annotations

RESTORED_NOTHING = "There is nothing to bring back: nobody has begun a new conversation here since the last undo."
NOTHING_TO_EXPORT = "I remember nothing of this channel, so there is nothing to export."
NO_THREADS_HERE = "There are no threads here to branch into; that works in a server's text channels."
MAY_NOT_BRANCH = "You may not create threads here, so you cannot branch the conversation."
I_MAY_NOT_BRANCH = (
    "I may not create threads here. A server admin can give me the permissions Create Public Threads and "
    "Send Messages in Threads."
)
NOT_AN_ANSWER = "That is no answer of mine that I remember."
ANSWERING_AGAIN = "I am answering that again."


def cleared(hidden: int, by: str) -> str:
    """After `/history clear`, for the channel to see."""
    if not hidden:
        return "I remember nothing of this channel, so there is nothing to clear."
    return (
        f"{by} began a new conversation here: I no longer look at the {hidden} earlier messages. "
        "`/history undo` brings them back."
    )


def restored(turns: int, by: str) -> str:
    """After `/history undo`, for the channel to see."""
    return f"{by} brought the earlier conversation back: I look at {turns} more messages again."


def exported(turns: int, *, whole: bool) -> str:
    """With the file of `/history export`."""
    what = "All that I remember of this channel" if whole else "What I remember last of this channel"
    return f"{what}: {turns} messages. Only you can see this."


def branched(thread: str, turns: int) -> str:
    """After `/history branch`, for the person who did it."""
    return f"{thread} goes on from here: I remember {turns} messages of this conversation there."


def branch_begins(by: str, turns: int) -> str:
    """In the new thread."""
    return (
        f"-# {by} branched the conversation off: I remember its last {turns} messages here. Mention me to go on."
    )
