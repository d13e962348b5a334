"""A local test Discord: its REST API, its gateway, and the people who use it.

Imports the standard library and aiohttp; nothing of the bot.
"""

from playground.discord.api.limits import RateLimits
from playground.discord.server import Discord
from playground.discord.state.records import (
    ApiError,
    Attachment,
    Change,
    Channel,
    Choice,
    Guild,
    Interaction,
    Message,
    Permission,
    PlaygroundError,
    Request,
    Role,
    User,
    Version,
)

__all__ = [
    "ApiError",
    "Attachment",
    "Change",
    "Channel",
    "Choice",
    "Discord",
    "Guild",
    "Interaction",
    "Message",
    "Permission",
    "PlaygroundError",
    "RateLimits",
    "Request",
    "Role",
    "User",
    "Version",
]
