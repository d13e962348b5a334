"""Slash commands and events, one page each, loaded by name: they check, ask the rooms, and show what comes back.

May import `bot.client`, `bot.ui`, the inner rooms and discord.
"""
