"""OpenRouter's sign-in for apps without a browser: a page that shows a code, and a key in exchange for it."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD_SECONDS = 600.0  # how long a code can be used, once
PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><title>Your code</title>
<body style="font:16px system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem">
<h1>Your code</h1><p>Copy it to {label}:</p><p><code>{code}</code></p>"""


class SignIn:
    """Gives out codes, each good for one exchange, with the verifier behind its challenge."""

    def __init__(self, key: Callable[[], str]) -> None:
        """`key` is what every exchange gives."""
        self._key = key
        self._codes: dict[str, tuple[str, float]] = {}  # the challenge, and until when

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/auth", self._page)
        app.router.add_post("/api/v1/auth/keys", self._exchange)

    def authorize(self, challenge: str) -> str:
        """What somebody who agrees is shown: a code."""
        code = f"auth_code_{secrets.token_hex(8)}"
        self._codes[code] = challenge, time.monotonic() + GOOD_SECONDS
        return code

    async def _page(self, request: web.Request) -> web.Response:
        challenge, method = request.query.get("code_challenge"), request.query.get("code_challenge_method")
        if not challenge or method != "S256":
            return web.Response(text="code_challenge is missing", status=400)
        label = escape(request.query.get("key_label", "the app"))
        page = PAGE.format(label=label, code=self.authorize(challenge))
        return web.Response(text=page, content_type="text/html")

    async def _exchange(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("code_challenge_method") != "S256":
            return _error(400, "Invalid code_challenge_method")
        challenge, until = self._codes.pop(body.get("code", ""), ("", 0.0))
        digest = hashlib.sha256(str(body.get("code_verifier")).encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if time.monotonic() >= until or not secrets.compare_digest(proof, challenge):
            return _error(403, "Invalid code or code_verifier")
        return web.json_response({"key": self._key(), "user_id": "user_playground"})


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"code": status, "message": message}}, status=status)
