"""The demo's page: a chat on the test Discord, for a browser on this machine.

Imports the other rooms of the playground, and aiohttp.
"""
