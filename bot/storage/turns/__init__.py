"""What belongs to turns besides their words: asides, attachments.

May import what `bot.storage` may.
"""
