"""An interaction as views meet it, without Discord."""

from __future__ import annotations

from typing import Any

import discord


class User:
    def __init__(self, id_: int) -> None:
        self.id = id_
        self.display_name = f"user {id_}"


class FakeInteraction:
    """Keeps what its person is told; `fails` is raised by the next answer of any kind."""

    channel = guild = None
    channel_id = 5
    command = None
    type = discord.InteractionType.component
    data: dict[str, Any] = {}  # noqa: RUF012 - nothing writes to it

    def __init__(self, user_id: int = 1, *, fails: Exception | None = None) -> None:
        self.user = User(user_id)
        self.guild_id: int | None = 1
        self.permissions = discord.Permissions.all()
        self.fails = fails
        self.told: list[str] = []  # to that person alone
        self.changed: list[dict[str, Any]] = []  # edits of the message with the controls
        self.done = False
        self.response = self.followup = self

    def is_done(self) -> bool:
        return self.done

    async def send_message(self, content: str = "", *, ephemeral: bool, **_: Any) -> None:
        self._answer()
        assert ephemeral
        self.told.append(content)

    async def send(self, content: str, *, ephemeral: bool) -> None:
        assert ephemeral
        self.told.append(content)

    async def defer(self, **_how: Any) -> None:
        self._answer()

    async def edit_message(self, **changes: Any) -> None:
        self._answer()
        self.changed.append(changes)

    async def edit_original_response(self, **changes: Any) -> None:
        self.changed.append(changes)

    def _answer(self) -> None:
        fails, self.fails = self.fails, None
        if fails:
            raise fails
        self.done = True


def refused(status: int, code: int) -> discord.HTTPException:
    """What discord.py raises when Discord refuses a request."""

    class Response:
        def __init__(self) -> None:
            self.status = status
            self.reason = "refused"

    return discord.HTTPException(Response(), {"code": code, "message": "No."})
