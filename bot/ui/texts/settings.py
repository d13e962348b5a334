"""What `/settings` and `/prompt` answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings.catalog import ADMIN_ROLE, ANSWER, BY_KEY, ROOM, SETTINGS
from bot.settings.specs import CHANNEL, RESET
from bot.settings.system_prompt import PLACEHOLDERS
from bot.ui.texts.names import shown_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.settings.resolver import EffectiveSettings
    from bot.settings.specs import SettingSpec
    from bot.settings.store import Change

HEAD = "**Settings here**"
LOG_HEAD = "**Changes in this server**, newest first"
NOTHING_CHANGED = "Nobody has changed anything yet."
MOST_NAMED = 5  # words in braces that the answer to `/prompt set` names
EXCERPT = 80  # characters of a value in the log; a system prompt is longer
NEEDS_INTENT = (
    "I can't read messages that don't mention me yet. The bot's owner has to turn on the message content intent "
    "in the developer portal and set `MESSAGE_CONTENT_INTENT=true`. Until then I only answer mentions."
)
ROOM_NEEDS_INTENT = (
    "I can't read other messages yet. The bot's owner has to turn on the message content intent in the developer "
    "portal and set `MESSAGE_CONTENT_INTENT=true`."
)
COPY_ID = "To copy an id, turn on Developer Mode in Discord's settings, then right-click."
NEEDS_INTEGRATION = (
    "Discord still hides `/settings`, `/budget` and `/doctor` from people without Manage Server. To show them to "
    "the role, open Server Settings, Integrations."
)


def source(scope: str, *, channel_id: int) -> str:
    """Where a setting comes from, seen from a channel."""
    kind, _, id_ = scope.partition(":")
    if kind != CHANNEL:
        return "set for this server"
    return "set for this channel" if int(id_) == channel_id else f"set for <#{id_}>"


def overview(effective: EffectiveSettings, *, channel_id: int) -> list[str]:
    """Every setting, with its value, where that comes from, and what it is for."""
    return [setting_line(spec, effective, channel_id=channel_id) for spec in SETTINGS]


def setting_line(spec: SettingSpec, effective: EffectiveSettings, *, channel_id: int) -> str:
    """One setting: its value, where that comes from, and what it is for."""
    return f"`{spec.key}` {_value_and_source(spec, effective, channel_id=channel_id)}\n-# {spec.description}."


def _value_and_source(spec: SettingSpec, effective: EffectiveSettings, *, channel_id: int) -> str:
    setting = effective.find(spec.key)
    came = source(setting.scope, channel_id=channel_id) if setting else "the default"
    value = spec.shown(effective.text(spec))
    if spec.combined and (ids := effective.ids(spec)):
        value = spec.shown(" ".join(map(str, sorted(ids))))
    return f"**{value}** ({came})"


def saved(spec: SettingSpec, value: str, where: str, *, reads_messages: bool) -> str:
    """After `/settings set`."""
    notes = [f"`{spec.key}` is now **{spec.shown(value)}** for this {where}."]
    if (spec, value) == (ANSWER, "always") and not reads_messages:
        notes.append(NEEDS_INTENT)
    if spec is ROOM and value != "0" and not reads_messages:
        notes.append(ROOM_NEEDS_INTENT)
    if spec is ADMIN_ROLE:
        notes.append(NEEDS_INTEGRATION)
    return " ".join(notes)


def reset(spec: SettingSpec, where: str) -> str:
    """After `/settings set ... default`."""
    return f"`{spec.key}` is back to its default for this {where}."


def not_set(spec: SettingSpec, where: str, effective: EffectiveSettings, *, channel_id: int) -> str:
    """For a reset of what nobody set there: what applies, and where that comes from."""
    return (
        f"`{spec.key}` isn't set for this {where}, so there's nothing to reset. "
        f"What applies here: {_value_and_source(spec, effective, channel_id=channel_id)}."
    )


def unknown_name(spec: SettingSpec, name: str, *, count: int) -> str:
    """For a name that nothing in the server has, as far as the person and the bot can see, or several things."""
    shown = shown_code(name, limit=EXCERPT)
    found = f"{count} here have the name {shown}" if count else f"I can't find {shown} in this server"
    return f"{found}. `{spec.key}` takes {spec.kind.expected}. {COPY_ID}"


def not_a_value(spec: SettingSpec) -> str:
    """For a value that the setting doesn't take."""
    return f"`{spec.key}` takes {spec.kind.expected}. To reset it, use `{RESET}`."


def wrong_scope(spec: SettingSpec) -> str:
    return f"`{spec.key}` applies to a whole {spec.where[0]}. Set it with the scope `{spec.where[0]}`."


def unknown_setting(name: str) -> str:
    return f"There's no setting {shown_code(name, limit=EXCERPT)}. `/settings show` lists them all."


def log_lines(changes: Sequence[Change]) -> list[str]:
    """Who changed what, when, from what to what."""
    return [_change(change) for change in changes] or [NOTHING_CHANGED]


def _change(change: Change) -> str:
    kind, _, id_ = change.scope.partition(":")
    where = f" in <#{id_}>" if kind == CHANNEL else ""
    old, new = _shown(change.key, change.old), _shown(change.key, change.new)
    return f"<t:{change.at}:f> <@{change.by}>: `{change.key}`{where} from {old} to {new}"


def _shown(key: str, value: str | None) -> str:
    if value is None:
        return "the default"
    spec = BY_KEY.get(key)
    if spec is None:
        return shown_code(value, limit=EXCERPT)
    text = spec.shown(value)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


# The system prompt

_PLACEHOLDERS = ", ".join(f"`{{{name}}}` ({meaning})" for name, meaning in PLACEHOLDERS.items())
DEFAULT_PROMPT_HEAD = "**System prompt**, the bot owner's default (only admins see it)"
OWNERS_PROMPT = "This channel uses the prompt of the bot's owner. An admin can set another with `/prompt set`."
FORM_TITLE = "System prompt"
FORM_LABEL = "Prompt"
FORM_PLACEHOLDER = "You can use {channel}, {server}, {date}, {time} and {bot}."
NO_PROMPT = "That prompt is empty. To go back to the default, use `/prompt reset`."


def prompt_head(scope: str, by: int, at: int) -> str:
    """Above the text that `/prompt show` shows."""
    where = "channel" if scope.startswith("channel:") else "server"
    return f"**System prompt**, set for this {where} by <@{by}> <t:{at}:R>"


def prompt_saved(scope: str, unknown: Sequence[str] = ()) -> str:
    """After `/prompt set`; `unknown` are words in braces that aren't placeholders."""
    lines = [f"Saved. It applies from the next question in this {scope}."]
    if unknown:
        names = ", ".join(f"`{{{name}}}`" for name in unknown[:MOST_NAMED])
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        lines.append(f"⚠️ Not placeholders, so the model reads them as they are: {names}{more}.")
    lines.append(f"-# Placeholders are filled in for each question: {_PLACEHOLDERS}.")
    return "\n".join(lines)


def prompt_not_set(scope: str) -> str:
    """For a reset where nobody set a prompt."""
    return f"Nobody set a prompt for this {scope}, so there's nothing to reset. `/prompt show` shows what applies."


def prompt_reset(scope: str) -> str:
    """After `/prompt reset`."""
    wider = "the server's prompt or the default" if scope == "channel" else "the default prompt"
    return f"I reset this {scope}'s prompt. From the next question on I use {wider}."
