"""What comes with a question, as a conversation talks about it.

May import what `bot.conversation` may.
"""
