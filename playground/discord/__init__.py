"""A make-believe Discord on loopback: its REST API, its gateway, and the people who use it."""

from playground.discord.limits import RateLimits
from playground.discord.records import (
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
from playground.discord.server import Discord

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
