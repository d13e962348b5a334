"""What providers and model families really answer, from end to end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from playground.openrouter import Fault, Script, cases
from playground.openrouter.framing import Framing
from tests.e2e.conftest import World
from tests.e2e.test_money import query

FRAMINGS = (
    Framing(bom=True, newline="\r\n"),
    Framing(newline="\r", fields=True),
    Framing(split=True, comments=True),
    Framing(space=False, cut_bytes=3),
)
TEXT = "Ebbe und Flut, 潮汐, \N{WATER WAVE}: twice a day.\n\n- one\n- two"


async def test_the_same_events_however_they_are_written(world: World):
    """Nothing is lost and nothing stands twice, whatever the server's way with lines, fields and bytes."""
    await world.start()
    for framing in FRAMINGS:
        world.scripts.append(Script(text=TEXT, tokens_per_second=200, framing=framing))
        await world.reply(world.ask("when?"), TEXT)
    world.scripts.append(Script(text=TEXT, tokens_per_second=200, cumulative=True))
    await world.reply(world.ask("when?"), TEXT)
    assert len(world.router.calls) == len(FRAMINGS) + 1


@pytest.mark.parametrize(
    "model",
    ["anthropic/claude-sonnet-4", "anthropic/claude-3-haiku", "mistralai/mistral-small-3.2-24b-instruct:free"],
)
async def test_continue_works_with_every_family(world: World, model: str):
    """Those that refuse an assistant's turn at the end, or white space at its end, go on without a word twice."""
    await world.start(MODEL=f"openrouter/{model}")
    world.scripts += [
        Script(text="One two three ", tokens_per_second=0, fault=Fault.RESET, fault_at=4),
        Script(text="four five.", tokens_per_second=0),
    ]
    asked = world.ask("count")
    (reply,) = await world.reply(asked)
    await world.discord.press(world.member, reply, "Continue")
    await world.reply(asked, "One two three four five.", timeout=15)


async def test_a_family_that_wants_turns_and_no_system_role(world: World):
    """The request is in a form that it takes, no matter who speaks or what was deleted or failed before."""
    await world.start(MODEL="openrouter/google/gemma-3-27b-it")
    await world.reply(world.ask("one"), "Hello.")
    gone = world.ask("two", user=world.admin)
    answers = await world.reply(gone, "Hello.")
    world.discord.delete(*answers)
    world.scripts.append(Script(status=400, error_message="No."))
    await world.reply(world.ask("three"))
    await world.reply(world.ask("four", user=world.admin), "Hello.")
    assert all(call.status != 400 or call.script.status == 400 for call in world.router.calls)


async def test_an_end_without_words_says_why_and_costs_one_request(world: World):
    """A safety stop, a refusal, a tool call, a thought that took all: each in its own sentence."""
    await world.start()
    said: dict[str, str] = {}
    for name in ("safety", "prohibited", "refusal", "tool", "thought"):
        before = len(world.router.calls)
        world.scripts.append(cases.WORDLESS[name])
        (reply,) = await world.reply(world.ask("why?"))
        said[name] = reply.content
        assert len(world.router.calls) == before + 1, f"{name}: {reply.content}"
    assert cases.WORDLESS["refusal"].refusal in said["refusal"]
    assert len({said[name] for name in ("safety", "tool", "thought")}) == 3
    assert all(text.strip() for text in said.values())


async def test_hidden_thinking_is_seen_to_go_on(world: World):
    """While nothing but keep-alives comes, the message counts the seconds; the call is made once."""
    await world.start(FIRST_TOKEN_TIMEOUT="1", TOKEN_GAP_TIMEOUT="1", THINKING_TIMEOUT="30")
    world.scripts.append(cases.thinks(8.0, "At last."))
    asked = world.ask("why?")
    (reply,) = await world.reply(asked, "At last.")
    counted = [version.content for version in reply.history if version.content.startswith("-# Thinking… ")]
    assert len(counted) >= 2
    assert counted == list(dict.fromkeys(counted))
    assert len(world.router.calls) == 1


async def test_thoughts_are_behind_a_button_until_the_answer_is_deleted(world: World):
    """They're shown to who presses, in full, also after a restart; then they're in no file any more."""
    await world.start()
    thought = "They want a VERYSECRET sum. " * 100
    await world.discord.command(
        world.admin, world.channel, "settings set", setting="reasoning", value="button", scope="channel"
    )
    world.scripts.append(Script(text="Four.", reasoning=thought, tokens_per_second=0))
    asked = world.ask("2+2?")
    (reply,) = await world.reply(asked, "Four.")
    assert reply.labels == ("Thinking",)
    await world.stop()
    await world.start()
    pressed = await world.discord.press(world.member, reply, "Thinking")
    assert pressed.ephemeral
    assert pressed.content.startswith("They want a VERYSECRET sum.")
    await world.reply(world.ask("sure?"))
    assert "VERYSECRET" not in str(world.router.calls[-1].messages)
    world.discord.delete(reply)
    await world.reply(world.ask("and now?"))
    await world.stop()
    assert b"VERYSECRET" not in world.database.read_bytes()


async def test_thoughts_in_the_text_are_no_answer(world: World):
    """A leading think block is reasoning; in code it is text."""
    await world.start()
    world.scripts += [cases.THOUGHT_ALOUD, Script(text="Write `<think>` so.", tokens_per_second=0)]
    await world.reply(world.ask("hello"), "Hello.")
    await world.reply(world.ask("how?"), "Write `<think>` so.")


async def test_a_call_that_is_alive_is_not_asked_again(world: World):
    """Encrypted thinking goes on for longer than the first token may take; so do keep-alives."""
    await world.start(FIRST_TOKEN_TIMEOUT="1")
    for encrypted in (True, False):
        world.scripts.append(cases.thinks(3.0, "At last.", encrypted=encrypted))
        await world.reply(world.ask("hard?"), "At last.")
    assert len(world.router.calls) == 2


async def test_what_is_no_stream_ends_in_a_sentence(world: World):
    """A document is an answer, everything else an error; a redirect never carries the key away."""
    await world.start()
    world.scripts.append(cases.NOT_A_STREAM["document"])
    await world.reply(world.ask("how?"), "All at once.")
    world.scripts.append(cases.NOT_A_STREAM["gzip"])
    await world.reply(world.ask("how?"), "Hello.")
    for name in ("error", "html", "redirect"):
        world.scripts += [cases.NOT_A_STREAM[name]] * 4
        (reply,) = await world.reply(world.ask("and now?"), timeout=60)
        assert reply.content.startswith("-# "), name
        assert "<html" not in reply.content
        world.scripts.clear()


async def test_a_refusal_says_what_can_be_done(world: World):
    """The truth in `metadata.raw`, quoting none of it; the data policy by the setting that changes it."""
    await world.start()
    world.scripts.append(cases.too_long())
    (long,) = await world.reply(world.ask("this"))
    assert "shorten it" in long.content
    assert "8192" not in long.content
    world.scripts.append(cases.data_policy())
    (policy,) = await world.reply(world.ask("that"))
    assert "DATA_COLLECTION" in policy.content
    world.scripts.append(cases.key_limit())
    (limited,) = await world.reply(world.ask("this again"))
    assert limited.content.startswith("-# ")
    assert "unexpected" not in "".join(reply.content for reply in (long, policy, limited))


async def test_what_can_be_afforded_is_asked_for(world: World):
    """402 "can only afford N" is asked again with N, once."""
    await world.start()
    world.scripts += [cases.affordable(321), Script(text="A short answer.", tokens_per_second=0)]
    await world.reply(world.ask("how?"), "A short answer.")
    assert [call.body["max_tokens"] for call in world.router.calls] == [4096, 321]


async def costs(world: World, count: int) -> list[tuple[Any, ...]]:
    """The ledger, once it has that many entries that are not estimated."""
    for _ in range(100):
        rows = query(world, "SELECT cost_nano_usd, estimated FROM ledger ORDER BY id")
        if len(rows) == count and not any(estimated for _, estimated in rows):
            return rows
        await asyncio.sleep(0.1)
    return rows


async def test_the_ledger_takes_what_was_really_paid(world: World):
    """With a key of the owner's own the cost is upstream; of several usages the last counts."""
    await world.start()
    world.scripts += [
        cases.byok(0.02, 0.001),
        Script(usages=({"cost": 9.0}, {"cost": 0.5}), tokens_per_second=0),
    ]
    await world.reply(world.ask("one"))
    await world.reply(world.ask("two"))
    assert [cost for cost, _ in await costs(world, 2)] == [21_000_000, 500_000_000]


async def test_a_late_record_has_the_last_word(world: World):
    """A reply that was stopped has no usage; what its generation cost is known seconds later."""
    await world.start()
    world.scripts.append(Script(text="word " * 2000, record_after=3.0, record={"total_cost": 0.125}))
    asked = world.ask("talk")
    (reply,) = await world.discord.until(lambda: world.replies(asked), 20)
    await world.discord.press(world.member, reply, "Stop")
    await world.reply(asked)
    assert [cost for cost, _ in await costs(world, 1)] == [125_000_000]


@pytest.mark.parametrize("cost", [None, "0.5", -1.0, float("nan"), 1e12])
async def test_words_never_depend_on_figures(world: World, cost: object):
    """Whatever a usage says, the answer is shown and stored, and the ledger is right or says that it estimates."""
    await world.start()
    world.scripts.append(Script(usages=({"cost": cost, "prompt_tokens": 10**30},), tokens_per_second=0))
    (reply,) = await world.reply(world.ask("one"), "Hello.")
    assert reply.labels == ()
    await world.reply(world.ask("two"), "Hello.")
    for spent, _ in query(world, "SELECT cost_nano_usd, estimated FROM ledger"):
        assert 0 <= spent < 10**12
    assert "Hello." in str(world.router.calls[-1].messages)


PAGES = [f"https://page{number}.example/tides_{number}" for number in range(1, 12)]


async def test_a_search_shows_its_sources_and_none_that_the_model_made_up(world: World):
    """`/ask web:true` offers the search within its ceiling, shows that it goes on, and books what it cost."""
    await world.start()
    invented = "Twice a day [1], see [this page](https://invented.example/tides)."
    searched = cases.searched(invented, *PAGES, cited="end", searches=2)
    world.scripts.append(replace(searched, first_token_after=4.0))
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="tides?", web=True)
    await world.discord.until(lambda: asked.messages and "Sources" in asked.messages[0].content, 20)
    (answer,) = asked.messages
    body = world.router.calls[0].body
    assert [tool["type"] for tool in body["tools"]] == ["openrouter:web_search"]
    assert {"type": "max_cost", "max_cost_in_dollars": 0.05} in body["stop_server_tools_when"]
    assert any(version.content.startswith("-# Searching the web…") for version in answer.history)
    text, print_ = answer.content.split("\n-# Sources: ")
    assert text.replace("(<", "(").replace(">)", ")") == invented  # a link without its preview
    assert "invented" not in print_
    assert print_.startswith("[1] [Page 1](<https://page1.example/tides_1>) (page1.example) · [2] ")
    assert "and 3 more" in print_
    assert "a search engine, which may keep it" in print_
    assert answer.labels == ("Sources",)
    pressed = await world.discord.press(world.admin, answer, "Sources")
    assert pressed.ephemeral
    assert all(f"(<{page}>)" in pressed.content for page in PAGES)
    await world.reply(world.ask("and now without?"))
    assert "tools" not in world.router.calls[1].body
    assert "page1.example" not in str(world.router.calls[1].messages)
    ((cost,),) = query(world, "SELECT cost_nano_usd FROM ledger ORDER BY id LIMIT 1")
    assert cost >= 14_000_000


async def test_where_nobody_can_search_the_answer_says_so(world: World):
    """A model without tools answers from what it knows."""
    await world.start(MODEL="openrouter/meta-llama/llama-3.3-70b-instruct:free")
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="tides?", web=True)
    await world.discord.until(lambda: asked.messages and "can't search" in asked.messages[0].content, 20)
    assert asked.messages[0].content.startswith("Hello.\n-# ")
    assert "tools" not in world.router.calls[0].body


async def test_a_retry_of_a_question_about_the_web_searches_again(world: World):
    """Also after a restart; the next question of the channel doesn't."""
    await world.start()
    world.scripts.append(Script(status=400, error_message="No."))
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="tides?", web=True)
    await world.discord.until(lambda: asked.messages and "Retry" in asked.messages[0].labels, 20)
    await world.stop()
    await world.start()
    await world.discord.press(world.member, asked.messages[0], "Retry")
    await world.discord.until(lambda: asked.messages[0].content.startswith("Hello."), 20)
    await world.reply(world.ask("hello"), "Hello.")
    assert ["tools" in call.body for call in world.router.calls] == [True, True, False]
