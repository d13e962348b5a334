"""What `/settings` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.house_rules import ADMIN_ROLE, ANSWER, BY_KEY, KNOBS
from bot.core.knobs import CHANNEL, RESET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.knobs import Knob
    from bot.core.messages import Change
    from bot.core.preferences import Held

HEAD = "**The settings that hold here**"
LOG_HEAD = "**What was changed in this server**, the newest first"
NOTHING_CHANGED = "Nobody has changed anything yet."
EXCERPT = 80  # characters of a value in the log; a system prompt is longer
NEEDS_INTENT = (
    "I cannot read messages that do not mention me: whoever runs me has to switch the message content intent on "
    "in the developer portal and set `MESSAGE_CONTENT_INTENT=true`. Until then only mentions are answered."
)
NEEDS_INTEGRATION = (
    "Discord itself still hides `/settings`, `/budget` and `/doctor` from people without Manage Server: let the "
    "role see them in Server Settings, Integrations."
)


def source(scope: str, *, channel_id: int) -> str:
    """Where a setting comes from, seen from a channel."""
    kind, _, id_ = scope.partition(":")
    if kind != CHANNEL:
        return "set for this server"
    return "set for this channel" if int(id_) == channel_id else f"set for <#{id_}>"


def overview(held: Held, *, channel_id: int) -> list[str]:
    """Every setting, with its value, where that comes from, and what it is for."""
    return [setting_line(knob, held, channel_id=channel_id) for knob in KNOBS]


def setting_line(knob: Knob, held: Held, *, channel_id: int) -> str:
    """One setting: its value, where that comes from, and what it is for."""
    preference = held.preference(knob)
    came = source(preference.scope, channel_id=channel_id) if preference else "the default"
    value = knob.shown(held.text(knob))
    if knob.adds_up and (ids := held.ids(knob)):
        value = knob.shown(" ".join(map(str, sorted(ids))))
    return f"`{knob.key}` **{value}** ({came})\n-# {knob.sentence}."


def kept(knob: Knob, value: str | None, where: str, *, reads_messages: bool) -> str:
    """After `/settings set`."""
    if value is None:
        return f"`{knob.key}` is back to its default for this {where}."
    notes = [f"`{knob.key}` is now **{knob.shown(value)}** for this {where}."]
    if (knob, value) == (ANSWER, "always") and not reads_messages:
        notes.append(NEEDS_INTENT)
    if knob is ADMIN_ROLE:
        notes.append(NEEDS_INTEGRATION)
    return " ".join(notes)


def not_a_value(knob: Knob) -> str:
    """For a value that the setting does not take."""
    return f"`{knob.key}` takes {knob.kind.form}. `{RESET}` takes the setting back."


def wrong_scope(knob: Knob) -> str:
    return f"`{knob.key}` holds for whole {knob.where[0]}s: set it with the scope `{knob.where[0]}`."


def unknown_setting(name: str) -> str:
    return f"There is no setting `{name[:EXCERPT]}`. `/settings show` has them all."


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
    knob = BY_KEY.get(key)
    text = knob.shown(value) if knob else " ".join(value.split()).replace("`", "'")
    cut = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    return cut if knob else f"`{cut}`"
