"""A local test OpenRouter: its routes, its event stream, and every way they go wrong.

Imports the standard library and aiohttp; nothing of the bot.
"""

from playground.openrouter.script import Call, Fault, Script, usage_of
from playground.openrouter.server import KEY, OpenRouter

__all__ = ["KEY", "Call", "Fault", "OpenRouter", "Script", "usage_of"]
