"""The process that parses what people send: see `bot.attachments.parsing`, which starts it.

May import Pillow, pypdfium2 and charset-normalizer, and of the bot `bot.attachments` alone.
"""
