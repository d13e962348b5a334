"""Messages as people read them: everything they carry, what they quote and link to, and what was said before.

May import what `bot.ui` may.
"""
