"""What people post besides text and files: voice messages, stickers, polls and forwards, and links unfurled."""

from __future__ import annotations

import base64
import time
from copy import copy
from typing import TYPE_CHECKING

from playground.discord.state import codes
from playground.discord.state.payloads import stamp
from playground.discord.state.permissions import may_write
from playground.discord.state.records import ApiError, PlaygroundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playground.discord.state.records import Channel, Json, Message, User
    from playground.discord.state.world import World

POLL_HOURS = 24
STICKERS = {"png": 1, "apng": 2, "lottie": 3, "gif": 4}  # Discord's numbers for their formats


class Posts:
    """All of it raises `PlaygroundError` where a client would not offer it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def voice(
        self, user: User, channel: Channel, ogg: bytes, seconds: float, *, reply_to: Message | None = None
    ) -> Message:
        """A voice message: one recording and nothing else."""
        wave = base64.b64encode(bytes(range(0, 250, 10))).decode()
        file = (
            "voice-message.ogg",
            ogg,
            {"duration_secs": seconds, "waveform": wave, "content_type": "audio/ogg"},
        )
        body: Json = {"flags": codes.VOICE_MESSAGE}
        if reply_to:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        return self._post(user, channel, body, [file])

    def sticker(
        self, user: User, channel: Channel, name: str, picture: bytes = b"", *, kind: str = "png", text: str = ""
    ) -> Message:
        item = self.world.cdn.add_sticker(name, picture, STICKERS[kind])
        return self._post(user, channel, {"content": text, "sticker_items": [item]})

    def forward(self, user: User, message: Message, channel: Channel) -> Message:
        """Forward a message: a copy of it as it is now, without its author."""
        reference = {"type": codes.FORWARD, "message_id": str(message.id), "channel_id": str(message.channel.id)}
        return self._post(user, channel, {"message_reference": reference, "snapshot": copy(message)})

    def poll(
        self, user: User, channel: Channel, question: str, answers: Sequence[str], *, text: str = ""
    ) -> Message:
        listed = [{"answer_id": n, "poll_media": {"text": answer}} for n, answer in enumerate(answers, 1)]
        counts = [{"id": n, "count": 0, "me_voted": False} for n in range(1, len(answers) + 1)]
        poll: Json = {"question": {"text": question}, "answers": listed, "allow_multiselect": False}
        poll |= {"layout_type": 1, "expiry": stamp(time.time() + POLL_HOURS * 3600)}
        poll["results"] = {"is_finalized": False, "answer_counts": counts}
        return self._post(user, channel, {"content": text, "poll": poll})

    def vote(self, message: Message, answer: int) -> None:
        """Somebody votes for an answer of a poll, counted from 1."""
        if message.poll is None:
            raise PlaygroundError("that message has no poll")
        message.poll["results"]["answer_counts"][answer - 1]["count"] += 1

    def unfurl(self, message: Message, *embeds: Json) -> None:
        """Show what a message links to, as Discord does a moment after it was posted."""
        if message.flags & codes.SUPPRESS_EMBEDS:
            return
        message.embeds = [*message.embeds, *embeds]
        self.world.announce("MESSAGE_UPDATE", message)
        self.world.changed("edit", message)

    def _post(
        self, user: User, channel: Channel, body: Json, files: Sequence[tuple[str, bytes, Json]] = ()
    ) -> Message:
        try:
            may_write(user, channel, files=bool(files), reply=False)
            return self.world.create(channel, user, body, files=files)
        except ApiError as error:
            raise PlaygroundError(f"{user.name} cannot post that in #{channel.name}: {error}") from error
