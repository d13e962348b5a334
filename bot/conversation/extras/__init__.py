"""What comes with a question besides its words: files, messages it's about, and what the room said before it.

May import what `bot.conversation` may.
"""
