"""The one model client, over litellm: admission, retry, fallbacks, deadlines. Start at `client`.

May import the inner rooms, aiohttp, httpx and, in `litellm_backend` alone, litellm.
"""
