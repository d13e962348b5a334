"""Records as the page is given them: ids are strings, and nothing in them is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.discord.state import codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playground.discord import Attachment, Channel, Discord, Message, Request, User
    from playground.web.stage import Stage

Json = dict[str, Any]
EXCERPT = 120  # characters of a message that is replied to
PAGE_MESSAGES = 200  # of one place, given to a page that has just been opened
KINDS = {codes.TEXT: "channel", codes.DM: "dm"}
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
WEBHOOK = "/webhooks/{application_id}/{token}"
ANSWER = f"{WEBHOOK}/messages/{{message_id}}"
COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
KINDS_OF_REQUESTS = {
    ("POST", MESSAGES): "creates",
    ("POST", WEBHOOK): "creates",
    ("PATCH", MESSAGE): "edits",
    ("PATCH", ANSWER): "edits",
}
IN_WORDS = {  # what the bot's requests do, by method and route
    ("POST", MESSAGES): "post a message",
    ("PATCH", MESSAGE): "edit a message",
    ("DELETE", MESSAGE): "delete a message",
    ("GET", MESSAGES): "read the messages",
    ("GET", MESSAGE): "read a message",
    ("POST", f"{MESSAGES}/bulk-delete"): "delete several messages",
    ("PUT", f"{MESSAGE}/reactions/{{emoji}}/@me"): "add a reaction",
    ("PUT", "/channels/{channel_id}/thread-members/{user_id}"): "add somebody to a thread",
    ("POST", f"{MESSAGE}/threads"): "start a thread at a message",
    ("POST", "/channels/{channel_id}/threads"): "start a thread",
    ("POST", "/channels/{channel_id}/typing"): "show that it is typing",
    ("GET", "/channels/{channel_id}"): "ask about a channel",
    ("PATCH", "/channels/{channel_id}"): "change a channel",
    ("DELETE", "/channels/{channel_id}"): "delete a channel",
    ("POST", "/interactions/{interaction_id}/{token}/callback"): "answer an interaction",
    ("POST", WEBHOOK): "post a follow-up",
    ("PATCH", ANSWER): "edit an interaction's answer",
    ("DELETE", ANSWER): "delete an interaction's answer",
    ("GET", ANSWER): "read an interaction's answer",
    ("GET", COMMANDS): "read its commands",
    ("PUT", COMMANDS): "register its commands",
    ("GET", GUILD_COMMANDS): "read a server's commands",
    ("PUT", GUILD_COMMANDS): "register a server's commands",
    ("GET", "/guilds/{guild_id}"): "ask about a server",
    ("GET", "/guilds/{guild_id}/members/{user_id}"): "ask about a member",
    ("GET", "/users/@me"): "ask who it is",
    ("GET", "/users/{user_id}"): "ask about a person",
    ("POST", "/users/@me/channels"): "open a direct message",
    ("GET", "/applications/@me"): "ask about its application",
    ("GET", "/oauth2/applications/@me"): "ask about its application",
    ("PATCH", "/applications/@me"): "change its application",
    ("GET", "/users/@me/guilds"): "ask which servers it is in",
    ("GET", "/gateway"): "ask for the gateway",
    ("GET", "/gateway/bot"): "ask for the gateway",
}


def user_view(user: User) -> Json:
    return {"id": str(user.id), "name": user.name, "bot": user.bot}


def place_view(place: Channel) -> Json:
    """A channel, a thread (with its parent) or a direct message (with the person in it)."""
    view: Json = {"id": str(place.id), "name": place.name, "kind": KINDS.get(place.type, "thread")}
    view["parent"] = str(place.parent.id) if place.parent else None
    view["person"] = str(place.recipient.id) if place.recipient else None
    return view


def message_view(message: Message) -> Json:
    used = message.interaction
    return {
        "id": str(message.id),
        "place": str(message.channel.id),
        "author": str(message.author.id),
        "created": message.created,  # seconds since 1970
        "content": message.content,
        "edited": message.edited is not None,
        "thinking": bool(message.flags & codes.LOADING),
        "only": str(message.ephemeral_to.id) if message.ephemeral_to else None,
        "reply": _reply(message.reply_to) if message.reply_to else None,
        "pinged": [str(user.id) for user in message.pinged],
        "used": {"by": str(used.user.id), "name": used.name, "slash": used.data.get("type") == codes.SLASH}
        if used and used.type == codes.COMMAND
        else None,
        "components": message.components,
        "embeds": message.embeds,
        "files": [file_view(file) for file in message.attachments],
        "stickers": [sticker["name"] for sticker in message.stickers],
        "poll": _poll(message.poll) if message.poll else None,
        "forwarded": _forwarded(message.forwarded) if message.forwarded else None,
        "reactions": message.reactions,
    }


def _reply(target: Message) -> Json:
    text = "" if target.deleted else " ".join(target.content.split())[:EXCERPT]
    return {"id": str(target.id), "author": str(target.author.id), "text": text, "deleted": target.deleted}


def _poll(poll: Json) -> Json:
    votes = {count["id"]: count["count"] for count in poll["results"]["answer_counts"]}
    answers = [
        {"text": answer["poll_media"]["text"], "votes": votes[answer["answer_id"]]} for answer in poll["answers"]
    ]
    return {"question": poll["question"]["text"], "answers": answers}


def _forwarded(message: Message) -> Json:
    """A forwarded message as everybody sees it: without its author."""
    return {"content": message.content, "files": [file_view(file) for file in message.attachments]}


def file_view(file: Attachment) -> Json:
    kind = file.content_type
    image = kind.startswith("image/") and "svg" not in kind
    about: Json = {"id": str(file.id), "name": file.name, "size": len(file.data)}
    return {**about, "image": image, "sound": kind.startswith("audio/"), "description": file.description or ""}


def request_view(request: Request) -> Json:
    """A request of the bot in words; its body is not the page's business."""
    words = IN_WORDS.get((request.method, request.route), request.route)
    place = str(request.channel) if request.channel else None
    return {"method": request.method, "what": words, "place": place, "status": request.status}


def world_view(d: Discord, stage: Stage, messages: Iterable[Message]) -> Json:
    """All that a page needs to begin with; `messages` are in order."""
    roles = {str(stage.admin.id): "admin", str(stage.member.id): "member"}
    kept: dict[int, list[Message]] = {}
    for message in messages:
        kept.setdefault(message.channel.id, []).append(message)
    people = [{**user_view(user), "role": roles[key]} for key, user in stage.people.items()]
    return {
        "server": stage.guild.name,
        "bot": {**user_view(d.bot), "online": d.online},
        "people": people,
        "places": [place_view(place) for place in d.world.channels.values()],
        "roles": [{"id": str(role.id), "name": role.name} for role in stage.guild.roles.values()],
        "messages": [message_view(message) for place in kept.values() for message in place[-PAGE_MESSAGES:]],
    }
