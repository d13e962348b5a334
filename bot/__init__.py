"""Headwater: a Discord bot that streams answers of language models by editing its own messages."""

__version__ = "0.1.0"
