"""Slash commands and events, a page each; loaded by name."""
