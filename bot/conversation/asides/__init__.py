"""What an answer brings besides its words: the model's thoughts, its sources, its pictures.

May import what `bot.conversation` may.
"""
