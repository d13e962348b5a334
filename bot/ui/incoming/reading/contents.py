"""All that a message carries, as people read it: its words, and the files to be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import discord

from bot.conversation.extras.quoting import cut, fenced
from bot.core.names import one_line, plain_name
from bot.core.records import SentFile
from bot.ui.incoming.markup import names_in, names_known, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.ui.incoming.markup import Mark

TEXT_LIMIT = 12_000  # characters of one message: Discord allows 4,000, and 6,000 in embeds
COMPONENTS = 200  # looked at; Discord allows 40
MOST_FILES = 20  # of one message; Discord allows 10
STICKER_BYTES = 512 * 1024  # Discord: the largest sticker
STICKERS = {  # that are pictures; the fourth kind is a program
    discord.StickerFormatType.png: ("png", "image/png"),
    discord.StickerFormatType.apng: ("png", "image/png"),
    discord.StickerFormatType.gif: ("gif", "image/gif"),
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message says besides its own words, and its files; nothing of both where Discord hides it."""

    words: str = ""
    more: str = ""  # forwards, polls, embeds, stickers, components
    files: tuple[SentFile, ...] = ()

    @property
    def text(self) -> str:
        return cut("\n\n".join(part for part in (self.words, self.more) if part), TEXT_LIMIT)

    def __bool__(self) -> bool:
        return bool(self.words or self.more or self.files)


def contents_of(message: discord.Message, *, without: Iterable[Mark] = ()) -> Contents:
    """All that a message carries, its words without some marks."""
    names = _names(message, message.guild)
    said = message.system_content if message.is_system() else message.content
    words = readable(said or "", names, without=tuple(without))
    forwards = [_forward(each, message.guild) for each in message.message_snapshots]
    more = [part for each in forwards for part in each[0]]
    if message.poll is not None:
        more.append(_poll(message.poll, names))
    more += _besides(message, names)
    files = [*_files(message), *(file for each in forwards for file in each[1])]
    return Contents(words, "\n\n".join(more), tuple(files[:MOST_FILES]))


def _names(message: discord.Message, guild: discord.Guild | None) -> dict[Mark, str]:
    known = names_known(_all_text(message), guild) if guild else {}
    return known | names_in(message)


def _all_text(message: discord.Message | discord.MessageSnapshot) -> str:
    """Where ids may stand that have names: Discord resolves those in a message's own words alone."""
    embeds = (text for embed in message.embeds for text in _embed_texts(embed))
    return "\n".join([message.content, *embeds, *_component_texts(message.components)])


def _forward(snapshot: discord.MessageSnapshot, guild: discord.Guild | None) -> tuple[list[str], list[SentFile]]:
    """A forwarded message, of which Discord doesn't say who wrote it."""
    names = names_known(_all_text(snapshot), guild) if guild else {}
    text = "\n\n".join([readable(snapshot.content, names), *_besides(snapshot, names)]).strip()
    files = list(_files(snapshot))
    if not text and not files:
        return [], []
    return [f"A forwarded message:\n{fenced(cut(text, TEXT_LIMIT))}" if text else "A forwarded message."], files


def _besides(message: discord.Message | discord.MessageSnapshot, names: Mapping[Mark, str]) -> Iterator[str]:
    """What stands beside the words: embeds, components and stickers. Other people wrote it, so it's set off."""
    for embed in message.embeds:
        if text := "\n".join(filter(None, (readable(part, names) for part in _embed_texts(embed)))):
            yield f"An embed:\n{fenced(text)}"
    if text := "\n".join(readable(part, names) for part in _component_texts(message.components)):
        yield text
    for sticker in message.stickers:
        yield f"A sticker: {plain_name(sticker.name)}"


def _poll(poll: discord.Poll, names: Mapping[Mark, str]) -> str:
    lines = [f"A poll: {one_line(readable(str(poll.question or ''), names))}"]
    for answer in poll.answers:
        votes = f"{answer.vote_count} {'vote' if answer.vote_count == 1 else 'votes'}"
        lines.append(f"- {one_line(readable(answer.text or '', names))} ({votes})")
    return "\n".join([*lines, "The poll has ended."] if poll.is_finalised() else lines)


def _embed_texts(embed: discord.Embed) -> Iterator[str]:
    """In the order in which Discord shows them."""
    parts = (embed.provider.name, embed.author.name, embed.title, embed.description)
    yield from (part for part in parts if part)
    for field in embed.fields:
        yield f"{field.name}: {field.value}"
    if embed.footer.text:
        yield embed.footer.text


def _component_texts(components: Iterable[Any]) -> list[str]:
    """The texts in a message's layout."""
    return [
        item.content for item in islice(_walk(components), COMPONENTS) if isinstance(item, discord.TextDisplay)
    ]


def _walk(components: Iterable[Any]) -> Iterator[Any]:
    left = list(components)[::-1]
    while left:
        item = left.pop()
        yield item
        left += list(getattr(item, "children", ()))[::-1]


def _files(message: discord.Message | discord.MessageSnapshot) -> Iterator[SentFile]:
    yield from map(sent_file, message.attachments)
    for sticker in message.stickers:
        if kind := STICKERS.get(sticker.format):
            ending, media_type = kind
            yield SentFile(
                name=f"{sticker.name}.{ending}", url=sticker.url, size=STICKER_BYTES, media_type=media_type
            )


def sent_file(attachment: discord.Attachment) -> SentFile:
    """A file on Discord, as its sender describes it."""
    return SentFile(
        name=attachment.filename,
        url=attachment.url,
        size=attachment.size,
        media_type=attachment.content_type or "",
        width=attachment.width,
        height=attachment.height,
        seconds=attachment.duration,
        description=attachment.description or "",
    )
