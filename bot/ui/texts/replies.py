"""The small print of replies, and the sentences that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.conversation.asides.search import SearchNote
from bot.conversation.ending import Ending, Footer, Queued
from bot.conversation.extras.quoting import cut
from bot.core.events import Besides, Waiting, WaitReason
from bot.core.names import one_line
from bot.core.records import ReplyState
from bot.core.units import about, dollars, duration
from bot.display.target import DisplayTexts
from bot.money.limits import budget_name
from bot.ui.texts import memory as memory_texts
from bot.ui.texts.models import unavailable
from bot.ui.texts.names import shown_code, shown_name, shown_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.events import Source

FILE_NAME_CHARS = 60
NOTES_LIMIT = 1000  # characters of what is said about files; the rest of a message is for the answer
EMPTY_QUESTION = "Ask me something in the same message, or use `/ask`."
ROLE_MENTIONED = (
    "You mentioned my role, and Discord doesn't show me what such a message says. "
    "Mention me, not my role, or use `/ask`."
)
REPLY_HIDDEN = "Discord doesn't show me what that reply says. Mention me in it by name, or use `/ask`."
NOT_READY = "I can't see this server yet. Please ask me again in a minute."
NOT_ADMIN = (
    "Only admins can do that here. Admins have the Manage Server permission or the admin role from `/settings`."
)
UNEXPECTED = "Something went wrong on my side. Please try again; the bot's owner can find the cause in the log."
DISCORD_FAILED = "Discord had a problem with that. Please try again in a moment."
MISSING_PERMISSION = "I'm missing a permission for that here. An admin can find out which one with `/doctor`."
OUTDATED_COMMAND = "That command has changed. Reload Discord, then try again in a minute."
CANNOT_READ = "You need the View Channel and Read Message History permissions here for that."
NOT_YOURS = "Only the person who asked, or somebody who can manage messages here, can do that."
NOT_FOR_YOU = "Only the person who used the command can do that."
NO_LONGER_ALLOWED = "You're no longer allowed to do that here."
NOT_OFFERED = "That isn't one of the choices. Run the command again."
ALREADY_ENDED = "That reply has already ended."
ASK_TITLE = "Ask about this message"
ASK_LABEL = "Your question"
ASK_DEFAULT = "What does this mean?"
MESSAGE_GONE = "That message was deleted, so I can't answer questions about it."
NOTHING_TO_ASK_ABOUT = "That message has nothing I can read."
# Under an answer: what came with the question and couldn't be read.
QUOTE_HIDDEN = (
    "Discord hides the message you replied to from me. Use “Ask about this” in that message's menu, under Apps."
)
FORWARD_HIDDEN = (
    "Discord hides the forwarded message from me. Use “Ask about this” in the message's menu, under Apps."
)
LINK_NOT_YOURS = "I can't read the linked message for you: you may not read that channel's history."
LINK_UNREADABLE = "I can't open the linked message: it's gone, or I may not read that channel."
LINK_ELSEWHERE = "I can't open links to messages in other servers or in direct messages."
LINK_HIDDEN = "Discord hides the linked message from me. Use “Ask about this” in its menu, under Apps."
FILES_OFF = "Files are turned off here, so I answered without them. An admin can change that with `/settings set`."


NO_THOUGHTS = "The thoughts behind this answer are no longer stored."
NO_SOURCES = "The sources of this answer are no longer stored."


def page(number: int, of: int) -> str:
    """Under one of several pages."""
    return f"\n-# Page {number} of {of}"


def may_not_write(where: str) -> str:
    """For somebody who asked where the bot can't write."""
    return (
        f"You asked me something at {where}, but I can't write there. "
        "A server admin can give me the permissions View Channel and Send Messages. In threads I need Send "
        "Messages in Threads."
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
    return f"-# <@{user_id}> your answer is ready, after {seconds:,.0f} s."


REMARKS = {
    SearchNote.RETENTION: "Web search is on: what the model looks up goes to a search engine, which may keep it.",
    SearchNote.NO_PROVIDER: "This bot's model provider has no web search, so I answered without it.",
    SearchNote.NO_MODEL: "This model can't search the web, so it answered without.",
    Besides.TOOL_CALL: "The model also tried to use a tool that I don't have.",
    Besides.PICTURE: "The model also sent a picture that I can't show.",
    Besides.AUDIO: "The model also sent audio, which I can't play.",
    Besides.SOMETHING_ELSE: "The model also sent something that I can't show.",
}
SOURCES_SHOWN, SOURCES_CHARS = 8, 1500  # under an answer; Discord takes 2,000 characters with everything else
TITLE_CHARS = 60
# What could end a link, or begin a spoiler or code, as addresses write it.
_IN_LINK = str.maketrans({char: f"%{ord(char):02X}" for char in '<>()|`\\*"'})


def listed(sources: Sequence[Source]) -> tuple[str, bool]:
    """The sources as a line under an answer, and whether each is there with its link."""
    parts: list[str] = []
    shown, whole, used = sources[:SOURCES_SHOWN], len(sources) <= SOURCES_SHOWN, 0
    for number, source in enumerate(shown, 1):
        later = (len(shown) - number) * 2 * TITLE_CHARS
        part = f"[{number}] {_source(source)}"
        if used + len(part) + later > SOURCES_CHARS:
            part, whole = f"[{number}] {_source(source, link=False)}", False
        parts.append(part)
        used += len(part)
    if len(sources) > SOURCES_SHOWN:
        parts.append(f"and {len(sources) - SOURCES_SHOWN} more")
    return ("Sources: " + " · ".join(parts) if parts else ""), whole


def _source(source: Source, *, link: bool = True) -> str:
    """A page's title and host. The title is the page's own word, so nothing in it works as markup."""
    host = _host(source.url)
    title = one_line(source.title).replace("[", "(").replace("]", ")").replace("://", ":")
    title = shown_text(title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1] + "…") or host
    named = f"[{title}](<{source.url.translate(_IN_LINK)}>)" if link else title
    return named if title == host else f"{named} ({host})"


def _host(url: str) -> str:
    """The host in ASCII, so that no letter passes for another one."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host.encode("ascii", "replace").decode()


class ReplyTexts:
    """The small print of replies."""

    display = DisplayTexts(
        rest_to_come="The answer continues. The rest follows as a file when it's complete.",
        rest_attached="The rest is in the attached file.",
        refused="Discord refused to show this answer.",
        pictures_refused=(
            "I couldn't post this answer's pictures. An admin can give me the permission Attach Files."
        ),
        rows_to_come=lambda rows: f"A table is coming: {rows} {'row' if rows == 1 else 'rows'} so far",
    )
    reading = "Reading what you sent."
    files_off = FILES_OFF

    def too_large(self, names: Sequence[str]) -> str:
        """Files that were left out because all of them are too large together."""
        named = ", ".join(shown_code(name, limit=FILE_NAME_CHARS) for name in names)
        return f"Together your files are too large, so I left out {named}. Send fewer at a time."

    def ending(self, ending: Ending) -> str:
        """Under a reply that ended; empty for a plain complete one."""
        notes = [self._reason(ending), *(REMARKS[remark] for remark in ending.remarks)]
        if ending.answered_by:
            notes.append(f"Answered by {ending.answered_by}, because the chosen model couldn't.")
        notes.append(cut(" ".join(dict.fromkeys(ending.notes)), NOTES_LIMIT))
        if ending.footer:
            notes.append(footer(ending.footer))
        if ending.unavailable:
            notes.append(unavailable(*ending.unavailable))
        if ending.history_truncated:
            notes.append(memory_texts.HISTORY_TRUNCATED)
        if ending.not_saved:
            notes.append(memory_texts.not_saved(ending.not_saved.reason))
        notes += [f"{budget_name(limit)} is 80% used." for limit in ending.warnings]
        return "\n".join(filter(None, [listed(ending.sources)[0], " ".join(filter(None, notes))]))

    def _reason(self, ending: Ending) -> str:
        if ending.error is not None:
            return ending.error.sentence
        stopped = f"Stopped by {shown_name(ending.by)}." if ending.by else "Stopped."
        return {
            ReplyState.STOPPED: stopped,
            ReplyState.CUT: "Cut off at the length limit.",
            ReplyState.FILTERED: "The model provider's content filter ended this answer.",
            ReplyState.INTERRUPTED: "Interrupted by a restart of the bot.",
            ReplyState.FAILED: UNEXPECTED,
        }.get(ending.state, "")

    def waiting(self, waiting: Waiting | Queued) -> str:
        """Before the first word of the answer."""
        if isinstance(waiting, Queued):
            others = "one other question" if waiting.ahead == 1 else f"{waiting.ahead} other questions"
            return f"Waiting for {others} in this channel."
        wait = "" if waiting.seconds is None else f", about {about(waiting.seconds)}"
        return {
            WaitReason.RATE_LIMIT: f"Waiting for the model's rate limit{wait}.",
            WaitReason.CAPACITY: f"Waiting for other answers to finish{wait}.",
            WaitReason.PERSON: "Waiting for one of your other answers to finish.",
            WaitReason.SERVER: "Waiting for one of this server's other answers to finish.",
            WaitReason.RETRY: f"The model didn't answer. Trying again{wait}.",
            WaitReason.START: "",
            WaitReason.BUDGET: "Waiting for other answers to finish, to see what the budget still allows.",
            WaitReason.PRESSED_RETRY: "Trying again.",
        }[waiting.reason]

    def further_sources(self, sources: Sequence[Source]) -> str:
        """All sources, a line each; empty where they're all under the answer."""
        if listed(sources)[1]:
            return ""
        return "\n".join(f"{number}. {_source(source)}" for number, source in enumerate(sources, 1))

    def searching(self, seconds: float) -> str:
        """While the model searches the web, or hasn't decided to yet."""
        return f"Searching the web… {duration(seconds)}"

    def thinking(self, seconds: float, thoughts: str = "") -> str:
        """How long the model has thought; the newest thoughts on the same line, from a whole word on."""
        thinking = f"Thinking… {duration(seconds)}"
        flat = " ".join(thoughts.split())
        return f"{thinking}: … {flat.partition(' ')[2] or flat}" if flat else thinking
