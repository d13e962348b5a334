"""Every sentence a user reads, but for those that errors carry themselves."""

from __future__ import annotations

from bot.conversation.ending import Ending, Footer, Queued
from bot.core.events import Waiting, WaitReason
from bot.core.records import ReplyState
from bot.core.units import dollars
from bot.display.target import DisplayTexts
from bot.money.limits import budget_name
from bot.ui.texts import memory as memory_texts
from bot.ui.texts.models import unavailable

EMPTY_QUESTION = "Yes? Ask me something in the same message, or use `/ask`."
NOT_ADMIN = (
    "Only admins can do that here: people with the Manage Server permission or the role that the settings name, "
    "and the bot's owner."
)
OUTDATED_COMMAND = "That command has changed. Reload Discord, then try again in a minute."
DISCORD_FAILED = "Discord had a problem with that. Please try again in a moment."
UNEXPECTED = "Something went wrong on my side. Please try again; the bot's owner finds the cause in the log."
NOT_YOURS = "Only the person who asked, or somebody who may manage messages here, can do that."
ALREADY_ENDED = "That reply has already ended."
NOTHING_TO_ASK_ABOUT = "That message has no text that I could read."
NO_HISTORY = "I remember nothing of this channel."
MY_NAME = "Me"
NOT_IN_DIRECT_MESSAGES = "There is no server here; leave the scope at `channel`."


def may_not_write(where: str) -> str:
    """To somebody who asked where the bot may not write."""
    return (
        f"You asked me something at {where}, but I may not write there. "
        "A server admin can give me the permissions View Channel and Send Messages (in threads: Send Messages in "
        "Threads)."
    )


def footer(footer: Footer) -> str:
    """Model, tokens in and out, and cost."""
    tokens = f"{footer.prompt_tokens:,} + {footer.completion_tokens:,} tokens"
    if footer.cost_nano_usd is None:
        return f"{footer.model} · {tokens}"
    about = "about " if footer.estimated else ""
    return f"{footer.model} · {tokens} · {about}{dollars(footer.cost_nano_usd)}"


def answer_ready(user_id: int, seconds: float) -> str:
    """The ping after an answer that took long."""
    return f"-# <@{user_id}> the answer is there, after {seconds:,.0f} s."


class ReplyTexts:
    """The small print of replies."""

    display = DisplayTexts(
        rest_to_come="The answer goes on. The rest follows as a file when it's complete.",
        rest_attached="The rest is in the attached file.",
        refused="Discord refused to show this answer.",
    )

    def ending(self, ending: Ending) -> str:
        """Under an ended reply; empty for one that simply ended."""
        notes = [self._reason(ending)]
        if ending.answered_by:
            notes.append(f"Answered by {ending.answered_by}, because the chosen model could not.")
        if ending.footer:
            notes.append(footer(ending.footer))
        if ending.unavailable:
            notes.append(unavailable(*ending.unavailable))
        if ending.history_truncated:
            notes.append(memory_texts.HISTORY_TRUNCATED)
        if ending.not_saved:
            notes.append(memory_texts.not_saved(ending.not_saved.reason))
        notes += [f"{budget_name(limit)} is 80 % used." for limit in ending.warnings]
        return " ".join(note for note in notes if note)

    def _reason(self, ending: Ending) -> str:
        if ending.error is not None:
            return ending.error.sentence
        stopped = f"Stopped by {ending.by}." if ending.by else "Stopped."
        return {
            ReplyState.STOPPED: stopped,
            ReplyState.CUT: "Cut off at the length limit.",
            ReplyState.FILTERED: "The model provider's content filter ended this answer.",
            ReplyState.INTERRUPTED: "Interrupted by a restart of the bot.",
            ReplyState.FAILED: UNEXPECTED,
        }.get(ending.state, "")

    def waiting(self, waiting: Waiting | Queued) -> str:
        """While nothing of the answer is there."""
        if isinstance(waiting, Queued):
            others = "one other question" if waiting.ahead == 1 else f"{waiting.ahead} other questions"
            return f"Waiting for {others} in this channel."
        about = "" if waiting.seconds is None else f", about {max(1, round(waiting.seconds))} s"
        return {
            WaitReason.RATE_LIMIT: f"Waiting for the model's rate limit{about}.",
            WaitReason.CAPACITY: f"Waiting for other answers to end{about}.",
            WaitReason.PERSON: "Waiting for one of your other answers to end.",
            WaitReason.SERVER: "Waiting for one of this server's other answers to end.",
            WaitReason.RETRY: f"The model did not answer; trying again{about}.",
            WaitReason.START: "",
            WaitReason.BUDGET: "Waiting for other answers to end, to see whether the budget has room.",
            WaitReason.AGAIN: "Trying again.",
        }[waiting.reason]

    def thinking(self, thoughts: str) -> str:
        """The newest thoughts on one line, from a whole word on."""
        flat = " ".join(thoughts.split())
        return f"Thinking: … {flat.partition(' ')[2] or flat}"
