"""Sentences about what is remembered: history, privacy, forgetting."""

from __future__ import annotations

from bot.settings.system_prompt import PLACEHOLDERS

RESTORED_NOTHING = "There is nothing to bring back: nobody has begun a new conversation here since the last undo."
NOTHING_TO_EXPORT = "I remember nothing of this channel, so there is nothing to export."
NO_THREADS_HERE = "There are no threads here to branch into; that works in a server's text channels."
MAY_NOT_BRANCH = "You may not create threads here, so you cannot branch the conversation."
I_MAY_NOT_BRANCH = (
    "I may not create threads here. A server admin can give me the permissions Create Public Threads and "
    "Send Messages in Threads."
)
HISTORY_TRUNCATED = "Earlier messages no longer fit into what this model reads at once."
NOT_AN_ANSWER = "That is no answer of mine that I remember."
RETRYING = "I am answering that again."


def not_saved(reason: str) -> str:
    """Under an answer that memory has nothing of."""
    return f"I will not remember this: my memory cannot be used ({reason})."


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


PRIVACY = (
    "**What I keep**: the questions you ask me, with your display name and Discord id and the message they are "
    "about, my answers, and which messages show them. Also when you asked, which model answered and what that "
    "cost; these figures have no text and stay for the accounts. I keep nothing of other messages.\n"
    "**How long**: {kept}. A question goes when its message is deleted, an answer likewise; all of a channel's "
    "when the channel is deleted; all of a server's a week after I have left it. Private questions (`/ask` with "
    "`private`) are never kept.\n"
    "**Where**: in this bot's own database, which its owner can read, and in backups that the owner makes of it.\n"
    "**Who sees it**: whoever may use `/history` in the channel where it was said. With each question the "
    "conversation so far, with display names, goes to {provider}.{policy} In place of your Discord id it "
    "gets a code made from it.\n"
    "**Yours to decide**: `/forget me` erases what you asked and the answers to it, in every server, at once and "
    "for good; backups made before still have it. What others said, of you too, is theirs to erase.\n"
    "{now}"
)
REMEMBERED = "**Now**: I remember what you ask me."
NOT_REMEMBERED = (
    "**Now**: I do not remember what you ask me from here on; I answer, and keep nothing of it. What I kept "
    "before is still there: `/forget me` erases it."
)
ERASING = "Erasing…"
NOTHING_ERASED = "I erased nothing."
NO_SERVER_HERE = "There is no server here; `/forget me` and `/forget channel` work in direct messages as well."
CONFIRM_ME = (
    "I will erase everything you ever asked me and my answers to it, in every server and in direct messages. "
    "The messages on Discord stay. This cannot be undone."
)
CONFIRM_CHANNEL = (
    "I will erase all that I remember of this channel, whoever said it. The messages on Discord stay. "
    "This cannot be undone; `/history clear` can."
)
CONFIRM_SERVER = (
    "I will erase all that I remember of this whole server, whoever said it, in every channel and thread. "
    "The messages on Discord stay, and so do settings. This cannot be undone."
)


def erased(turns: int) -> str:
    """After something was erased for good."""
    if not turns:
        return "There was nothing to erase."
    what = "message that I remembered is" if turns == 1 else "messages that I remembered are"
    return f"Done: {turns:,} {what} erased for good."


_PLACEHOLDERS = ", ".join(f"`{{{name}}}` ({meaning})" for name, meaning in PLACEHOLDERS.items())
OWNERS_PROMPT = "Here the model is told what the bot's owner set. An admin can change that with `/prompt set`."
NO_SERVER_PROMPT = "There is no server here; leave the scope at `channel`."
NO_PROMPT = "That has no text. `/prompt reset` takes the prompt back."


def prompt_head(scope: str, by: int, at: int) -> str:
    """Above the text that `/prompt show` shows."""
    where = "channel" if scope.startswith("channel:") else "server"
    return f"**What the model is told here**, set for the {where} by <@{by}> <t:{at}:R>"


def prompt_kept(scope: str) -> str:
    """After `/prompt set`."""
    return (
        f"From the next question on, the model is told that in this {scope}. "
        f"Placeholders are filled in each time: {_PLACEHOLDERS}."
    )


def prompt_reset(scope: str) -> str:
    """After `/prompt reset`."""
    wider = "what the server or the bot's owner set" if scope == "channel" else "what the bot's owner set"
    return f"This {scope}'s prompt is taken back: from the next question on, {wider} holds."
