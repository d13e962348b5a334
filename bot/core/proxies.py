"""Which proxy an address is reached by, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed

SCHEMES = {"wss": "https", "ws": "http"}  # the gateway goes by the same proxy as the web


def proxy_for(url: str) -> str | None:
    """The proxy's address, None where it's reached directly."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get(SCHEMES.get(parts.scheme, parts.scheme))
    if not proxy or not parts.hostname or proxy_bypass_environment(parts.netloc.rpartition("@")[2], proxies):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
