"""The pooled connections to the provider, shared by completions, the model list and the key's status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from bot.core.model_ids import Provider
from bot.core.proxies import proxy_for

if TYPE_CHECKING:
    from bot.llm.config import ProviderConfig

REFERER, TITLE = "https://github.com/headwater-bot/headwater", "Headwater"
CONNECT_S = 10.0  # to open a connection, TLS included
KEEP_ALIVE_S = 60.0
DNS_CACHE_S = 300


def open_session(provider: ProviderConfig) -> aiohttp.ClientSession:
    """Open a session whose requests carry the key and, for OpenRouter, this project's name.

    Admission limits the number of connections, so the pool doesn't. HTTPS_PROXY and NO_PROXY say which way they
    go. Nothing is read from `.netrc`, and no cookies are stored.
    """
    headers = {"User-Agent": TITLE, "Accept-Encoding": "identity"}  # compressed streams arrive in lumps
    if provider.api_key:
        headers["Authorization"] = f"Bearer {provider.api_key}"
    if provider.kind is Provider.OPENROUTER:
        headers |= {"HTTP-Referer": REFERER, "X-OpenRouter-Title": TITLE}
    return aiohttp.ClientSession(
        headers=headers,
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=DNS_CACHE_S),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_for(provider.url),
    )
