"""What `/prompt` answers."""

from __future__ import annotations

from bot.settings.system_prompt import PLACEHOLDERS

_PLACEHOLDERS = ", ".join(f"`{{{name}}}` ({meaning})" for name, meaning in PLACEHOLDERS.items())
OWNERS_PROMPT = "This channel uses the prompt of the bot's owner. An admin can set another with `/prompt set`."
FORM_TITLE = "System prompt"
FORM_LABEL = "Prompt"
FORM_PLACEHOLDER = "You can use {channel}, {server}, {date}, {time} and {bot}."
NO_PROMPT = "That prompt is empty. To go back to the default, use `/prompt reset`."


def prompt_head(scope: str, by: int, at: int) -> str:
    """Above the text that `/prompt show` shows."""
    where = "channel" if scope.startswith("channel:") else "server"
    return f"**System prompt**, set for this {where} by <@{by}> <t:{at}:R>"


def prompt_saved(scope: str) -> str:
    """After `/prompt set`."""
    return (
        f"Saved. It applies from the next question in this {scope}.\n"
        f"-# Placeholders are filled in for each question: {_PLACEHOLDERS}."
    )


def prompt_reset(scope: str) -> str:
    """After `/prompt reset`."""
    wider = "the server's prompt or the default" if scope == "channel" else "the default prompt"
    return f"I reset this {scope}'s prompt. From the next question on I use {wider}."
