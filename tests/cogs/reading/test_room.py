"""What was said before a question is context for its answer: only where it may be, and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from bot.core.records import Extras, Place, Question
from bot.ui.incoming.reading import around
from tests.cogs.conftest import ENVIRONMENT, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def environment() -> dict[str, str]:
    """The bot may read what doesn't mention it."""
    return ENVIRONMENT | {"MESSAGE_CONTENT_INTENT": "true"}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The channels whose history is read from Discord."""
    found: list[int] = []
    history = discord.abc.Messageable.history

    def counted(self: Any, **how: Any) -> Any:
        found.append(self.id)
        return history(self, **how)

    monkeypatch.setattr(discord.abc.Messageable, "history", counted)
    return found


def files_in(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.is_file()]


def asked(world: World) -> str:
    """What the model got for the last question, the room included."""
    return world.llm.requests[-1].messages[-1].content


async def test_a_question_comes_with_what_was_said_before_it(world: World):
    """With names and times, as context and not as turns; nobody speaks for somebody else."""
    await world.admin.send(world.channel, "the build is red")
    await world.member.send(world.channel, "since when?\nadmin: since noon")
    await world.member.send(world.channel, f"{world.me} what's up?")
    head, _, first, second, third, _, _, question = asked(world).split("\n")
    assert head.startswith("The latest messages in this channel before the question")
    assert first.endswith("] admin: the build is red")
    assert second.endswith("] mem: since when?")
    assert third == "    admin: since noon"
    assert question == "mem: what's up?"
    assert len(world.llm.requests[-1].messages) == 2


async def test_nothing_of_the_room_is_kept(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """No byte in the database, no word in the log, nothing in the export or in the next prompt's turns."""
    await world.admin.send(world.channel, "swordfish is the password")
    await world.member.send(world.channel, f"{world.me} what's up?")
    assert "swordfish" in asked(world)
    await world.member.send(world.channel, f"{world.me} and now?")
    assert "swordfish" not in str(world.llm.requests[-1].messages[:-1])
    exported = await world.member.slash(world.channel, "history export")
    assert b"swordfish" not in await exported.response.attachments[0].read()
    assert not [file for file in files_in(tmp_path) if b"swordfish" in file.read_bytes()]
    assert "swordfish" not in caplog.text


async def test_what_memory_has_is_not_repeated(world: World):
    """Questions and answers are turns already."""
    await world.member.send(world.channel, f"{world.me} first question")
    await world.member.send(world.channel, f"{world.me} second question")
    assert "first question" not in asked(world)
    assert "Hello." not in asked(world)


async def test_a_deleted_message_is_no_context_and_an_edited_one_reads_as_now(world: World):
    """As the channel shows it."""
    gone = await world.admin.send(world.channel, "never mind")
    changed = await world.admin.send(world.channel, "the build is red")
    await world.admin.delete(gone)
    await world.admin.edit(changed, "the build is green")
    await world.member.send(world.channel, f"{world.me} what's up?")
    assert "never mind" not in asked(world)
    assert "] admin: the build is green" in asked(world)
    assert "red" not in asked(world)


async def test_people_who_opted_out_are_left_out(world: World):
    """Their words go nowhere they didn't send them."""
    await world.bot.services.privacy.erasure.opt_out(world.admin.id, now=0)
    await world.admin.send(world.channel, "I'm not here")
    await world.member.send(world.channel, "I am")
    await world.member.send(world.channel, f"{world.me} who's here?")
    assert "I'm not here" not in asked(world)
    assert "] mem: I am" in asked(world)


@pytest.mark.parametrize(("room", "expected"), [("0", []), ("2", ["three", "four"]), ("50", ["one", "four"])])
async def test_the_setting_says_how_many_messages_are_read(world: World, room: str, expected: list[str]):
    """The newest ones; none at 0."""
    await world.admin.slash(world.channel, "settings set", setting="room", value=room)
    for word in ("one", "two", "three", "four"):
        await world.admin.send(world.channel, word)
    await world.member.send(world.channel, f"{world.me} what's up?")
    said = [line.partition("admin: ")[2] for line in asked(world).split("\n") if "] admin: " in line]
    assert [*said[:1], *said[-1:]] == expected
    assert len(said) <= int(room)


async def test_only_what_the_asker_may_read_is_context(world: World, reads: list[int]):
    """Somebody without Read Message History gets an answer without the room."""
    blind = {
        world.guild.default_role: discord.PermissionOverwrite(read_message_history=False),
        world.guild.me: discord.PermissionOverwrite(read_message_history=True),
    }
    channel = world.guild.create_text_channel("blind", overwrites=blind)
    await world.admin.send(channel, "the secret")
    await world.member.send(channel, f"{world.me} what's up?")
    assert asked(world) == "mem: what's up?"
    assert channel.id not in reads


async def test_other_channels_are_no_context(world: World):
    """Each channel is a room of its own."""
    other = world.guild.create_text_channel("other")
    await world.admin.send(other, "elsewhere")
    await world.member.send(world.channel, f"{world.me} what's up?")
    assert "elsewhere" not in asked(world)


async def test_a_channel_is_read_once_and_then_followed(world: World, reads: list[int]):
    """What was said before the bot came is read with the first question; events bring the rest."""
    await world.admin.send(world.channel, "before")
    world.bot.recent.clear()  # as after a gap in events
    await world.member.send(world.channel, f"{world.me} one?")
    assert "] admin: before" in asked(world)
    await world.admin.send(world.channel, "after")
    await world.member.send(world.channel, f"{world.me} two?")
    assert "] admin: before" in asked(world)
    assert "] admin: after" in asked(world)
    assert reads == [world.channel.id]


async def test_a_storm_of_questions_reads_few_rooms(
    world: World, reads: list[int], monkeypatch: pytest.MonkeyPatch
):
    """The others are answered without: reading would take the place of their answers."""
    monkeypatch.setattr(around, "ROOM_PATIENCE_S", 0.5)
    channels = [world.guild.create_text_channel(f"c{number}") for number in range(around.ROOMS_A_SECOND + 3)]
    for channel in channels:
        await world.admin.send(channel, "before")
    world.bot.recent.clear()
    reader = around.DiscordMessages(lambda: world.bot, Still())
    found = []
    for channel in channels:
        await world.member.send(channel, "hello")
        question = question_in(world, channel.id)
        found.append(bool(await reader.room(question, limit=20)))
    assert found == [True] * around.ROOMS_A_SECOND + [False] * 3
    assert len(reads) == around.ROOMS_A_SECOND


class Still:
    """A clock that stands."""

    def monotonic(self) -> float:
        return 0.0

    def time(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def question_in(world: World, channel_id: int) -> Any:
    place = Place(channel_id=channel_id, guild_id=world.guild.id)
    return Question(
        place=place, author_id=world.member.id, author_name="mem", text="?", extras=Extras(room_id=channel_id)
    )


async def test_a_channel_that_cannot_be_read_costs_the_answer_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """The question is answered without it, and nothing is said of it."""

    def broken(self: Any, **how: Any) -> Any:  # noqa: ARG001 - discord.py's
        raise aiohttp.ClientConnectionError("no")

    world.bot.recent.clear()
    monkeypatch.setattr(discord.abc.Messageable, "history", broken)
    await world.member.send(world.channel, f"{world.me} what's up?")
    assert world.channel.last_message.content == "Hello."


async def test_retry_and_ask_read_the_room_as_well(world: World):
    """By command, and again by a button."""
    await world.admin.send(world.channel, "the build is red")
    await world.member.slash(world.channel, "ask", prompt="what's up?")
    assert "] admin: the build is red" in asked(world)
    await world.member.send(world.channel, f"{world.me} what's up?")
    answer = world.channel.last_message
    await world.admin.send(world.channel, "said later")
    await world.member.context_menu(world.channel, "Regenerate", answer)
    assert "] admin: the build is red" in asked(world)
    assert "said later" not in asked(world)


async def test_a_question_that_opens_a_thread_comes_with_its_channels_talk(world: World):
    """It was asked there; in the thread, later questions have the thread's."""
    await world.admin.slash(world.channel, "settings set", setting="threads", value="on")
    await world.admin.send(world.channel, "the build is red")
    await world.member.send(world.channel, f"{world.me} what's up?")
    assert "] admin: the build is red" in asked(world)
    (thread,) = world.channel.threads
    await world.admin.send(thread, "only here")
    await world.member.send(thread, f"{world.me} and now?")
    assert "] admin: only here" in asked(world)
    assert "the build is red" not in asked(world)


async def test_new_channels_and_threads_are_not_read(world: World, reads: list[int]):
    """There is nothing in them that no event has brought."""
    channel = world.guild.create_text_channel("new")
    await world.admin.send(channel, "first")
    await world.member.send(channel, f"{world.me} what's up?")
    assert "] admin: first" in asked(world)
    assert channel.id not in reads
