"""A copy of what was said never reaches more people than the original, whatever shows or moves it."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from bot.ui.texts import memory as memory_texts
from bot.ui.texts import replies as texts
from bot.ui.texts import settings as setting_texts
from tests.cogs.conftest import World

SECRET = "swordfish"
# Every command and menu: those that show or move what was said in a channel, and the others.
SHOWS = {"history show", "history export", "history branch"}
MENUS = {"Ask about this", "Regenerate"}  # each has a test of its own
SHOWS_NOTHING = {
    "ask",  # the answer is the model's, in the channel that it was asked in
    "budget set",
    "budget show",
    "doctor",
    "forget",
    "help",
    "history clear",
    "history undo",
    "model list",
    "model reset",
    "model set",
    "model show",
    "privacy",
    "prompt reset",
    "prompt set",
    "prompt show",
    "settings log",
    "settings set",
    "settings show",
    "status",
    "usage",
}


async def narrow(world: World, **permissions: bool) -> None:
    """Change what everybody may do in the channel from now on."""
    channel = world.bot.get_channel(world.channel.id)
    await channel.set_permissions(channel.guild.default_role, **permissions)


async def private_thread(world: World, *members: simcord.MemberActor) -> simcord.ChannelHandle:
    channel = world.bot.get_channel(world.channel.id)
    thread = await channel.create_thread(name="quiet talk", type=discord.ChannelType.private_thread)
    for member in members:
        await thread.add_user(discord.Object(member.id))
    return next(handle for handle in world.channel.threads if handle.id == thread.id)


async def everything(result: Any) -> str:
    """All that somebody reads of an answer."""
    message = result.response
    files = [(await file.read()).decode() for file in message.attachments]
    return " ".join([message.content, *(str(embed.description) for embed in message.embeds), *files])


async def test_every_command_is_known_to_show_text_or_not(world: World):
    """A new command says here whether it shows or moves what was said."""
    tree = world.bot.tree
    commands = {
        each.qualified_name for each in tree.walk_commands() if isinstance(each, discord.app_commands.Command)
    }
    assert commands == SHOWS | SHOWS_NOTHING
    menus = {each.name for each in tree.get_commands() if isinstance(each, discord.app_commands.ContextMenu)}
    assert menus == MENUS


@pytest.mark.parametrize("command", sorted(SHOWS))
async def test_what_was_said_is_shown_to_those_who_may_read_it(world: World, command: str):
    """Somebody who came later, or to whom Discord does not show the past, doesn't get it from the bot."""
    await world.member.send(world.channel, f"{world.me} the password is {SECRET}")
    await narrow(world, read_message_history=False)
    refused = await world.member.slash(world.channel, command)
    assert refused.ephemeral
    assert refused.response.content == texts.CANNOT_READ
    assert not world.channel.threads
    world.refusals(1)
    await narrow(world, read_message_history=True)
    allowed = await world.member.slash(world.channel, command)
    assert SECRET in await everything(allowed) or world.channel.threads


@pytest.mark.parametrize("command", sorted(SHOWS_NOTHING))
async def test_other_commands_show_nothing_of_it(world: World, command: str):
    """Not even to those who may read it."""
    options: dict[str, dict[str, Any]] = {
        "ask": {"prompt": "hello"},
        "budget set": {"limit": "server_day", "amount": "5"},
        "forget": {"scope": "me"},
        "model set": {"model": "small/model"},
        "prompt set": {"text": "Be brief."},
        "settings set": {"setting": "footer", "value": "on"},
    }
    await world.member.send(world.channel, f"{world.me} the password is {SECRET}")
    result = await world.admin.slash(world.channel, command, **options.get(command, {}))
    assert SECRET not in await everything(result)


async def test_help_offers_only_what_may_be_read(world: World):
    """Nobody is offered what would refuse them."""
    await narrow(world, read_message_history=False)
    shown = (await world.member.slash(world.channel, "help")).response.content
    assert "/history show" not in shown
    assert "/ask" in shown


async def test_a_private_thread_branches_into_a_private_thread(world: World):
    """Among the person who asked alone: others who read the original were not asked."""
    await narrow(world, create_private_threads=True)
    thread = await private_thread(world, world.member)
    await world.member.send(thread, f"{world.me} the password is {SECRET}")
    result = await world.member.slash(thread, "history branch")
    assert "goes on in" in result.response.content
    (branch,) = [each for each in world.channel.threads if each.id != thread.id]
    opened = world.bot.get_channel(branch.id)
    assert opened.type is discord.ChannelType.private_thread
    await world.member.send(branch, f"{world.me} what is it?")
    assert SECRET in str(world.llm.requests[-1].messages)


async def test_a_private_thread_is_not_branched_where_private_threads_may_not_be_opened(world: World):
    """A public one would show it to the whole channel."""
    thread = await private_thread(world, world.member)
    await narrow(world, create_private_threads=False, create_public_threads=True)
    await world.member.send(thread, f"{world.me} the password is {SECRET}")
    result = await world.member.slash(thread, "history branch")
    assert result.response.content == memory_texts.MAY_NOT_BRANCH_PRIVATELY
    assert len(world.channel.threads) == 1


async def test_asking_about_a_message_needs_what_the_asker_may_see(world: World):
    """When the menu is used, and when the form is sent."""
    about = await world.admin.send(world.channel, f"the password is {SECRET}")
    form = await world.member.context_menu(world.channel, "Ask about this", about)
    await narrow(world, read_message_history=False)
    late = await world.member.submit_modal(form, {"question": "What is it?"})
    assert late.response.content == texts.NO_LONGER_ALLOWED
    refused = await world.member.context_menu(world.channel, "Ask about this", about)
    assert refused.response.content == texts.CANNOT_READ
    assert world.llm.requests == []


async def test_a_private_answer_tells_nothing_that_discord_hides_from_the_asker(world: World):
    """Somebody who may not read the past could otherwise ask for it where nobody sees."""
    await world.admin.send(world.channel, f"{world.me} the password is {SECRET}")
    await narrow(world, read_message_history=False)
    await world.member.slash(world.channel, "ask", prompt="What was said before?", private=True)
    assert SECRET not in str(world.llm.requests[-1].messages)
    await narrow(world, read_message_history=True)
    await world.member.slash(world.channel, "ask", prompt="What was said before?", private=True)
    assert SECRET in str(world.llm.requests[-1].messages)


async def test_a_message_deleted_or_edited_under_a_form_counts_as_it_is_now(world: World):
    """What nobody can read any more is not quoted to a model."""
    gone, edited = [await world.admin.send(world.channel, f"{SECRET} {number}") for number in (1, 2)]
    forms = [await world.member.context_menu(world.channel, "Ask about this", each) for each in (gone, edited)]
    await world.admin.delete(gone)
    await world.admin.edit(edited, "nothing to see")
    late = await world.member.submit_modal(forms[0], {"question": "What is it?"})
    assert late.response.content == texts.MESSAGE_GONE
    await world.member.submit_modal(forms[1], {"question": "What is it?"})
    (request,) = world.llm.requests
    assert SECRET not in str(request.messages)
    assert "nothing to see" in str(request.messages)


async def nobody(*_: object) -> bool:
    """Somebody took the role away meanwhile."""
    return False


async def test_a_demoted_admins_form_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch):
    """What counts is who they are when they send it."""
    form = await world.admin.slash(world.channel, "prompt set")
    monkeypatch.setattr(type(world.bot.services.access.people), "is_admin", nobody)
    refused = await world.admin.submit_modal(form, {"prompt": "Be rude."})
    assert refused.ephemeral
    assert refused.response.content == texts.NO_LONGER_ALLOWED
    shown = await world.member.slash(world.channel, "prompt show")
    assert shown.response.content == setting_texts.OWNERS_PROMPT


async def test_a_demoted_admin_turns_no_page(world: World, monkeypatch: pytest.MonkeyPatch):
    """What is for admins stays with them."""
    for number in range(30):
        await world.admin.slash(world.channel, "prompt set", text=f"Be brief, {number}. " + "x" * 100)
    shown = await world.admin.slash(world.channel, "settings log")
    monkeypatch.setattr(type(world.bot.services.access.people), "is_admin", nobody)
    refused = await world.admin.click(shown.response, label="Next")
    assert refused.ephemeral
    assert refused.response.content == texts.NO_LONGER_ALLOWED


@pytest.mark.parametrize("scope", ["channel", "server"])
async def test_a_demoted_admins_erase_erases_nothing(world: World, monkeypatch: pytest.MonkeyPatch, scope: str):
    """The same for a confirmation."""
    await world.member.send(world.channel, f"{world.me} the password is {SECRET}")
    asked = await world.admin.slash(world.channel, "forget", scope=scope)
    monkeypatch.setattr(type(world.bot.services.access.people), "is_admin", nobody)
    refused = await world.admin.click(asked.response, label="Erase")
    assert refused.response.content == texts.NO_LONGER_ALLOWED
    kept = await world.member.slash(world.channel, "history show")
    assert SECRET in await everything(kept)
