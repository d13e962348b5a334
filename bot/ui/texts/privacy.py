"""What `/privacy` and `/forget` say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.conversation.upkeep.erasure import Retention

_PROVIDERS = {
    "openrouter": "OpenRouter, together with the channel's id. OpenRouter passes it on to a provider of the model",
    "ollama": "an Ollama server that the bot's owner chose",
    "openai": "an OpenAI-compatible server that the bot's owner chose",
}
_POLICIES = {
    "deny": " I ask it to use only providers that don't store or train on what they receive.",
    "allow": " It may use providers that store what they receive or train on it.",
}
_NOTICE = (
    "**What I keep**: the questions you ask me, with your display name, your Discord id, and the files and "
    "messages they are about. Also my answers, and which messages show them. I note when you asked, which model "
    "answered and what it cost. Those figures contain no text and stay for accounting. I don't keep other "
    "messages.{thoughts}\n"
    "**What I read**: where I may, the channel's last messages before a question, for context. I don't store "
    "them, and I leave out people who turned memory off.\n"
    "**How long**: {kept}. Deleting a question's or an answer's message deletes it here too. Deleting a channel "
    "deletes all of it. I erase a server's conversations a week after I leave it. I never keep private questions "
    "(`/ask` with `private`).\n"
    "**Where**: in this bot's own database, which its owner can read, and in backups the owner makes.\n"
    "**Who sees it**: people who can read the channel's history on Discord, by `/history`. Each question "
    "sends the conversation so far, with display names, to {provider}.{policy} It receives a code "
    "made from your Discord id, not the id itself.\n"
    "**Your choice**: `/forget me` permanently erases your questions and their answers, in every server. Backups "
    "made before that still contain them. I can't erase what others said about you; they can.\n"
    "{now}"
)
REMEMBERED = "**Now**: I remember what you ask me."
NOT_REMEMBERED = (
    "**Now**: I still answer you, but I don't remember new questions. What I kept before is still here. "
    "To erase it, use `/forget me`."
)
OPT_OUT, OPT_IN = "Don't remember me", "Remember me again"

ERASE = "Erase"
ERASING = "Erasing…"
NOTHING_ERASED = "I erased nothing."
NO_SERVER_HERE = "There's no server here. In direct messages, use `/forget me` or `/forget channel`."
_STAYS = "The messages on Discord stay. You can't undo this."
CONFIRM_ME = (
    f"I'll erase everything you ever asked me and my answers to it, in every server and direct message. {_STAYS}"
)
CONFIRM_CHANNEL = (
    f"I'll erase everything I remember of this channel, for everybody. {_STAYS} To start over without erasing "
    "anything, use `/history clear`."
)
CONFIRM_SERVER = (
    f"I'll erase everything I remember of this server, in every channel and thread. Settings stay. {_STAYS}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What applies to this bot."""

    retention: Retention
    provider: str
    data_collection: str


def notice(facts: Facts, *, remembers: bool) -> str:
    """What `/privacy` says."""
    days = facts.retention.days
    return _NOTICE.format(
        thoughts=_thoughts(facts.retention.thinking_days),
        kept="until somebody erases it" if days is None else f"for {days} days",
        provider=_PROVIDERS[facts.provider],
        policy=_POLICIES[facts.data_collection] if facts.provider == "openrouter" else "",
        now=REMEMBERED if remembers else NOT_REMEMBERED,
    )


def _thoughts(days: int | None) -> str:
    """What happens to what models think."""
    kept = "as long as the answer" if days is None else f"for {days} day{'s' if days > 1 else ''} at most"
    return f" Where an admin put a Thinking button under answers, I keep the model's thoughts {kept}."


def erased(turns: int) -> str:
    """After something was erased for good."""
    if not turns:
        return "There was nothing to erase."
    return f"Done. I permanently erased {turns:,} {'message' if turns == 1 else 'messages'}."
