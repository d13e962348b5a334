"""What is kept of people, and erasing it."""

from __future__ import annotations

from bot.ui.texts import privacy as privacy_texts
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World


def prompt(world: World) -> list[str]:
    """What the last request said, less the system prompt."""
    return [message.content for message in world.llm.requests[-1].messages[1:]]


async def test_privacy_says_what_is_kept_how_long_and_who_sees_it(world: World):
    """In plain words, with what applies to this bot, to the caller alone."""
    result = await world.member.slash(world.channel, "privacy")
    assert result.ephemeral
    for words in ("for 30 days", "OpenRouter", "don't store or train", "`/forget me`", privacy_texts.REMEMBERED):
        assert words in result.response.content
    assert len(result.response.content) <= 2000


async def test_who_does_not_want_to_be_remembered_is_answered_all_the_same(world: World):
    """Their questions read the memory and leave nothing in it, until they change their mind."""
    await world.admin.send(world.channel, f"{world.me} I am the admin")
    notice = await world.member.slash(world.channel, "privacy")
    toggled = await world.member.click(notice.response, label="Don't remember me")
    assert privacy_texts.NOT_REMEMBERED in toggled.response.content
    await world.member.send(world.channel, f"{world.me} I am a secret agent")
    assert "admin: I am the admin" in prompt(world)
    assert world.channel.last_message.content == "Hello."
    await world.admin.send(world.channel, f"{world.me} who is here?")
    assert "secret" not in str(prompt(world))
    await world.member.click(toggled.response, label="Remember me again")
    await world.member.send(world.channel, f"{world.me} I am Mem")
    await world.admin.send(world.channel, f"{world.me} who is here?")
    assert "mem: I am Mem" in prompt(world)


async def test_a_question_about_a_message_of_somebody_who_opted_out_is_not_remembered(world: World):
    """It quotes them."""
    notice = await world.member.slash(world.channel, "privacy")
    await world.member.click(notice.response, label="Don't remember me")
    said = await world.member.send(world.channel, "my words")
    form = await world.admin.context_menu(world.channel, "Ask about this", said)
    await world.admin.submit_modal(form, {"question": "What does this mean?"})
    assert "my words" in prompt(world)[0]
    await world.admin.send(world.channel, f"{world.me} and?")
    assert prompt(world) == ["admin: and?"]


async def test_forget_me_erases_in_every_server_after_a_confirmation(world: World):
    """What others asked stays."""
    await world.member.send(world.channel, f"{world.me} I am Mem")
    await world.admin.send(world.channel, f"{world.me} I am the admin")
    asked = await world.member.slash(world.channel, "forget", scope="me")
    assert asked.ephemeral
    assert asked.response.content == privacy_texts.CONFIRM_ME
    done = await world.member.click(asked.response, label="Erase")
    assert done.response.content == privacy_texts.erased(2)
    await world.admin.send(world.channel, f"{world.me} who is here?")
    assert prompt(world)[0] == "admin: I am the admin"
    assert "Mem" not in str(prompt(world))


async def test_a_cancelled_erasure_erases_nothing(world: World):
    """The second button, or no answer at all."""
    await world.member.send(world.channel, f"{world.me} I am Mem")
    asked = await world.member.slash(world.channel, "forget", scope="me")
    done = await world.member.click(asked.response, label="Cancel")
    assert done.response.content == privacy_texts.NOTHING_ERASED
    await world.member.send(world.channel, f"{world.me} who am I?")
    assert prompt(world)[0] == "mem: I am Mem"


async def test_channels_and_servers_are_for_admins_to_erase(world: World):
    """A member is refused in private; the admin's erasure takes this channel, then all of them."""
    other = world.guild.create_text_channel("other")
    for channel in (world.channel, other):
        await world.member.send(channel, f"{world.me} I am Mem")
    for scope in ("channel", "server"):
        refused = await world.member.slash(world.channel, "forget", scope=scope)
        assert refused.ephemeral
        assert refused.response.content == texts.NOT_ADMIN
    for scope, question in (("channel", privacy_texts.CONFIRM_CHANNEL), ("server", privacy_texts.CONFIRM_SERVER)):
        asked = await world.admin.slash(world.channel, "forget", scope=scope)
        assert asked.response.content == question
        done = await world.admin.click(asked.response, label="Erase")
        assert done.response.content == privacy_texts.erased(2)
    await world.member.send(other, f"{world.me} who am I?")
    assert prompt(world) == ["mem: who am I?"]


async def test_in_direct_messages_everybody_erases_their_own(world: World):
    """There is no server there, and no admin needed."""
    user = world.env.create_user("friend")
    await user.send_dm("I am a friend")
    refused = await user.slash("forget", scope="server")
    assert refused.response.content == privacy_texts.NO_SERVER_HERE
    asked = await user.slash("forget", scope="channel")
    await user.click(asked.response, label="Erase")
    await user.send_dm("who am I?")
    assert prompt(world) == ["friend: who am I?"]
