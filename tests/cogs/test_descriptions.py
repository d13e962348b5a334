"""What Discord shows of the commands before anybody uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands

from tests.sentences import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cogs.conftest import World

DESCRIPTION_LIMIT = 100  # Discord: characters of a command's or an option's description


def descriptions(world: World) -> Iterator[tuple[str, str]]:
    """Every command, group and option, with its description."""
    for command in world.bot.tree.walk_commands():
        yield command.qualified_name, command.description
        for parameter in command.parameters if isinstance(command, app_commands.Command) else ():
            yield f"{command.qualified_name} {parameter.display_name}", str(parameter.description)


async def test_every_description_reads_well_and_fits(world: World):
    """In plain words, within Discord's limit, with no full stop at its end; none is left out."""
    found = dict(descriptions(world))
    assert len(found) > 40
    for name, text in found.items():
        assert 3 < len(text) <= DESCRIPTION_LIMIT, name
        assert not faults(text), name
        assert not text.endswith("."), name
        assert text[0].isupper(), name


async def test_what_is_for_admins_says_so(world: World):
    """In its own description, because Discord hides whole commands only."""
    for command in world.bot.tree.walk_commands():
        if isinstance(command, app_commands.Command) and command.extras.get("audience") in {"admins", "managers"}:
            described = [command, *([command.root_parent] if command.root_parent else [])]
            assert any("(admins)" in each.description for each in described), command.qualified_name
