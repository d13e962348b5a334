"""Which proxy an address is reached by."""

from __future__ import annotations

import pytest

from bot.core.proxies import proxy_for

DISCORD = "https://discord.com/api/v10"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings are left out."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_settings_everything_is_reached_directly() -> None:
    """No proxy is guessed."""
    assert proxy_for(DISCORD) is None


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        (DISCORD, "http://proxy:3128"),
        ("wss://gateway.discord.gg", "http://proxy:3128"),
        ("http://localhost:11434", "http://plain:80"),
        ("ws://127.0.0.1:9/gateway", "http://plain:80"),
    ],
)
def test_the_scheme_chooses_the_proxy(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str) -> None:
    """HTTPS_PROXY is for https and wss, HTTP_PROXY for http and ws; a scheme may be left out."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("HTTP_PROXY", "plain:80")
    assert proxy_for(url) == proxy


@pytest.mark.parametrize("rule", ["discord.com", ".discord.com", "localhost,discord.com", "*"])
def test_no_proxy_excepts_hosts(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """NO_PROXY names hosts and whole domains, separated by commas."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", rule)
    assert proxy_for(DISCORD) is None
    assert proxy_for("https://openrouter.ai/api/v1") == (None if rule == "*" else "http://proxy:3128")
