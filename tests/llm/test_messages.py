"""Whatever is left of a conversation, it's sent in a form that every model takes, with nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.overlap import Join
from bot.core.records import Attachment, AttachmentKind, Message, ModelInfo, Role
from bot.llm.media import Media
from bot.llm.messages import BETWEEN, MISSING, messages_of
from bot.llm.quirks import LearnedQuirks, Quirks

ALL = Quirks()
PLAIN = Quirks(frozenset({"prefill"}))
BARE = Quirks(frozenset({"prefill", "system"}))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["", " ", "\n", "a \n", "Ann: why?"])
PROMPTS = st.lists(st.builds(Message, st.sampled_from(Role), TEXTS), max_size=12)


def talk(*said: str) -> list[Message]:
    """Messages written as `user: text`."""
    return [Message(Role(role), text) for role, text in (line.split(": ", 1) for line in said)]


def roles(sent: list[dict[str, str]]) -> list[str]:
    return [message["role"] for message in sent]


@given(PROMPTS, st.sampled_from([ALL, PLAIN, BARE]))
def test_every_prompt_is_sent_in_turn_with_nothing_empty(prompt: list[Message], quirks: Quirks):
    """At most one system message first, then the user's turn, then in turn; no white space ends an answer."""
    sent = messages_of(prompt, quirks, Media())
    said = roles(sent)
    assert "system" not in said[1:]
    if not quirks.takes("system"):
        assert "system" not in said
    turns = said[said[0] == "system" :]
    assert turns == (["user", "assistant"] * len(turns))[: len(turns)]
    assert turns
    assert all(message["content"].strip() for message in sent)
    assert all(m["content"] == m["content"].rstrip() for m in sent if m["role"] == "assistant")
    if not quirks.takes("prefill"):
        assert turns[-1] == "user"


@given(PROMPTS, st.sampled_from([ALL, PLAIN, BARE]))
def test_nothing_that_was_said_is_lost_or_moved(prompt: list[Message], quirks: Quirks):
    """What the system says comes first, then everything else in its order, each once."""
    whole = BETWEEN.join(message["content"] for message in messages_of(prompt, quirks, Media()))
    at = 0
    said = [m for m in prompt if m.role is Role.SYSTEM] + [m for m in prompt if m.role is not Role.SYSTEM]
    for text in (m.content.rstrip() if m.role is Role.ASSISTANT else m.content for m in said if m.content.strip()):
        found = whole.find(text, at)
        assert found >= 0
        at = found + len(text)


@given(PROMPTS)
def test_a_form_that_all_take_is_left_as_it_is(prompt: list[Message]):
    """Sending it twice through changes nothing."""
    once = messages_of(prompt, PLAIN, Media())
    assert messages_of([Message(Role(m["role"]), m["content"]) for m in once], PLAIN, Media()) == once


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        (talk("user: Hi", "user: Well?"), [("user", "Hi\n\nWell?")]),
        (talk("assistant: Hi", "user: Well?"), [("user", MISSING), ("assistant", "Hi"), ("user", "Well?")]),
        (talk("system: Be kind", "user: Hi"), [("system", "Be kind"), ("user", "Hi")]),
        (talk("user: Hi", "system: Be kind", "user: Well?"), [("system", "Be kind"), ("user", "Hi\n\nWell?")]),
        (
            talk("user: Hi", "assistant: ", "assistant: Ho ", "assistant: Ha\n", "user: Well?"),
            [("user", "Hi"), ("assistant", "Ho\n\nHa"), ("user", "Well?")],
        ),
        (talk("system: Be kind"), [("system", "Be kind"), ("user", MISSING)]),
        ([], [("user", MISSING)]),
    ],
)
def test_what_deletions_and_several_speakers_leave(prompt: list[Message], sent: list[tuple[str, str]]):
    """Neighbours of a role are one turn; an answer without its question gets a stand-in for it."""
    assert [(m["role"], m["content"]) for m in messages_of(prompt, PLAIN, Media())] == sent


def test_a_model_without_a_system_role_reads_it_in_the_first_turn():
    """Also where that turn had to be made."""
    prompt = talk("system: Be kind", "assistant: Hi", "user: Well?")
    assert messages_of(prompt, BARE, Media())[0] == {"role": "user", "content": f"Be kind\n\n{MISSING}"}


# --- Continue -------------------------------------------------------------------------------------------------


def go_on(begun: str, quirks: Quirks = PLAIN) -> list[dict[str, str]]:
    return messages_of([*talk("user: Tell me"), Message(Role.ASSISTANT, begun)], quirks, Media())


@pytest.mark.parametrize(
    ("begun", "words"),
    [
        ("The quick brown fox jumps over the la", "brown fox jumps over the la"[6:]),
        ("One.\n\nTwo, or th", "Two, or th"),
        ("mid", "mid"),
        ("x = (1 +", "x = (1 +"),
        ("See https://example.org/a/b", "https://example.org/a/b"),
    ],
)
def test_an_answer_is_gone_on_with_from_its_last_words(begun: str, words: str):
    """The model is asked to repeat them, and the joint leaves them out: no word is lost, cut or said twice."""
    *_, answer, request = go_on(begun)
    assert answer == {"role": "assistant", "content": begun}
    assert request["role"] == "user"
    assert request["content"].endswith(f"\n{words}")
    join = Join(begun)
    assert join.feed(f"{words} and then some") + join.end() == " and then some"
    cut = Join(begun)
    assert cut.feed(f"{words}st of it") + cut.end() == "st of it"


@pytest.mark.parametrize("begun", ["One. ", "One.\n\n", "」。!", "日本語" * 100])
def test_where_no_word_can_be_cut_nothing_is_repeated(begun: str):
    """After white space a word begins anyway; in a script without spaces words have no beginning."""
    assert go_on(begun)[-1]["content"].endswith("Repeat nothing of it.")


def test_a_model_that_goes_on_by_itself_gets_the_answer_last():
    """Unless it ends in white space, which those models refuse and would write again."""
    assert roles(go_on("One two", ALL)) == ["user", "assistant"]
    assert roles(go_on("One two\n", ALL)) == ["user", "assistant", "user"]


@pytest.mark.parametrize(
    ("model", "system", "prefill"),
    [
        ("anthropic/claude-3-haiku", True, True),
        ("anthropic/claude-3.7-sonnet:thinking", True, False),
        ("anthropic/claude-sonnet-4.5", True, False),
        ("anthropic/claude-opus-5", True, False),
        ("~anthropic/claude-latest", True, False),
        ("openai/gpt-4o-mini", True, False),
        ("mistralai/mistral-small-3.2-24b-instruct", True, False),
        ("mistralai/mistral-7b-instruct:free", False, False),
        ("mistralai/mixtral-8x7b-instruct", False, False),
        ("google/gemma-3-27b-it:free", False, False),
        ("gemma3:12b", False, False),
        ("openai/o1-mini", False, False),
        ("openai/o1", True, False),
        ("nobody/knows-this", True, False),
    ],
)
def test_what_is_known_of_families(model: str, system: bool, prefill: bool):
    """What nothing is known of is sent in the form that all take."""
    quirks = LearnedQuirks().of(model)
    assert (quirks.takes("system"), quirks.takes("prefill")) == (system, prefill)


def test_pictures_of_an_answer_go_with_what_was_said_next():
    """Models take pictures from users alone; those of an answer that nobody replied to aren't sent."""
    picture = Attachment(name="p.png", kind=AttachmentKind.PICTURE, data=b"x", media_type="image/png")
    drawn = Message(Role.ASSISTANT, "Here.", (picture,))
    media = Media(ModelInfo(id="m", name="M", context_length=9, input_modalities=frozenset({"text", "image"})))
    prompt = [Message(Role.USER, "draw"), drawn, Message(Role.USER, "bluer")]
    asked, answered, then = messages_of(prompt, ALL, media)
    assert asked["content"] == "draw"
    assert answered["content"] == "Here."
    assert [part["type"] for part in then["content"]] == ["text", "image_url"]
    assert all(isinstance(message["content"], str) for message in messages_of(prompt[:2], ALL, Media()))
