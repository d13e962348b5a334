"""Discord's refusals while a reply streams, from end to end: paced, exact, clean."""

from __future__ import annotations

import pytest

from playground.discord import Channel, Message, RateLimits
from playground.discord.api.limits import Limiter
from playground.exactness import has_small_print
from playground.openrouter import Script
from tests.e2e.conftest import CURSOR, World

WORDS = " ".join(f"word{number}" for number in range(200))
LONG = "\n\n".join([WORDS] * 3)
EDIT = ("PATCH", "/channels/*/messages/*")


def refused(world: World, status: int = 429) -> int:
    return sum(request.status == status for request in world.discord.requests)


async def test_a_shared_limit_costs_no_text(world: World):
    """Others use up the channel's writes too: the bot learns of it by a refusal, waits as long as it says."""
    world.discord.door.limiter = Limiter(RateLimits(shared=(2, 3.0)))
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=150))
    await world.reply(world.ask("go on"), LONG, timeout=60)
    assert refused(world) <= 6


async def test_retry_after_is_the_truth(world: World):
    """Not the end of the bot's own bucket, which the headers tell of."""
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=150))
    asked = world.ask("go on")
    await world.discord.until(lambda: world.replies(asked), 20)
    world.discord.trouble.limit(*EDIT, 3.0, scope="shared", reset_after=0.1)
    await world.reply(asked, LONG, timeout=60)
    at = next(number for number, request in enumerate(world.discord.requests) if request.status == 429)
    limited, *later = [r for r in world.discord.requests[at:] if r.method == "PATCH"]
    assert later[0].at - limited.at >= 2.9
    assert refused(world) == 1


async def test_a_page_of_the_networks_edge_costs_no_text(world: World):
    """A 429 without headers, which says nothing of when to come back."""
    await world.start()
    world.discord.trouble.block_at_the_edge(*EDIT)
    world.scripts.append(Script(text=LONG, tokens_per_second=150))
    await world.reply(world.ask("go on"), LONG, timeout=60)
    assert "Traceback" not in world.log


@pytest.mark.timeout(180)
async def test_a_long_global_refusal_mutes_nobody_for_ever(world: World):
    """It is longer than any of the bot's own patience; when it is over, everything works."""
    await world.start()
    await world.reply(world.ask("hello"))
    world.discord.trouble.limit_globally(24.0)
    first = world.ask("go on")
    await world.reply(first, timeout=60)
    await world.reply(world.ask("and now?", channel=world.other), "Hello.", timeout=30)
    done = await world.discord.command(world.member, world.channel, "ask", prompt="hello")
    await world.discord.until(lambda: done.content == "Hello.", 20)


async def test_an_old_reply_is_edited_rarely_and_to_its_end(world: World):
    """30046: messages over an hour old take few edits; the last one is the text."""
    world.discord.world.rules.old_after, world.discord.world.rules.old_edits = -1.0, (2, 6.0)
    await world.start()
    world.scripts.append(Script(text=WORDS, tokens_per_second=100))
    asked = world.ask("go on")
    await world.reply(asked, WORDS, timeout=60)
    assert world.replies(asked)[-1].labels == ()
    assert refused(world) <= 3


async def test_slow_mode_only_slows_the_reply(world: World):
    """20016: the next message of a long reply waits, and comes."""
    world.discord.slow_down(world.channel, 3)
    await world.start()
    world.scripts.append(Script(text=LONG, tokens_per_second=400))
    await world.reply(world.ask("go on"), LONG, timeout=60)


async def archived_in_mid_reply(world: World) -> tuple[Channel, Message]:
    """A thread that was archived while the bot answered in it, and the question."""
    thread = world.discord.add_thread(world.channel, "aside")
    world.scripts.append(Script(text=WORDS, tokens_per_second=100))
    asked = world.ask("go on", channel=thread)
    await world.discord.until(lambda: any(CURSOR in m.content for m in world.replies(asked)), 20)
    world.discord.archive(thread)
    return thread, asked


async def test_a_thread_archived_in_mid_reply_is_cleaned_later(world: World):
    """50083: as soon as somebody opens it again, the cursor and the dead button go."""
    await world.start()
    thread, asked = await archived_in_mid_reply(world)
    await world.discord.until(lambda: world.router.calls[0].finished, 20)
    world.discord.world.update_channel(thread, archived=False)
    await world.reply(asked, timeout=60)


async def test_a_word_that_is_blocked_leaves_no_cursor(world: World):
    """200000: the reply ends with what Discord took, and says so."""
    world.guild.blocked_words.add("word150")
    await world.start()
    world.scripts.append(Script(text=WORDS, tokens_per_second=150))
    asked = world.ask("go on")
    await world.reply(asked, timeout=60)
    await world.discord.until(lambda: all(CURSOR not in message.content for message in world.replies(asked)), 60)
    assert any(has_small_print(message.content) for message in world.replies(asked))
    assert not any(message.labels == ("Stop",) for message in world.replies(asked))
    assert "Traceback" not in world.log


async def test_a_message_left_behind_is_cleaned_after_a_restart(world: World):
    """The thread stays archived until the next process runs; then cursor and button go."""
    await world.start()
    thread, asked = await archived_in_mid_reply(world)
    await world.stop()
    await world.start()
    world.discord.world.update_channel(thread, archived=False)
    await world.reply(asked, timeout=60)
    assert not any(CURSOR in message.content for message in world.replies(asked))
