"""Checks the test Discord's answers against Discord's own description of its API, a file of the OpenAPI form.

Imports `playground.discord` and aiohttp.
"""
