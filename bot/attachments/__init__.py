"""What people send becomes what models read: fetched from Discord, recognized by its content, parsed by a worker.

May import the inner rooms, aiohttp and yarl; the worker, a process, Pillow, pypdfium2 and charset-normalizer.
"""
