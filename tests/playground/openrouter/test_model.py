"""The scripted model's answers."""

from __future__ import annotations

from typing import Any

import pytest

from playground.openrouter import Call, Fault
from playground.openrouter.model import ScriptedModel


def call(*said: str) -> Call:
    roles = ["system", *(["user", "assistant"] * len(said))][: len(said) + 1]
    messages = [{"role": role, "content": text} for role, text in zip(roles, ("Be kind.", *said), strict=True)]
    return Call(id="gen-1", headers={}, body={"model": "m", "messages": messages}, arrived_at=0.0)


def text_of(answer: Any) -> str:
    return "".join(answer.text)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who are you?", "scripted model"),
        ("show me CODE", "```python"),
        ("a list", "1. **"),
        ("a table?", "figure"),
        ("Why is the sky blue?", "Headwater"),
    ],
)
def test_words_in_a_question_pick_the_answer(question: str, expected: str):
    """The name that the bot puts before a question changes nothing."""
    assert expected in text_of(ScriptedModel()(call(f"Mo: {question}")))


def test_a_name_picks_no_answer():
    """Somebody called by one of the words gets the answer to what they ask."""
    assert "```" not in text_of(ScriptedModel()(call("Code: Why is the sky blue?")))


def test_what_was_asked_before_comes_from_the_request():
    """It remembers what the bot sends along and nothing else."""
    answer = text_of(ScriptedModel()(call("Mo: one", "1", "Ada: two", "2", "Mo: What did I ask before?")))
    assert answer.splitlines()[-2:] == ["1. one", "2. two"]
    assert "Nothing" in text_of(ScriptedModel()(call("Mo: What did I ask before?")))


def test_a_busy_model_refuses_once():
    """The same request gets a 429 with Retry-After, then its answer."""
    model = ScriptedModel()
    first, second = model(call("Mo: are you busy?")), model(call("Mo: are you busy?"))
    assert (first.status, dict(first.headers), second.status) == (429, {"Retry-After": "2"}, 200)


def test_faults_come_on_request():
    """An error before any text, and one in the middle of it."""
    assert ScriptedModel()(call("Mo: an error, please")).status == 400
    broken = ScriptedModel()(call("Mo: break off"))
    assert (broken.fault, broken.fault_at > 10) == (Fault.ERROR, True)


def test_an_answer_that_was_begun_is_gone_on_with():
    """It ends properly and repeats no word, even if it broke off the first time."""
    broken = ScriptedModel()(call("Mo: break off"))
    begun = text_of(broken)[:700]
    rest = ScriptedModel()(call("Mo: break off", begun))
    assert rest.fault is None
    assert begun + text_of(rest) == text_of(broken)


def test_it_tells_what_came_with_a_question():
    """Kinds, sizes and the first line of what the bot sent along, not of what came with an earlier question."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "ogg"}}
    text = "Mo: what is wrong here?\n\napp.log (a text):\n```\nERROR in line 1\nmore\n```\n\n[a.png: a picture]"
    asked = call("x")
    asked.body["messages"][-1]["content"] = [{"type": "text", "text": text}, picture, sound]
    answer = text_of(ScriptedModel()(asked))
    assert "I got 3 files" in answer
    assert "1. **a text**, `app.log`: 20 characters. It begins: `ERROR in line 1`" in answer
    assert "2. **a picture**: image/png, 4 bytes" in answer
    assert "3. **a recording**: ogg, 3 bytes" in answer
    asked.body["messages"] += [{"role": "assistant", "content": "a"}, {"role": "user", "content": "Mo: a list"}]
    assert "1. **Everything" in text_of(ScriptedModel()(asked))
