"""What `/status` and `/doctor` answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.ui.texts.findings import Finding, Verdict
from bot.ui.texts.models import unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import discord

    from bot.core.records import ModelClientStatus
    from bot.settings.model_choice import Choice

MARKS = {Verdict.FINE: "✅", Verdict.WARNING: "⚠️", Verdict.FAULT: "❌"}
DOCTOR_HEAD = "**Health check**"
UNREAD = Finding(
    what="message content intent",
    verdict=Verdict.FAULT,
    detail="this channel is set to `always`, but without the intent I only see messages that mention me",
    fix="The bot's owner can turn it on in the developer portal (Bot, Privileged Gateway Intents) and set "
    "`MESSAGE_CONTENT_INTENT=true`. Or an admin can reset `answer` with `/settings set`.",
)
REGISTER, TRY_KEY, RESET_MODEL = "Register commands again", "Try the key", "Reset the model"
# What replies need, by discord.py's name and Discord's own.
NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
    "attach_files": "Attach Files",
}
IN_THREADS = {"send_messages_in_threads": "Send Messages in Threads"}
TO_OPEN_THREADS = {"create_public_threads": "Create Public Threads"}


def status(
    *, choice: Choice, latency_s: float, client: ModelClientStatus, waiting: int, started_at: int, version: str
) -> str:
    """How the bot is doing, for anybody."""
    latency = "unknown" if not math.isfinite(latency_s) else f"{latency_s * 1000:,.0f} ms"
    lines = [
        f"Model here: `{choice.model}`",
        f"Provider: {_provider(client)}",
        f"Waiting in this channel: {_questions(waiting)}",
        f"Latency to Discord: {latency}",
        f"Started <t:{started_at}:R> · version {version}",
    ]
    if choice.pin and choice.unavailable:
        lines.insert(1, unavailable(choice.pin.value, choice.unavailable))
    return "\n".join(lines)


def _provider(client: ModelClientStatus) -> str:
    if client.key_error is not None:
        return client.key_error
    waiting = f", {_questions(client.waiting)} waiting" if client.waiting else ""
    return f"fine, {client.open} of at most {client.limit} answers running{waiting}"


def _questions(count: int) -> str:
    return {0: "nobody", 1: "1 question"}.get(count, f"{count} questions")


def missing_permissions(permissions: discord.Permissions, *, in_thread: bool, opens_threads: bool) -> list[str]:
    """What the bot may not do in a channel although replies need it."""
    needed = (
        NEEDED | (IN_THREADS if in_thread or opens_threads else {}) | (TO_OPEN_THREADS if opens_threads else {})
    )
    if in_thread:
        del needed["send_messages"]
    return [name for permission, name in needed.items() if not getattr(permissions, permission)]


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Findings, a line each, and how to fix what is not fine."""
    return [
        f"{MARKS[finding.verdict]} {finding.what}: {finding.detail}"
        + (f"\n-# {finding.fix}" if finding.fix else "")
        for finding in findings
    ]


def registered(count: int | None) -> str:
    """After the commands were sent to Discord again; `count` is None where Discord refused them."""
    if count is None:
        return "Discord didn't take the commands. The log has the reason, and I keep trying."
    return f"I registered {count} commands. If you don't see them, reload Discord."


def model_reset(model: str) -> str:
    """After a choice that can't be used was reset; `model` is the one that answers now."""
    return f"I reset the choice. `{model}` answers here."
