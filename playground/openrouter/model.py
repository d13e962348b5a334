"""The scripted model: it says what it is, remembers, and shows the bot off; words in a question pick answers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from playground.openrouter.inputs.received import received
from playground.openrouter.pictures import evening
from playground.openrouter.script import Fault, Script, text_of, tokens_of

if TYPE_CHECKING:
    from playground.openrouter.script import Call

LONG_CHARS = 10_000
SPEAKER = re.compile(r"[^:\n]{1,40}: ")  # the bot puts the author's name before each question

INTRODUCTION = """\
I am the playground's scripted model: I run on this machine, know a few tricks and cost nothing. The bot that \
shows you my words is the real one.

Ask me for something **long**, for **code**, a **list**, a **table** or a **picture**. Ask me to **think**, or to \
**search** the web. Ask me for a **slow** start, for an **error**, or to **break** off in the middle. Tell me I'm \
**busy**; or ask **what you asked before**. Send me **pictures** and **files**, and I say what arrived."""

ABOUT = """\
Headwater streams a model's answer into Discord by editing its own messages. It sends an edit only when there is \
something new to show and when Discord's rate limits allow one, and it spends each allowed request on the reply \
that has waited longest. What you read is what I said, to the last character.

I am only the playground's scripted model, so I cannot say more about that. With `OPENROUTER_API_KEY` set, \
`make demo` asks real ones."""

CODE = '''\
Here is how a reader can hand over text without ever waiting for the one who shows it:

```python
import asyncio


class Buffer:
    """Collects what a model says until somebody has time to show it."""

    def __init__(self) -> None:
        self.text = ""
        self.changed = asyncio.Event()

    def append(self, delta: str) -> None:
        self.text += delta
        self.changed.set()


async def show(buffer: Buffer, edit) -> None:
    while True:
        await buffer.changed.wait()
        buffer.changed.clear()
        await edit(buffer.text)  # always the newest text: nothing queues up
```

And the same idea from a shell, for those who like pipes:

```sh
tail -f answer.txt | while read -r line; do echo "$line"; sleep 1; done
```

The point of both: the writer never waits, and however slow the screen, the newest text is what it shows next.'''

LIST = """\
What a streamed reply has to get right:

1. **Everything arrives.** No word is lost, none stands twice.
2. **It is fresh.**
   - the first words at once,
   - then as often as the limits allow,
   - and the last ones without delay.
3. **It ends honestly**: complete, or with a line that says what happened.
4. *Nobody is pinged*, not even by `@everyone` in an answer."""

TABLE = r"""Models write tables and formulas in Markdown that Discord doesn't draw, so the bot draws them:

| limit | figure | kept for |
|:------|-------:|:---------|
| messages in a channel | 5 in 5 s | that channel |
| edits in a channel | 5 in 5 s | that channel |
| everything together | 50 in 1 s | **the bot** |

With $n$ replies at once, each has $\frac{50}{n}$ edits a second. The oldest word that nobody has seen yet is then

$$\bar{t} \approx \frac{n}{2 \cdot 50} + \frac{r}{2}$$

seconds old[^1], where $r$ is the round trip. What I said to the letter is what the bot remembers.

[^1]: On average, and only while $n > 45$."""

ESSAY = """\
## Where text comes from

A model produces tokens, pieces of words, some tens of them a second. They arrive as server-sent events over one \
connection. Between them come comments that only keep the connection open, and at the end comes an event that \
says how many tokens it took and what they cost.

## Why not show each of them

Discord lets a bot edit the messages of one channel about five times in five seconds, and make about fifty \
requests a second in all. A token a request would use that up in no time, and everything after it would wait. So \
text is collected, and each edit shows all of it that has arrived by then.

## Whose turn it is

When many replies stream at once, the fifty requests have to be shared. A fair share is not the same number for \
everybody: it is to serve the reply whose oldest unseen word has waited longest. First words and last words go \
before all others, because people wait for those.

## Where to cut

A message holds two thousand characters. A longer answer goes on in the next one, and the cut belongs where a \
reader would pause: between paragraphs, else between lines, else between words. A block of code that must be \
cut is closed and opened again, so that both halves look like code.

## What can go wrong

The model may refuse, fall silent, or break off. Discord may be slow, may lose an answer, may have had the \
message deleted meanwhile. The bot itself may be restarted. In each case the text that was shown stays, a line of \
small print says what happened, and a button helps where one can."""


TIDES = """\
The sea rises and falls twice in a little more than a day, because the Moon pulls at the near side of the Earth \
more than at the far side [1]. Sun and Moon together make the highest tides, at new moon and full moon [2]. \
Where a bay narrows, the water piles up: in the Bay of Fundy by sixteen metres [3].

I made this link up, so it's no source: [a page that nobody reported](https://invented.example/tides)."""
TIDE_PAGES = (
    {"url": "https://oceans.example/tides/what-are-tides", "title": "What are tides? | Oceans", "content": "…"},
    {"url": "https://sky.example/moon/spring_tides", "title": "Spring tides & neap tides", "content": "…"},
    {"url": "https://www.fundy.example/visit?place=hopewell#times", "title": "Hopewell [Rocks] *tide times*"},
)
THOUGHTS = """\
They ask why. First, what is the question about? The conversation doesn't say, so I should keep it general. \
The tides are a good example of a cause that is far away and still strong: the Moon pulls at the sea. \
I should say it in one sentence. Not too long, and friendly."""


class ScriptedModel:
    """Answers requests; between them it remembers only the requests it refused as busy."""

    def __init__(self) -> None:
        self._told_busy: set[str] = set()

    def __call__(self, call: Call) -> Script:
        begun = beginning(call)
        asked = question(call.prompt if begun is None else text_of(call.messages[begun - 1]["content"]))
        if begun is None and (files := received(call)):
            return Script(text=files, first_token_after=0.3)
        if re.search(r"\bbusy\b", asked, re.IGNORECASE):
            return self._busy(call)
        for words, reply in REPLIES:
            if re.search(rf"\b({words})\b", asked, re.IGNORECASE):
                return going_on(call, reply(call))
        return Script(text=ABOUT, first_token_after=0.3)

    def _busy(self, call: Call) -> Script:
        """Refuse every question once; patience gets an answer."""
        key = repr(call.messages)
        if key in self._told_busy:
            self._told_busy.remove(key)
            return Script(text="Thank you for your patience: I was busy, the bot waited, and here I am.")
        self._told_busy.add(key)
        return Script(status=429, headers={"Retry-After": "2"}, error_message="Rate limited upstream")


def question(prompt: str) -> str:
    return SPEAKER.sub("", prompt, count=1)


def going_on(call: Call, script: Script) -> Script:
    """The rest of an answer whose beginning is in the request; it doesn't break off again."""
    at, text = beginning(call), "".join(script.text)
    begun = "" if at is None else text_of(call.messages[at]["content"])
    if not begun or not text.startswith(begun):
        return script
    return replace(script, text=text.removeprefix(begun), fault=None)


def beginning(call: Call) -> int | None:
    """Where in the messages the answer is that the request asks to go on with; None for a question of its own.

    It's the last message, or the one before a request to go on.
    """
    messages = call.messages
    if len(messages) > 1 and messages[-1]["role"] == "assistant":
        return len(messages) - 1
    is_asked = len(messages) > 2 and "cut off" in call.prompt and messages[-2]["role"] == "assistant"
    return len(messages) - 2 if is_asked else None


def _before(call: Call) -> Script:
    """Answer from the request's own messages, so that what the bot remembers can be seen."""
    earlier = [question(text_of(m["content"])) for m in call.messages if m["role"] == "user"][:-1]
    if not earlier:
        return Script(text="Nothing, as far as this conversation tells me: your question is its first message.")
    lines = [f"{number}. {' '.join(text.split())[:200]}" for number, text in enumerate(earlier, 1)]
    return Script(text="\n".join(["Before this, I was asked:", "", *lines]), first_token_after=0.2)


def _search(call: Call) -> Script:
    """Answer from the web where that is offered, with the pages that the answer draws on."""
    if not any(tool.get("type") == "openrouter:web_search" for tool in call.body.get("tools", [])):
        return Script(
            text="I'd have to look that up, and nobody offered me the web. Ask with `/ask` and its option `web`."
        )
    return Script(text=TIDES, citations=TIDE_PAGES, searches=1, first_token_after=5.0)


def _think(_: Call) -> Script:
    return Script(text="Because of the tides, after all.", reasoning=THOUGHTS, tokens_per_second=30)


def _draw(_: Call) -> Script:
    return Script(text="Here is an evening by the sea.", images=(evening(),), first_token_after=2.0)


def _break(_: Call) -> Script:
    return Script(text=ESSAY, fault=Fault.ERROR, fault_at=len(list(tokens_of(ESSAY[:800]))), error_code=502)


def long_answer() -> str:
    """A little over 10,000 characters: prose, headings, and a block of code too long for one message."""
    parts = ["# How a streamed reply comes about", ESSAY, "## A reply, second by second", _log(70)]
    while sum(len(part) + 2 for part in parts) < LONG_CHARS:
        parts += ["# Once more, because you wanted it long", ESSAY]
    return "\n\n".join([*parts, "That was the long answer. Every character of it should be here."])


def _log(lines: int) -> str:
    rows = [f"{n * 0.9:6.1f} s  edit {n:3d}  {n * 54:5d} characters on show" for n in range(1, lines + 1)]
    return "\n".join(["```text", *rows, "```"])


REPLIES = (
    ("before|remember", _before),
    ("search|news|tides?|web", _search),
    ("think|ponder", _think),
    ("draw|paint|picture", _draw),
    ("error", lambda _: Script(status=400, error_message="The playground was asked for an error.")),
    ("break", _break),
    ("long", lambda _: Script(text=long_answer(), tokens_per_second=250, first_token_after=0.3)),
    ("slow", lambda _: Script(text=f"That took a while.\n\n{ABOUT}", first_token_after=4.0)),
    ("code", lambda _: Script(text=CODE, first_token_after=0.3, tokens_per_second=100)),
    ("list", lambda _: Script(text=LIST, first_token_after=0.3)),
    ("table", lambda _: Script(text=TABLE, first_token_after=0.3)),
    ("who|what are you|hello|hi|help", lambda _: Script(text=INTRODUCTION, first_token_after=0.3)),
)
