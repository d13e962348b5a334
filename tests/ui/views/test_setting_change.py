"""Setting something by a command."""

from __future__ import annotations

import pytest

from bot.settings.catalog import ADMIN_ROLE, BUDGET_SETTINGS, FOOTER
from bot.ui.errors import NoServerError
from bot.ui.texts import settings as texts
from bot.ui.views.setting_change import SettingChange
from tests.fakes.interaction import FakeInteraction


class Resolver:
    """Keeps what it is told to set."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str | None]] = []

    async def set(self, scope: str, key: str, value: str | None, **_: object) -> None:
        self.calls.append((scope, key, value))

    async def reset(self, scope: str, key: str, **_: object) -> bool:
        self.calls.append((scope, key, None))
        return True


async def change(
    name: str, value: str, scope: str | None = None, *, guild_id: int | None = 1
) -> tuple[list[str], list]:
    resolver, interaction = Resolver(), FakeInteraction()
    interaction.guild_id = guild_id
    specs = (FOOTER, ADMIN_ROLE)
    await SettingChange(resolver, specs, reads_messages=True).make(interaction, name, value, scope)
    return interaction.told, resolver.calls


async def test_a_setting_goes_to_the_channel_unless_it_is_for_servers():
    """And to where somebody says."""
    assert (await change("footer", "on"))[1] == [("channel:5", "footer", "on")]
    assert (await change("footer", "on", "server"))[1] == [("guild:1", "footer", "on")]
    assert (await change("admin_role", "<@&7>"))[1] == [("guild:1", "admin_role", "7")]
    assert (await change("footer", " Default "))[1] == [("channel:5", "footer", None)]


@pytest.mark.parametrize(
    ("name", "value", "scope", "sentence"),
    [
        (BUDGET_SETTINGS[0].key, "1", None, texts.unknown_setting(BUDGET_SETTINGS[0].key)),  # another command's
        ("`forged`" * 50, "1", None, texts.unknown_setting("`forged`" * 50)),
        ("footer", "maybe", None, texts.not_a_value(FOOTER)),
        ("admin_role", "<@&7>", "channel", texts.wrong_scope(ADMIN_ROLE)),
    ],
)
async def test_what_cannot_be_set_changes_nothing(name: str, value: str, scope: str | None, sentence: str):
    """The sentence says what can."""
    assert await change(name, value, scope) == ([sentence], [])


async def test_a_direct_message_has_no_server_to_set_for():
    """The person is told to leave the scope out."""
    with pytest.raises(NoServerError):
        await change("footer", "on", "server", guild_id=None)
