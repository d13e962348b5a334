"""What people send becomes what models read: fetched from Discord, recognized by its content, parsed by a worker.

May import the inner rooms, aiohttp and yarl. Everything sent is hostile until read: `bot.attachments.worker` is a
process of its own with little memory and time, and alone imports Pillow, pypdfium2 and charset-normalizer.
"""
