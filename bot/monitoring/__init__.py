"""How the process is doing: health checks and metrics on a port of their own, and connections that went deaf.

May import `bot.client`, aiohttp, discord and prometheus_client.
"""
