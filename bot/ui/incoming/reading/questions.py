"""Messages as questions: what they ask, what they quote, and what of it Discord hides from the bot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import discord

from bot.conversation.extras.quoting import cut, fenced
from bot.conversation.prompt import speaker
from bot.core.records import Extras, Question
from bot.ui.incoming.reading.contents import contents_of
from bot.ui.targets.places import message_place
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from bot.core.records import SentFile
    from bot.ui.incoming.markup import Mark

QUOTE_LIMIT = 8000  # characters of a message that a question is about
MOST_LINKS = 3  # messages that one question may link to; each costs a request
LINK = re.compile(
    r"https://(?:canary\.|ptb\.)?discord(?:app)?\.com/channels/(?:@me|\d{1,20})/(\d{1,20})/(\d{1,20})"
)


def question_of(message: discord.Message, me: discord.abc.User) -> Question:
    """A message that asks; it may have neither text nor files."""
    own = contents_of(message, without=_marks(message, me))
    text, files, notes, quoted_id = own.text, own.files, [], None
    about = _about(message)
    links = links_in(message.content)
    if isinstance(about, discord.Message) and about.author.id != me.id:
        quoted, text = contents_of(about), about_message(about, text)
        files = (*files, *quoted.files)
        if quoted:
            quoted_id = about.author.id
        else:
            notes.append(texts.QUOTE_HIDDEN)
    elif about is None and (missing := _unresolved(message)):
        links = (missing, *links)
    if any(not _snapshot_shows(each) for each in message.message_snapshots):
        notes.append(texts.FORWARD_HIDDEN)
    return Question(
        place=message_place(message),
        author_id=message.author.id,
        author_name=message.author.display_name,
        text=text,
        message_id=message.id,
        replies_to=message.reference.message_id if message.reference and not _is_forward(message) else None,
        quoted_id=quoted_id,
        extras=Extras(
            files=files,
            links=links[:MOST_LINKS],
            notes=tuple(notes),
            room_id=message.channel.id if _sees_room(message) else None,
        ),
    )


def words_of(message: discord.Message, me: discord.abc.User) -> str:
    """What a message says, less the marks that address the bot."""
    return contents_of(message, without=_marks(message, me)).words


def about_message(message: discord.Message, text: str) -> str:
    """A question about somebody's message, with the message."""
    quoted, author = contents_of(message), speaker(message.author.display_name)
    if not quoted:
        return f"About a message by {author} that can't be read here.\n{text}".rstrip()
    if not quoted.text:
        return f"About the files that {author} sent.\n{text}".rstrip()
    return f"About this message by {author}:\n{fenced(cut(quoted.text, QUOTE_LIMIT))}\n{text}".rstrip()


def files_of(message: discord.Message) -> tuple[SentFile, ...]:
    """The files of a message that a question is about."""
    return contents_of(message).files


def is_hidden(message: discord.Message) -> bool:
    """Whether Discord shows the bot nothing of a message: one that anybody could send has something in it."""
    return not contents_of(message)


def links_in(text: str) -> tuple[tuple[int, int], ...]:
    """The messages that a text links to, each once, as channel and id."""
    found = (match.groups() for match in LINK.finditer(text))
    return tuple(dict.fromkeys((int(channel), int(message)) for channel, message in found))[:MOST_LINKS]


def _about(message: discord.Message) -> discord.Message | discord.DeletedReferencedMessage | None:
    """The message that this one replies to, or that its thread is about."""
    return message.reference.resolved if message.reference and not _is_forward(message) else None


def _unresolved(message: discord.Message) -> tuple[int, int] | None:
    """A message that this one replies to, where Discord only names it."""
    reference = message.reference
    if reference is None or reference.message_id is None or _is_forward(message):
        return None
    return reference.channel_id, reference.message_id


def _is_forward(message: discord.Message) -> bool:
    return bool(message.reference and message.reference.type is discord.MessageReferenceType.forward)


def _snapshot_shows(snapshot: discord.MessageSnapshot) -> bool:
    return bool(
        snapshot.content or snapshot.embeds or snapshot.attachments or snapshot.stickers or snapshot.components
    )


def _sees_room(message: discord.Message) -> bool:
    """Whether the person who wrote a message may read what was said before it."""
    if message.guild is None or not isinstance(message.author, discord.Member):
        return False
    allowed = message.channel.permissions_for(message.author)
    return allowed.view_channel and allowed.read_message_history


def _marks(message: discord.Message, me: discord.abc.User) -> set[Mark]:
    """What addresses the bot in a message."""
    role = message.guild.self_role if message.guild else None
    return {("@", me.id)} | ({("@&", role.id)} if role else set())
