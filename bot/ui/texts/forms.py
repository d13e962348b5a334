"""Titles, labels and placeholders of forms. Discord allows 45 characters, for placeholders 100."""

from __future__ import annotations

PROMPT_TITLE = "System prompt"
PROMPT_LABEL = "Prompt"
PROMPT_PLACEHOLDER = "You can use {channel}, {server}, {date}, {time} and {bot}."
ASK_TITLE = "Ask about this message"
ASK_LABEL = "Your question"
ASK_DEFAULT = "What does this mean?"
