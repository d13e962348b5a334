"""Headwater: a Discord bot that streams language-model replies by editing its own messages."""

__version__ = "0.1.0"
