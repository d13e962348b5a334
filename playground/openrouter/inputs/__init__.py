"""What a request brings besides words: pictures, documents, recordings.

Imports the standard library, aiohttp and the playground's own.
"""
