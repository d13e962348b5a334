"""The cost of paging a reply of a million characters that arrives four at a time: `python -m bench.paging`.

Once as it is said, once rendered. The cost of a delta is that of feeding it, and its share of taking it in.
"""

from __future__ import annotations

import time

from bot.display.text.pager import Pager
from bot.display.text.rich.rendering import Rendering

LENGTH, DELTA, LOOK_EVERY = 1_000_000, 4, 50  # characters, characters, deltas
TENTHS = 10
SAMPLE = """## A heading

Some prose with **bold words**, `code`, a [link](https://example.org/page) and https://example.org/another/page. It
goes on for a while, as such prose does, until it has said what it has to say; then there is a list.

- one item
  - a nested one, somewhat longer than the one above it
- ||the last|| \U0001f469\u200d\U0001f4bb

```python
def answer(question: str) -> int:
    # not a heading
    return 42 if question else 0
```

> A quote, and then the same again.

#### A small heading

| Model | Price | Context |
|:------|------:|:-------:|
| One | $2.50 | 128k |
| Another | $10.00 | 1M |

The formula $x^2 + y^2 = z^2$ costs $5 &mdash; at most[^1].

$$\\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$$

[^1]: So they say.

"""


def main() -> None:
    text = (SAMPLE * (LENGTH // len(SAMPLE) + 1))[:LENGTH]
    for name, new_pager in (("as it is said", Pager), ("rendered", lambda: Pager(Rendering()))):
        print(f"{LENGTH:,} characters {name}, in deltas of {DELTA}, pages taken every {LOOK_EVERY} deltas:")
        print("  part of the reply   us a delta   pages, us a call   pages so far")
        run(new_pager(), text)


def run(pager: Pager, text: str) -> None:
    share = LENGTH // TENTHS
    for tenth in range(TENTHS):
        feeding, looking = measure(pager, text[tenth * share : (tenth + 1) * share])
        feed, look = feeding * 1e6 * DELTA / share, looking * 1e6 * DELTA * LOOK_EVERY / share
        print(f"  {tenth * 10:3d} - {tenth * 10 + 10:3d} %{feed:14.2f}{look:19.1f}{len(pager.finished) + 1:15d}")
    whole = Pager(Rendering()) if pager.is_rendered else Pager()
    whole.feed(text)
    assert pager.pages(done=True) == whole.pages(done=True)


def measure(pager: Pager, text: str) -> tuple[float, float]:
    """Seconds spent taking a text in and looking at the pages."""
    looking = 0.0
    started = time.perf_counter()
    for count, at in enumerate(range(0, len(text), DELTA)):
        pager.feed(text[at : at + DELTA])
        if count % LOOK_EVERY == 0:
            assert pager.finished is not None  # takes in what was fed
            looked = time.perf_counter()
            pager.pages(done=False)
            looking += time.perf_counter() - looked
    return time.perf_counter() - started - looking, looking


if __name__ == "__main__":
    main()
