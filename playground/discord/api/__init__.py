"""What Discord answers on the wire: REST routes, rate limits, faults, and the gateway.

Imports `playground.discord.state` and aiohttp.
"""
