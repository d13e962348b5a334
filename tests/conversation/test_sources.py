"""Sources under an answer: only the reported ones, numbered in the order of use, and no title does any harm."""

from __future__ import annotations

import re

import pytest

from bot.conversation.asides.sources import in_order_of_use
from bot.core.events import Besides, Done, FinishReason, Source, Sources
from bot.display.text.markdown import utf16_length
from bot.settings.catalog import WEB
from bot.settings.resolver import channel_scope
from bot.ui.texts.replies import REMARKS, ReplyTexts, listed
from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget
from tests.virtual import run

ONE = Source(url="https://www.one.example/a_b", title="One *bold* [title]", start=50)
TWO = Source(url="https://two.example/", title="", start=5)


def shown_under(text: str, *sources: Source) -> tuple[str, Stage]:
    async def main() -> tuple[str, Stage]:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.say(text, Sources(sources))
        await stage.ask("why?", target)
        return target.contents[-1], stage

    return run(main())


def test_what_the_provider_reports_stands_under_the_answer():
    """Numbered, titled, with its host; the text is what the model said."""
    shown, stage = shown_under("So it is, they say.", ONE, TWO)
    text, _, print_ = shown.partition("\n-# ")
    assert text == "So it is, they say."
    assert print_ == (
        r"Sources: [1] [two.example](<https://two.example/>) · "
        r"[2] [One \*bold\* (title)](<https://www.one.example/a_b>) (one.example)"
    )
    assert stage.store.answers == {1: "So it is, they say."}


def test_a_link_that_the_model_made_up_is_no_source():
    """It stays in the text, where the model put it."""
    shown, _ = shown_under("See [here](https://invented.example).", ONE)
    assert shown.count("invented.example") == 1
    assert "invented" not in shown.partition("\n-# ")[2]


def test_markers_count_as_the_provider_does():
    """`[2]` in the text is number two below it, whatever is cited first."""
    assert in_order_of_use((ONE, TWO), "So it is [2], they say [1].") == (ONE, TWO)
    assert in_order_of_use((ONE, TWO), "So it is, they say.") == (TWO, ONE)
    assert in_order_of_use((ONE, TWO), "In the year [1999] it was.") == (TWO, ONE)


def test_more_than_eight_are_behind_a_button():
    """Eight under the answer, and all of them, in their order, kept for the people who press."""
    many = [Source(url=f"https://page{n}.example/", title=f"Page {n}") for n in range(1, 21)]
    shown, stage = shown_under("So.", *many)
    assert "Page 8" in shown
    assert "Page 9" not in shown
    assert shown.endswith("and 12 more")
    (aside,) = stage.store.asides[1]
    assert [line.partition(" ")[0] for line in aside.text.splitlines()] == [f"{n}." for n in range(1, 21)]
    assert "https://page20.example/" in aside.text


def test_long_addresses_never_make_the_small_print_too_long():
    """Those that don't fit are named without a link, and the button has them all."""
    long = [Source(url=f"https://page{n}.example/{'x' * 1900}", title="T" * 300) for n in range(8)]
    line, whole = listed(long)
    assert utf16_length(line) < 1900
    assert not whole
    assert ReplyTexts().further_sources(long).count("](<") == 8
    line, whole = listed(long[:1])
    assert "page0.example" in line


@pytest.mark.parametrize(
    "title",
    [
        "](https://evil.example) x",
        "https://bank.example/login",
        "@everyone **now**\n# Big",
        "<@123> <#4> <https://evil.example>",
        "||spoiler|| `code` ~~no~~",
        "\u202egnp.exe\u200b",
    ],
)
def test_nothing_works_in_a_title(title: str):
    """It's the page's own word: no link, mention, heading, spoiler or change of direction comes of it."""
    line, _ = listed([Source(url="https://one.example/", title=title)])
    assert line.count("](") == 1
    assert "\n" not in line
    label = re.search(r"\[1\] \[(.*)\]\(<https://one\.example/>\)", line)
    assert label
    assert not re.search(r"(?<!\\)[\[\]<*_~`|]|https?://|@(?!\u200b)|[\u202e]", label[1])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.one.example/", "one.example"),
        ("https://\u0430pple.example/", "xn--pple-43d.example"),
        ("https://one.example:8080/x", "one.example"),
    ],
)
def test_the_host_is_shown_as_it_is(url: str, host: str):
    """In letters that no other letter passes for."""
    assert f"({host})" in listed([Source(url=url, title="T")])[0]


def test_an_address_cannot_end_its_link():
    """What would close it is written as addresses write it."""
    line, _ = listed([Source(url="https://one.example/a>)b(c||d", title="T")])
    assert "(<https://one.example/a%3E%29b%28c%7C%7Cd>)" in line


@pytest.mark.parametrize("other", list(Besides))
def test_what_cannot_be_shown_beside_text_is_named_under_it(other: Besides):
    """In a sentence, and the answer counts as whole."""

    async def main() -> FakeTarget:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.say("So.", Done(reason=FinishReason.STOP, besides=frozenset({other})))
        await stage.ask("why?", target)
        return target

    target = run(main())
    assert target.contents == [f"So.\n-# {REMARKS[other]}"]


def test_what_a_search_means_is_said_once_in_a_channel():
    """And the request carries the ceiling each time."""

    async def main() -> tuple[Stage, list[str]]:
        stage = Stage()
        await stage.resolver.set(channel_scope(1), WEB.key, "on", by=1)
        targets = [FakeTarget(latency=0.1) for _ in range(2)]
        for target in targets:
            await stage.ask("news?", target)
        return stage, [target.contents[-1] for target in targets]

    stage, (first, second) = run(main())
    assert "a search engine, which may keep it" in first
    assert second == "Hello."
    assert [request.web_ceiling for request in stage.llm.requests] == [50_000_000] * 2
