"""The playground: a local test Discord and OpenRouter, for the demo, the tests and the benchmarks; never packaged.

Imports the standard library and aiohttp; nothing of the bot.
"""
